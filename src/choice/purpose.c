/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The table of purposes. What a column means stands in the header; why a value is there, here. */
#include "choice/purpose.h"

#include <string.h>

#include "base/nearest.h"
#include "base/try.h"

/* RFC 9336, Microsoft's and Adobe's: there were purposes for documents before there was one. */
#define DOCUMENT_SIGNING       "1.3.6.1.5.5.7.3.36"
#define DOCUMENT_SIGNING_MS    "1.3.6.1.4.1.311.10.3.12"
#define DOCUMENT_SIGNING_ADOBE "1.2.840.113583.1.1.5"
/* Encrypting File System */
#define FILE_ENCRYPTION "1.3.6.1.4.1.311.10.3.4"

static const struct purpose table[] = {
	{
		/* RFC 8446 4.4.2.2: "the digitalSignature bit MUST be set". */
		.name = "tls_client",
		.doing = "to log in to a TLS server",
		.key_usages = {"digital_signature"},
		.exact = {"client_auth"},
	},
	{
		/* The same. RSA key transport, which key_encipherment alone would do for, went
		 * with TLS 1.3. */
		.name = "tls_server",
		.doing = "to serve TLS",
		.key_usages = {"digital_signature"},
		.exact = {"server_auth"},
		.wants_host = true,
	},
	{
		/* RFC 6187 2.2.2 knows ssh_client alone; what most cards have is a certificate to
		 * log in with, and OpenSSH looks at nothing but its key. */
		.name = "ssh",
		.doing = "for SSH",
		.key_usages = {"digital_signature"},
		.exact = {"ssh_client"},
		.related = {"client_auth", "smartcard_login", "pkinit_client_auth"},
		.prefers_token = true,
	},
	{
		/* RFC 5280 4.2.1.12: of emailProtection "digitalSignature, nonRepudiation". */
		.name = "sign",
		.doing = "to sign",
		.key_usages = {"digital_signature", "non_repudiation"},
		.exact = {DOCUMENT_SIGNING, DOCUMENT_SIGNING_MS, DOCUMENT_SIGNING_ADOBE,
			  "email_protection"},
		.prefers_token = true,
		.prefers_consent = true,
	},
	{
		/* RFC 5280 4.2.1.3: RSA transports keys, EC and X25519 agree on them. */
		.name = "decrypt",
		.doing = "to decrypt",
		.key_usages = {"key_encipherment", "data_encipherment"},
		.exchange_usages = {"key_agreement"},
		.exact = {"email_protection"},
		.related = {FILE_ENCRYPTION},
		.decrypts = true,
	},
	{
		/* RFC 4556 3.2.2: PKINIT's own, or Microsoft's; others take client_auth. */
		.name = "login",
		.doing = "to log in to a computer",
		.key_usages = {"digital_signature"},
		.exact = {"smartcard_login", "pkinit_client_auth"},
		.related = {"client_auth"},
		.prefers_token = true,
	},
};

const struct purpose *purpose_find(const char *name)
{
	for (size_t i = 0; name && i < ARRAY_LEN(table); i++)
		if (strcmp(table[i].name, name) == 0)
			return &table[i];
	return NULL;
}

enum kc_status purpose_get(const char *name, const struct purpose **ret_purpose)
{
	const struct purpose *purpose = purpose_find(name);
	struct nearest nearest = nearest_begin(view_of_text(name ? name : ""));

	for (size_t i = 0; !purpose && i < ARRAY_LEN(table); i++)
		nearest_offer(&nearest, table[i].name);
	if (nearest.best)
		error_set_hint("did you mean \"%s\"?", nearest.best);
	REQUIRE(purpose, KC_ERR_PARAM,
		"there is no purpose \"%.64s\": it is \"tls_client\", \"tls_server\", \"ssh\", "
		"\"sign\", \"decrypt\" or \"login\"",
		name ? name : "");
	*ret_purpose = purpose;
	return KC_OK;
}

const char *purpose_usage_text(const char *usage)
{
	static const char *const texts[][2] = {
		{DOCUMENT_SIGNING, "document signing"},
		{DOCUMENT_SIGNING_MS, "Microsoft's document signing"},
		{DOCUMENT_SIGNING_ADOBE, "Adobe's document signing"},
		{FILE_ENCRYPTION, "Microsoft's file encryption"},
	};

	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		if (strcmp(texts[i][0], usage) == 0)
			return texts[i][1];
	return usage;
}

size_t purpose_count(void)
{
	return ARRAY_LEN(table);
}

const struct purpose *purpose_at(size_t i)
{
	return &table[i];
}
