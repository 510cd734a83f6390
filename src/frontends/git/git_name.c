/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What user.signingkey may be, and whether an identity is meant by it. */
#include "frontends/git/git_name.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/x509v3.h>

#include <keycask/identity.h>
#include <keycask/item.h>
#include <keycask/text.h>

#include "base/bytes.h"
#include "base/cleanup.h"

enum {
	DIGITS_MIN = 8,
};

void git_name_done(struct git_name *name)
{
	kc_bytes_free(&name->reference);
	name->parts = kc_dictionary_free(name->parts);
}

/* git(1) has "Name <address>" of the committer when there is no user.signingkey. */
static void read_address(const char *name, char *ret_address)
{
	const char *open = strrchr(name, '<');
	const char *end = open ? strchr(open, '>') : NULL;
	const char *from = end ? open + 1 : name;
	size_t len = end ? (size_t)(end - from) : strlen(from);

	ret_address[0] = '\0';
	if (len < GIT_NAME_ADDRESS_MAX && memchr(from, '@', len))
		(void)snprintf(ret_address, GIT_NAME_ADDRESS_MAX, "%.*s", (int)len, from);
}

enum kc_status git_name_read(const char *name, struct git_name *ret_name)
{
	*ret_name = (struct git_name){.name = name};
	if (!name)
		return KC_OK;
	if (strncmp(name, "keycask:", strlen("keycask:")) == 0)
		return kc_item_query_from_uri(name, &ret_name->parts);
	read_address(name, ret_name->address);
	if (kc_text_base64_decode(name, &ret_name->reference) != KC_OK)
		error_clear();
	return KC_OK;
}

static bool has_prefix(struct kc_view hash, const char *digits)
{
	CLEANUP(freep) char *hex = kc_text_hex(hash);

	return hex && strncasecmp(hex, digits, strlen(digits)) == 0;
}

static bool has_certificate_hash(X509 *certificate, const EVP_MD *digest, const char *digits)
{
	unsigned char hash[EVP_MAX_MD_SIZE];
	unsigned len = 0;

	return X509_digest(certificate, digest, hash, &len) == 1 &&
	       has_prefix(view_of(hash, len), digits);
}

static bool has_key_hash(X509 *certificate, const char *digits)
{
	unsigned char hash[EVP_MAX_MD_SIZE];
	unsigned len = 0;

	return X509_pubkey_digest(certificate, EVP_sha1(), hash, &len) == 1 &&
	       has_prefix(view_of(hash, len), digits);
}

static bool has_hash(X509 *certificate, const char *digits)
{
	if (strlen(digits) < DIGITS_MIN ||
	    strspn(digits, "0123456789abcdefABCDEF") != strlen(digits))
		return false;
	return has_key_hash(certificate, digits) ||
	       has_certificate_hash(certificate, EVP_sha1(), digits) ||
	       has_certificate_hash(certificate, EVP_sha256(), digits);
}

static bool has_address(X509 *certificate, const char *address)
{
	STACK_OF(OPENSSL_STRING) *addresses = X509_get1_email(certificate);
	bool found = false;

	for (int i = 0; i < sk_OPENSSL_STRING_num(addresses); i++)
		found |= strcasecmp(sk_OPENSSL_STRING_value(addresses, i), address) == 0;
	X509_email_free(addresses);
	return found;
}

/* @entry is of either array of kc_identity_choose_all(). */
static bool has_text(const struct kc_dictionary *entry, const char *attribute, const char *wanted)
{
	const char *text = kc_dictionary_text(entry, attribute);

	return !wanted || (text && strcmp(text, wanted) == 0);
}

static bool has_parts(const struct kc_dictionary *entry, X509 *certificate,
		      const struct kc_dictionary *parts)
{
	CLEANUP(freep)
	char *hash = kc_text_hex(kc_dictionary_data(parts, KC_ATTR_PUBLIC_KEY_HASH));

	return has_text(entry, KC_ATTR_LABEL, kc_dictionary_text(parts, KC_ATTR_LABEL)) &&
	       has_text(entry, KC_ATTR_TOKEN_ID, kc_dictionary_text(parts, KC_ATTR_TOKEN_ID)) &&
	       hash && (hash[0] == '\0' || has_key_hash(certificate, hash));
}

bool git_name_fits(const struct kc_dictionary *entry, X509 *certificate,
		   const struct git_name *name)
{
	struct kc_view reference = view_of(name->reference.data, name->reference.len);

	if (!name->name)
		return true;
	if (name->parts)
		return has_parts(entry, certificate, name->parts);
	if (name->address[0] && has_address(certificate, name->address))
		return true;
	if (reference.len > 0 &&
	    (view_equal(reference, kc_dictionary_data(entry, KC_CHOICE_IDENTITY)) ||
	     view_equal(reference, kc_dictionary_data(entry, KC_CHOICE_KEY))))
		return true;
	return has_text(entry, KC_ATTR_LABEL, name->name) || has_hash(certificate, name->name);
}
