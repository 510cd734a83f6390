/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The OpenPGP part of a profile, parsed and applied. What only a host can know of a key,
 * fingerprint and time of making, stays empty: it belongs to the OpenPGP key block that gpg makes
 * of it.
 */
#include "vcard/openpgp_profile.h"

#include "base/try.h"
#include "vcard/key_material.h"

static enum kc_status parse_option(const char *option, struct openpgp_profile_key *key)
{
	if (strcmp(option, "cert") == 0)
		key->has_certificate = true;
	else if (strcmp(option, "touch") == 0)
		key->is_touched = true;
	else
		return fail(KC_ERR_PARAM,
			    "\"%s\" is no option of an OpenPGP key; there are cert and touch",
			    option);
	return KC_OK;
}

static enum kc_status parse_key(size_t index, char *value, struct openpgp_profile_key *ret_key)
{
	struct openpgp_profile_key key = {0};
	char *option = value;

	strsep(&option, "+");
	key.type = key_type_named(value);
	REQUIRE(key.type && openpgp_takes_type(index, key.type), KC_ERR_PARAM,
		"\"%s\" is no algorithm of this OpenPGP key; there are rsa2048, rsa3072, rsa4096, "
		"p256, p384, p521, ed25519 to sign and x25519 to decrypt",
		value);
	while (option)
		TRY(parse_option(strsep(&option, "+"), &key));
	*ret_key = key;
	return KC_OK;
}

enum kc_status openpgp_profile_add(struct openpgp_profile *profile, const char *name, char *value)
{
	size_t index = openpgp_slot_named(name);

	if (value && strcmp(name, "pin") == 0) {
		REQUIRE(strcmp(value, "lasting") == 0, KC_ERR_PARAM, "pin=%s: there is lasting",
			value);
		profile->is_pw1_lasting = true;
		return KC_OK;
	}
	REQUIRE(index < OPENPGP_N_KEYS, KC_ERR_PARAM,
		"\"%s\" is no OpenPGP key; there are sig, dec and aut", name);
	REQUIRE(value, KC_ERR_PARAM, "the key %s needs an algorithm, as in %s=p256", name, name);
	REQUIRE(!profile->keys[index].type, KC_ERR_PARAM, "the key %s is there twice", name);
	return parse_key(index, value, &profile->keys[index]);
}

size_t openpgp_profile_count(const struct openpgp_profile *profile)
{
	size_t n_keys = 0;

	for (size_t i = 0; i < OPENPGP_N_KEYS; i++)
		n_keys += profile->keys[i].type != NULL;
	return n_keys;
}

static enum kc_status make_certificate(const struct certify_authority *authority, size_t index,
				       struct openpgp_key *key)
{
	CLEANUP(bytes_done) struct bytes der = BYTES_INIT(OPENPGP_CERTIFICATE_MAX);

	TRY(certify_issue_openpgp(authority, index, key->pkey, &der));
	return openpgp_state_replace(&key->certificate, bytes_view(&der), OPENPGP_CERTIFICATE_MAX);
}

static enum kc_status make_key(const struct openpgp_profile_key *wanted,
			       const struct certify_authority *authority, size_t index,
			       struct openpgp_state *state)
{
	struct openpgp_key *key = &state->keys[index];
	EVP_PKEY *pkey = NULL;

	TRY(key_material_generate(wanted->type, &pkey));
	key->type = wanted->type;
	openpgp_state_put_key(state, index, pkey, OPENPGP_KEY_GENERATED);
	key->touch = wanted->is_touched ? OPENPGP_TOUCH_ON : OPENPGP_TOUCH_OFF;
	return wanted->has_certificate ? make_certificate(authority, index, key) : KC_OK;
}

enum kc_status openpgp_profile_apply(const struct openpgp_profile *profile,
				     const struct certify_authority *authority,
				     struct openpgp_state *state)
{
	if (!profile->is_wanted)
		return KC_OK;
	TRY(openpgp_state_init(state));
	state->is_pw1_lasting = profile->is_pw1_lasting;
	for (size_t i = 0; i < OPENPGP_N_KEYS; i++)
		if (profile->keys[i].type)
			TRY(make_key(&profile->keys[i], authority, i, state));
	return KC_OK;
}
