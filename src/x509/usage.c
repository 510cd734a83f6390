/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Usage extensions and addresses, as names for people and filters. */
#include "x509/usage_impl.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

#include "base/try.h"
#include "codec/display.h"

enum {
	LIST_MAX = 64, /* names of one kind that we pass on */
	OID_TEXT_MAX = 128,
	EMAIL_MAX = 254, /* RFC 5321 4.5.3.1.3, less the brackets */
};

struct bit_name {
	uint32_t bit;
	const char *name;
};

static const struct bit_name key_usages[] = {
	{KU_DIGITAL_SIGNATURE, "digital_signature"},
	{KU_NON_REPUDIATION, "non_repudiation"},
	{KU_KEY_ENCIPHERMENT, "key_encipherment"},
	{KU_DATA_ENCIPHERMENT, "data_encipherment"},
	{KU_KEY_AGREEMENT, "key_agreement"},
	{KU_KEY_CERT_SIGN, "key_cert_sign"},
	{KU_CRL_SIGN, "crl_sign"},
	{KU_ENCIPHER_ONLY, "encipher_only"},
	{KU_DECIPHER_ONLY, "decipher_only"},
};

struct nid_name {
	int nid;
	const char *name;
};

static const struct nid_name extended_usages[] = {
	{NID_server_auth, "server_auth"},
	{NID_client_auth, "client_auth"},
	{NID_code_sign, "code_signing"},
	{NID_email_protect, "email_protection"},
	{NID_time_stamp, "time_stamping"},
	{NID_OCSP_sign, "ocsp_signing"},
	{NID_anyExtendedKeyUsage, "any"},
	{NID_ms_smartcard_login, "smartcard_login"},
	{NID_pkInitClientAuth, "pkinit_client_auth"},
	{NID_pkInitKDC, "pkinit_kdc"},
	{NID_sshClient, "ssh_client"},
	{NID_sshServer, "ssh_server"},
	{NID_ipsec_IKE, "ipsec_ike"},
};

enum kc_status usage_put_key_usage(X509 *certificate, struct json_object *names)
{
	uint32_t bits = X509_get_key_usage(certificate);

	/* UINT32_MAX: no such extension. */
	for (size_t i = 0; bits != UINT32_MAX && i < ARRAY_LEN(key_usages); i++)
		if (bits & key_usages[i].bit)
			TRY(field_append_text(names, key_usages[i].name));
	return KC_OK;
}

static enum kc_status put_purpose(const ASN1_OBJECT *purpose, struct json_object *names)
{
	char text[OID_TEXT_MAX];
	int nid = OBJ_obj2nid(purpose);
	int len = 0;

	for (size_t i = 0; i < ARRAY_LEN(extended_usages); i++)
		if (extended_usages[i].nid == nid)
			return field_append_text(names, extended_usages[i].name);
	len = OBJ_obj2txt(text, sizeof(text), purpose, 1);
	/* One that is longer than any in use is left out rather than cut. */
	return len > 0 && len < OID_TEXT_MAX ? field_append_text(names, text) : KC_OK;
}

static void purposes_done(EXTENDED_KEY_USAGE **purposes)
{
	EXTENDED_KEY_USAGE_free(*purposes);
	*purposes = NULL;
}

enum kc_status usage_put_extended(X509 *certificate, struct json_object *names)
{
	CLEANUP(purposes_done)
	EXTENDED_KEY_USAGE *purposes = X509_get_ext_d2i(certificate, NID_ext_key_usage, NULL, NULL);

	ERR_clear_error();
	for (int i = 0; i < sk_ASN1_OBJECT_num(purposes) && i < LIST_MAX; i++)
		TRY(put_purpose(sk_ASN1_OBJECT_value(purposes, i), names));
	return KC_OK;
}

static void emails_done(STACK_OF(OPENSSL_STRING) * *emails)
{
	X509_email_free(*emails);
	*emails = NULL;
}

enum kc_status usage_put_emails(X509 *certificate, struct json_object *addresses)
{
	CLEANUP(emails_done) STACK_OF(OPENSSL_STRING) *emails = X509_get1_email(certificate);

	ERR_clear_error();
	for (int i = 0; i < sk_OPENSSL_STRING_num(emails) && i < LIST_MAX; i++) {
		const char *email = sk_OPENSSL_STRING_value(emails, i);
		CLEANUP(freep) char *text = display_escape(view_of_text(email), EMAIL_MAX);

		REQUIRE(text, KC_ERR_ALLOCATE, "out of memory");
		TRY(field_append_text(addresses, text));
	}
	return KC_OK;
}

static bool has_extension(X509 *certificate, int nid)
{
	return X509_get_ext_by_NID(certificate, nid, -1) >= 0;
}

/* OpenSSL's answer: RFC 5280 4.2.1.9 for version 3; 1 is a CA by basicConstraints alone. */
static bool is_authority(X509 *certificate)
{
	return X509_check_ca(certificate) == 1;
}

enum kc_status usage_put_flags(X509 *certificate, struct json_object *fields)
{
	long path_length = X509_get_pathlen(certificate); /* -1: no limit */
	uint32_t flags = X509_get_extension_flags(certificate);

	ERR_clear_error();
	TRY(field_put_flag(fields, "has_key_usage", has_extension(certificate, NID_key_usage)));
	TRY(field_put_flag(fields, "has_extended_key_usage",
			   has_extension(certificate, NID_ext_key_usage)));
	TRY(field_put_flag(fields, "is_ca", is_authority(certificate)));
	if (path_length >= 0)
		TRY(field_put_number(fields, "path_length", path_length));
	return field_put_flag(fields, "is_self_signed", (flags & EXFLAG_SS) != 0);
}
