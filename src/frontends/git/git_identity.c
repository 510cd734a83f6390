/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* All identities in the order in which they fit to sign, looked through here: there are a few. */
#include "frontends/git/git_identity.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include <keycask/error.h>
#include <keycask/identity.h>
#include <keycask/item.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "frontends/git/git_name.h"
#include "frontends/owned.h"

static void x509_freep(X509 **certificate)
{
	X509_free(*certificate);
	*certificate = NULL;
}

void git_identity_done(struct git_identity *identity)
{
	identity->key = kc_key_free(identity->key);
	X509_free(identity->certificate);
	identity->choice = kc_dictionary_free(identity->choice);
	*identity = (struct git_identity){.key = NULL};
}

/* --- identities ------------------------------------------------------------------------------ */

static X509 *read_certificate(struct kc_view der)
{
	const unsigned char *at = der.data;

	return der.len > 0 ? d2i_X509(NULL, &at, (long)der.len) : NULL;
}

static bool has_code(const struct kc_dictionary *entry, const char *wanted)
{
	const struct kc_value *codes = kc_dictionary_get(entry, KC_CHOICE_CODES);

	for (size_t i = 0; i < kc_value_count(codes); i++) {
		const char *code = kc_value_text(kc_value_at(codes, i));

		if (code && strcmp(code, wanted) == 0)
			return true;
	}
	return false;
}

static bool is_certificate_of(const struct kc_bytes *public_info, X509 *certificate)
{
	const unsigned char *at = public_info->data;
	EVP_PKEY *key = d2i_PUBKEY(NULL, &at, (long)public_info->len);
	bool is_equal = key && EVP_PKEY_eq(key, X509_get0_pubkey(certificate)) == 1;

	EVP_PKEY_free(key);
	return is_equal;
}

/* Of an identity whose key somebody has to agree to: the certificate is an item of its own, which
 * everybody may see. */
static X509 *find_certificate(const struct kc_dictionary *entry)
{
	CLEANUP(kc_dictionary_freep)
	struct kc_dictionary *query =
		KC_DICTIONARY({KC_CLASS, KC_TEXT(KC_CLASS_CERTIFICATE)},
			      {KC_MATCH_LIMIT, KC_TEXT(KC_MATCH_LIMIT_ALL)},
			      {KC_USE_AUTHENTICATION_UI, KC_TEXT(KC_AUTHENTICATION_UI_SKIP)},
			      {KC_RETURN_PERSISTENT_REF, KC_TRUE}, {KC_RETURN_DATA, KC_TRUE});
	CLEANUP(kc_value_freep) struct kc_value *found = NULL;
	CLEANUP(kc_key_freep) struct kc_key *key = NULL;
	CLEANUP(kc_bytes_free) struct kc_bytes public_info = {NULL, 0};

	if (kc_key_from_persistent_ref(kc_dictionary_data(entry, KC_CHOICE_IDENTITY), &key) !=
		    KC_OK ||
	    kc_key_copy_public_info(key, &public_info) != KC_OK ||
	    kc_item_copy_matching(query, &found) != KC_OK)
		return NULL;
	for (size_t i = 0; i < kc_value_count(found); i++) {
		const struct kc_dictionary *item = kc_value_dictionary(kc_value_at(found, i));
		CLEANUP(x509_freep)
		X509 *certificate = read_certificate(kc_dictionary_data(item, KC_VALUE_DATA));

		if (certificate && is_certificate_of(&public_info, certificate))
			return take(certificate);
	}
	return NULL;
}

/* Those that do not fit are told of without their certificates. NULL: it cannot be had. */
static X509 *fetch_certificate(const struct kc_dictionary *entry)
{
	CLEANUP(kc_identity_freep) struct kc_identity *identity = NULL;
	CLEANUP(kc_certificate_freep) struct kc_certificate *certificate = NULL;
	struct kc_view der = kc_dictionary_data(entry, KC_CHOICE_CERTIFICATE);

	if (der.len > 0)
		return read_certificate(der);
	if (has_code(entry, "consent_needed"))
		return find_certificate(entry);
	if (kc_identity_from_persistent_ref(kc_dictionary_data(entry, KC_CHOICE_IDENTITY),
					    &identity) == KC_OK &&
	    kc_identity_copy_certificate(identity, &certificate) == KC_OK)
		return read_certificate(kc_certificate_data(certificate));
	error_clear();
	return NULL;
}

/* The first of @entries, from *at on, that is wanted; with its certificate. */
static const struct kc_dictionary *next_wanted(const struct kc_value *entries,
					       const struct git_name *wanted, size_t *at,
					       X509 **ret_certificate)
{
	for (; *at < kc_value_count(entries); ++*at) {
		CLEANUP(x509_freep) X509 *certificate = NULL;
		const struct kc_dictionary *entry = kc_value_dictionary(kc_value_at(entries, *at));

		certificate = fetch_certificate(entry);
		if (!certificate || !git_name_fits(entry, certificate, wanted))
			continue;
		++*at;
		*ret_certificate = take(certificate);
		return entry;
	}
	return NULL;
}

