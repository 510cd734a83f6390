/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Profiles: parse them, and personalise a factory card by them. Certificate containers follow SP
 * 800-73-5 part 1 table 10 (70 certificate, 71 CertInfo, FE), key history table 20.
 */
#define ZLIB_CONST
#include "vcard/profile.h"

#include <stdlib.h>
#include <zlib.h>

#include "base/try.h"
#include "codec/tlv.h"
#include "vcard/certify.h"
#include "vcard/key_material.h"

enum {
	CERTIFICATE_MAX = 4096,
	GZIP_WINDOW_BITS = 15 + 16, /* zlib: the largest window, in gzip's format */
	GZIP_MEMORY_LEVEL = 8,
	CERTINFO_PLAIN = 0x00,
	CERTINFO_COMPRESSED = 0x01, /* SP 800-73-5 part 1 table 39: bit 1 is gzip */
};

/* The last two fields of each certificate container and the last of key history. */
#define TAG_CERTIFICATE 0x70
#define TAG_CERTINFO	0x71
#define TAG_ERROR_CODE	0xFE

static const struct kc_view nothing;

/* --- parsing --- */

static enum kc_status parse_option(const char *option, struct profile_key *key)
{
	uint8_t policy = piv_pin_policy_named(option);

	if (strcmp(option, "gzip") == 0) {
		key->is_compressed = true;
		return KC_OK;
	}
	if (strcmp(option, "touch") == 0 || strcmp(option, "touch-cached") == 0) {
		key->touch_policy = option[5] ? PIV_TOUCH_CACHED : PIV_TOUCH_ALWAYS;
		return KC_OK;
	}
	REQUIRE(policy, KC_ERR_PARAM,
		"\"%s\" is no option of a key; there are gzip, never, once, always, touch and "
		"touch-cached",
		option);
	key->pin_policy = policy;
	return KC_OK;
}

static enum kc_status parse_slot(const char *text, const struct piv_slot **ret_slot)
{
	char *end = NULL;
	unsigned long reference = strtoul(text, &end, 16);

	REQUIRE(strlen(text) == 2 && *end == '\0' && piv_slot_find((unsigned)reference),
		KC_ERR_PARAM, "\"%s\" is no slot; there are 9a, 9c, 9d, 9e and 82 to 95", text);
	*ret_slot = piv_slot_find((unsigned)reference);
	return KC_OK;
}

/* Where a key goes whose slot is not given: the first of the usual four that has none yet. */
static const char *next_slot(const struct profile *profile)
{
	static const char *const usual[] = {"9a", "9c", "9d", "9e"};
	bool is_taken[ARRAY_LEN(usual)] = {false};

	for (size_t i = 0; i < profile->n_keys; i++)
		for (size_t j = 0; j < ARRAY_LEN(usual); j++)
			if (profile->keys[i].slot->reference == strtoul(usual[j], NULL, 16))
				is_taken[j] = true;
	for (size_t j = 0; j < ARRAY_LEN(usual); j++)
		if (!is_taken[j])
			return usual[j];
	return NULL;
}

static bool is_algorithm(const char *text)
{
	char name[16] = "";
	size_t len = strcspn(text, "+");

	if (len >= sizeof(name))
		return false;
	memcpy(name, text, len);
	return piv_algorithm_named(name) != NULL;
}

/* "9a" and "rsa2048+gzip"; @algorithm is taken apart in place. */
static enum kc_status parse_key(const char *slot, char *algorithm, struct profile_key *ret_key)
{
	struct profile_key key = {.touch_policy = PIV_TOUCH_NEVER};
	char *option = algorithm;

	TRY(parse_slot(slot, &key.slot));
	REQUIRE(algorithm, KC_ERR_PARAM, "slot %s needs an algorithm, as in %s=p256", slot, slot);
	strsep(&option, "+");
	key.algorithm = piv_algorithm_named(algorithm);
	REQUIRE(key.algorithm, KC_ERR_PARAM,
		"\"%s\" is no algorithm; there are rsa2048, rsa3072, rsa4096, p256 and p384",
		algorithm);
	key.pin_policy = key.slot->default_pin_policy;
	while (option)
		TRY(parse_option(strsep(&option, "+"), &key));
	*ret_key = key;
	return KC_OK;
}

static enum kc_status add_key(struct profile *profile, const struct profile_key *key)
{
	for (size_t i = 0; i < profile->n_keys; i++)
		REQUIRE(profile->keys[i].slot != key->slot, KC_ERR_PARAM,
			"slot %02x is there twice", key->slot->reference);
	profile->keys[profile->n_keys++] = *key;
	return KC_OK;
}

/* A number of bytes below what the answer to reset announces, or none, and none announced. */
static enum kc_status parse_extended(const char *text, struct card_manner *manner)
{
	char *end = NULL;
	unsigned long max = strtoul(text, &end, 10);

	manner->hides_extended = strcmp(text, "none") == 0;
	if (manner->hides_extended) {
		manner->extended_max = 0;
		return KC_OK;
	}
	REQUIRE(text[0] >= '0' && text[0] <= '9' && *end == '\0' && max <= CARD_EXTENDED_MAX,
		KC_ERR_PARAM, "extended=%s: there is none, or a number of bytes up to %d", text,
		CARD_EXTENDED_MAX);
	manner->extended_max = (unsigned)max;
	return KC_OK;
}

static enum kc_status parse_pin_usage(const char *text, enum piv_pin_usage *ret_usage)
{
	REQUIRE(piv_pin_usage_named(text, ret_usage), KC_ERR_PARAM,
		"pin=%s: there are application, both and global", text);
	return KC_OK;
}

/* One element of the list; @text is taken apart in place. */
static enum kc_status parse_element(char *text, struct profile *profile)
{
	struct profile_key key;
	char *value = text;
	const char *name = strsep(&value, "=");

	if (value && strcmp(name, "pin") == 0)
		return parse_pin_usage(value, &profile->manner.pin_usage);
	if (value && strcmp(name, "extended") == 0)
		return parse_extended(value, &profile->manner);
	if (value && strcmp(name, "strict") == 0) {
		REQUIRE(strcmp(value, "yes") == 0, KC_ERR_PARAM, "strict=%s: there is yes", value);
		profile->manner.is_strict = true;
		return KC_OK;
	}
	if (value && strcmp(name, "firmware") == 0) {
		REQUIRE(strcmp(value, "5.7") == 0, KC_ERR_PARAM,
			"firmware=%s: there is 5.7, which deletes keys, and without this 5.4",
			value);
		profile->manner.moves_keys = true;
		return KC_OK;
	}
	if (!value && is_algorithm(text)) {
		value = text;
		name = next_slot(profile);
		REQUIRE(name, KC_ERR_PARAM, "\"%s\" has no slot left; name one, as in 82=%s", text,
			text);
	}
	TRY(parse_key(name, value, &key));
	return add_key(profile, &key);
}

static enum kc_status parse_openpgp_element(char *text, struct profile *profile)
{
	char *value = text;
	const char *name = strsep(&value, "=");

	if (value && strcmp(name, "extended") == 0)
		return parse_extended(value, &profile->manner);
	return openpgp_profile_add(&profile->openpgp, name, value);
}

typedef enum kc_status (*element_fn)(char *text, struct profile *profile);

static enum kc_status claim(const char *text, const char *name, struct profile *profile,
			    element_fn *ret_parse)
{
	bool is_piv = strcmp(name, "piv") == 0;
	bool *is_there = is_piv ? &profile->has_piv : &profile->openpgp.is_wanted;

	REQUIRE(is_piv || strcmp(name, "openpgp") == 0, KC_ERR_PARAM,
		"\"%s\" is no profile; write piv, openpgp or both, or piv:9a=rsa2048,9c=p256",
		text);
	REQUIRE(!*is_there, KC_ERR_PARAM, "the application %s is there twice", name);
	*is_there = true;
	*ret_parse = is_piv ? parse_element : parse_openpgp_element;
	return KC_OK;
}

/* "piv", "piv:none", or "piv:" and a list. */
static enum kc_status parse_application(const char *text, struct profile *profile)
{
	CLEANUP(freep) char *copy = NULL;
	element_fn parse = NULL;
	char *list = NULL;

	if (strcmp(text, "piv") == 0)
		text = PROFILE_DEFAULT;
	if (strcmp(text, "openpgp") == 0)
		text = OPENPGP_PROFILE_DEFAULT;
	copy = strdup(text);
	REQUIRE(copy, KC_ERR_ALLOCATE, "out of memory");
	list = copy;
	TRY(claim(text, strsep(&list, ":"), profile, &parse));
	if (list && strncmp(list, "none", 4) == 0 && (list[4] == '\0' || list[4] == ','))
		list = list[4] ? list + 5 : NULL;
	while (list)
		TRY(parse(strsep(&list, ","), profile));
	return KC_OK;
}

enum kc_status profile_parse(const char *text, struct profile *ret_profile)
{
	CLEANUP(freep) char *copy = strdup(strcmp(text, "both") == 0 ? "piv/openpgp" : text);
	struct profile profile = {.manner = {.extended_max = CARD_EXTENDED_MAX}};
	char *rest = copy;