/* An address and nothing at all mean whoever fits best; other names mean one thing. */
static bool may_be_several(const struct git_name *wanted)
{
	return !wanted->name || wanted->address[0];
}

static enum kc_status check_alone(const struct kc_value *entries, const struct git_name *wanted,
				  size_t at)
{
	CLEANUP(x509_freep) X509 *other = NULL;

	if (may_be_several(wanted) || !next_wanted(entries, wanted, &at, &other))
		return KC_OK;
	error_set_hint("name it by the first digits of its hash: keycask list");
	return fail(KC_ERR_PARAM, "'%s' is the name of several identities", wanted->name);
}

static enum kc_status open_key(const struct kc_dictionary *entry, struct kc_key **ret_key)
{
	CLEANUP(kc_identity_freep) struct kc_identity *identity = NULL;

	TRY(kc_identity_from_persistent_ref(kc_dictionary_data(entry, KC_CHOICE_IDENTITY),
					    &identity));
	return kc_identity_copy_key(identity, ret_key);
}

/* --- when none fits -------------------------------------------------------------------------- */

/* What it is for is its owner's to decide, who names it; and whoever has to agree will be asked. A
 * date, a key's usage and a lock are as they are. */
static bool may_be_overridden(const struct kc_dictionary *entry, const struct git_name *wanted)
{
	if (kc_value_count(kc_dictionary_get(entry, KC_CHOICE_CODES)) != 1)
		return false;
	return has_code(entry, "consent_needed") ||
	       (has_code(entry, "extended_key_usage") && !wanted->address[0]);
}

static enum kc_status refuse(const struct kc_dictionary *entry)
{
	const char *label = kc_dictionary_text(entry, KC_ATTR_LABEL);
	const char *reason =
		kc_value_text(kc_value_at(kc_dictionary_get(entry, KC_CHOICE_REASONS), 0));

	error_set_hint("see: keycask choose --for sign --explain");
	return fail(KC_ERR_ITEM_NOT_FOUND, "'%s' cannot sign: %s", label ? label : "the identity",
		    reason ? reason : "it does not fit");
}

static enum kc_status not_found(const struct git_name *wanted)
{
	error_set_hint("see what there is with keycask list, and name it with git config "
		       "user.signingkey; is the card inserted?");
	if (!wanted->name)
		return fail(KC_ERR_ITEM_NOT_FOUND, "there is no identity that can sign");
	if (wanted->address[0])
		return fail(KC_ERR_ITEM_NOT_FOUND, "no identity has a certificate for %s",
			    wanted->address);
	return fail(KC_ERR_ITEM_NOT_FOUND, "no identity is called '%s'", wanted->name);
}

static enum kc_status find(const struct kc_dictionary *choice, const struct git_name *wanted,
			   const struct kc_dictionary **ret_entry, X509 **ret_certificate)
{
	const struct kc_value *fit = kc_dictionary_get(choice, KC_CHOICE_IDENTITIES);
	const struct kc_value *left_out = kc_dictionary_get(choice, KC_CHOICE_LEFT_OUT);
	const struct kc_dictionary *entry = NULL;
	size_t at = 0;

	entry = next_wanted(fit, wanted, &at, ret_certificate);
	if (entry) {
		*ret_entry = entry;
		return check_alone(fit, wanted, at);
	}
	at = 0;
	entry = wanted->name ? next_wanted(left_out, wanted, &at, ret_certificate) : NULL;
	if (!entry)
		return not_found(wanted);
	if (!may_be_overridden(entry, wanted))
		return refuse(entry);
	*ret_entry = entry;
	return check_alone(left_out, wanted, at);
}

/* Of one that nobody was to look at before. */
static enum kc_status check_dates(const X509 *certificate)
{
	REQUIRE(X509_cmp_current_time(X509_get0_notBefore(certificate)) < 0 &&
			X509_cmp_current_time(X509_get0_notAfter(certificate)) > 0,
		KC_ERR_ITEM_NOT_FOUND, "the certificate is not valid today");
	return KC_OK;
}

static enum kc_status fill(const struct git_name *wanted, struct git_identity *identity)
{
	const struct kc_dictionary *entry = NULL;

	TRY(kc_identity_choose_all(KC_PURPOSE_SIGN, NULL, &identity->choice));
	TRY(find(identity->choice, wanted, &entry, &identity->certificate));
	identity->chain = kc_dictionary_get(entry, KC_CHOICE_CHAIN);
	TRY(check_dates(identity->certificate));
	return open_key(entry, &identity->key);
}

enum kc_status git_identity_find(const char *name, struct git_identity *ret_identity)
{
	CLEANUP(git_name_done) struct git_name wanted = {.name = NULL};
	struct git_identity identity = {.key = NULL};
	enum kc_status status = KC_OK;

	TRY(git_name_read(name, &wanted));
	status = fill(&wanted, &identity);
	if (status == KC_OK)
		*ret_identity = identity;
	else
		git_identity_done(&identity);
	return status;
}