	REQUIRE(copy, KC_ERR_ALLOCATE, "out of memory");
	while (rest)
		TRY(parse_application(strsep(&rest, "/"), &profile));
	*ret_profile = profile;
	return KC_OK;
}

size_t profile_count(const struct profile *profile)
{
	return profile->n_keys + openpgp_profile_count(&profile->openpgp);
}

/* --- personalising --- */

static enum kc_status compress_into(struct kc_view view, struct bytes *output)
{
	z_stream stream = {0};
	int result = 0;

	TRY(bytes_reserve(output, CERTIFICATE_MAX));
	REQUIRE(deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, GZIP_WINDOW_BITS,
			     GZIP_MEMORY_LEVEL, Z_DEFAULT_STRATEGY) == Z_OK,
		KC_ERR_INTERNAL, "cannot set up gzip");
	stream.next_in = view.data;
	stream.avail_in = (uInt)view.len;
	stream.next_out = output->data;
	stream.avail_out = CERTIFICATE_MAX;
	result = deflate(&stream, Z_FINISH);
	deflateEnd(&stream);
	REQUIRE(result == Z_STREAM_END, KC_ERR_INTERNAL, "cannot compress a certificate");
	output->len = CERTIFICATE_MAX - stream.avail_out;
	return KC_OK;
}

static enum kc_status store_certificate(struct card_state *state, const struct profile_key *key,
					struct kc_view der)
{
	CLEANUP(bytes_done) struct bytes compressed = BYTES_INIT(CERTIFICATE_MAX);
	CLEANUP(bytes_done) struct bytes container = BYTES_INIT(CARD_OBJECT_MAX);
	uint8_t info = key->is_compressed ? CERTINFO_COMPRESSED : CERTINFO_PLAIN;

	if (key->is_compressed) {
		TRY(compress_into(der, &compressed));
		der = bytes_view(&compressed);
	}
	TRY(tlv_put(&container, TAG_CERTIFICATE, der));
	TRY(tlv_put(&container, TAG_CERTINFO, view_of(&info, 1)));
	TRY(tlv_put(&container, TAG_ERROR_CODE, nothing));
	return card_state_put_object(state, key->slot->certificate_tag, bytes_view(&container));
}

static enum kc_status make_key(struct card_state *state, const struct profile_key *wanted,
			       const struct certify_authority *authority)
{
	CLEANUP(bytes_done) struct bytes der = BYTES_INIT(CERTIFICATE_MAX);
	struct card_key key = {
		.algorithm = wanted->algorithm,
		.pin_policy = wanted->pin_policy,
		.touch_policy = wanted->touch_policy,
		.origin = PIV_GENERATED,
	};

	TRY(key_material_generate(wanted->algorithm->type, &key.pkey));
	card_state_put_key(state, wanted->slot->reference, &key);
	TRY(certify_issue(authority, wanted->slot,
			  card_state_find_key(state, wanted->slot->reference)->pkey, &der));
	return store_certificate(state, wanted, bytes_view(&der));
}

/* SP 800-73-5 part 1, 3.3.3: C1 keys with certificates on the card, C2 those without. */
static enum kc_status store_key_history(struct card_state *state, uint8_t n_retired)
{
	const uint8_t history[] = {0xC1, 0x01, n_retired, 0xC2, 0x01, 0x00, TAG_ERROR_CODE, 0x00};

	if (n_retired == 0)
		return KC_OK;
	return card_state_put_object(state, PIV_KEY_HISTORY, VIEW_OF(history));
}

static bool is_retired(const struct piv_slot *slot)
{
	return slot->reference >= PIV_SLOT_RETIRED_FIRST &&
	       slot->reference <= PIV_SLOT_RETIRED_LAST;
}

enum kc_status profile_apply(const struct profile *profile, struct card_state *state,
			     struct bytes *ca_pem)
{
	CLEANUP(certify_done) struct certify_authority authority = {0};
	uint8_t n_retired = 0;

	state->manner = profile->manner;
	state->lacks_piv = !profile->has_piv;
	TRY(certify_init(state->serial, &authority));
	for (size_t i = 0; i < profile->n_keys; i++) {
		TRY(make_key(state, &profile->keys[i], &authority));
		n_retired += is_retired(profile->keys[i].slot);
	}
	TRY(store_key_history(state, n_retired));
	TRY(openpgp_profile_apply(&profile->openpgp, &authority, &state->openpgp));
	return ca_pem ? certify_put_pem(&authority, ca_pem) : KC_OK;
}
