/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The memory of the OpenPGP application. Its factory values are those of OpenPGP card 3.4, 4.3. */
#include "vcard/openpgp_state.h"

#include <openssl/crypto.h>

#include "base/try.h"

/* What the host may write as it likes; the cardholder's sex is 9, "not announced" (ISO 5218). */
static const uint32_t text_tags[OPENPGP_N_TEXTS] = {
	OPENPGP_NAME,
	OPENPGP_LOGIN_DATA,
	OPENPGP_LANGUAGE,
	OPENPGP_SEX,
	OPENPGP_URL,
	OPENPGP_KDF,
	OPENPGP_PRIVATE_FIRST,
	OPENPGP_PRIVATE_FIRST + 1,
	OPENPGP_PRIVATE_FIRST + 2,
	OPENPGP_PRIVATE_LAST,
};

uint32_t openpgp_state_text_tag(size_t index)
{
	return text_tags[index];
}

struct kc_bytes *openpgp_state_find_text(struct openpgp_state *state, uint32_t tag)
{
	for (size_t i = 0; i < OPENPGP_N_TEXTS; i++)
		if (text_tags[i] == tag)
			return &state->texts[i];
	return NULL;
}

enum kc_status openpgp_state_replace(struct kc_bytes *place, struct kc_view value, size_t max)
{
	CLEANUP(bytes_done) struct bytes copy = BYTES_INIT(max);

	TRY(bytes_append(&copy, value));
	kc_bytes_free(place);
	*place = bytes_take(&copy);
	return KC_OK;
}

enum kc_status openpgp_state_set_password(struct openpgp_secret *secret, struct kc_view value)
{
	REQUIRE(value.len <= sizeof(secret->value), KC_ERR_PARAM,
		"a password has at most %d characters", OPENPGP_PASSWORD_MAX);
	OPENSSL_cleanse(secret, sizeof(*secret));
	if (value.len > 0)
		memcpy(secret->value, value.data, value.len);
	secret->len = value.len;
	secret->tries_left = value.len > 0 ? OPENPGP_TRIES : 0;
	return KC_OK;
}

static void forget_key(struct openpgp_key *key)
{
	EVP_PKEY_free(key->pkey);
	key->pkey = NULL;
	key->origin = OPENPGP_KEY_ABSENT;
}

void openpgp_state_put_key(struct openpgp_state *state, size_t index, EVP_PKEY *pkey,
			   uint8_t origin)
{
	struct openpgp_key *key = &state->keys[index];

	forget_key(key);
	key->pkey = pkey;
	key->origin = origin;
	memset(key->fingerprint, 0, sizeof(key->fingerprint));
	memset(key->time, 0, sizeof(key->time));
	/* 7.2.14: a new signature key starts to count anew. */
	if (index == OPENPGP_SIGNATURE)
		state->signature_counter = 0;
}

static enum kc_status fill_factory(struct openpgp_state *state)
{
	struct openpgp_secret *passwords = state->passwords;

	state->is_on = true;
	for (size_t i = 0; i < OPENPGP_N_KEYS; i++)
		state->keys[i].type = &key_types[KEY_TYPE_RSA2048];
	TRY(openpgp_state_set_password(&passwords[OPENPGP_PASSWORD_USER],
				       view_of_text(OPENPGP_DEFAULT_PW1)));
	TRY(openpgp_state_set_password(&passwords[OPENPGP_PASSWORD_ADMIN],
				       view_of_text(OPENPGP_DEFAULT_PW3)));
	return openpgp_state_replace(openpgp_state_find_text(state, OPENPGP_SEX), view_of_text("9"),
				     OPENPGP_OBJECT_MAX);
}

enum kc_status openpgp_state_init(struct openpgp_state *ret_state)
{
	CLEANUP(openpgp_state_done) struct openpgp_state state = {0};

	TRY(fill_factory(&state));
	*ret_state = state;
	memset(&state, 0, sizeof(state));
	return KC_OK;
}

void openpgp_state_done(struct openpgp_state *state)
{
	for (size_t i = 0; i < OPENPGP_N_KEYS; i++) {
		forget_key(&state->keys[i]);
		kc_bytes_free(&state->keys[i].certificate);
	}
	for (size_t i = 0; i < OPENPGP_N_TEXTS; i++)
		kc_bytes_free(&state->texts[i]);
	OPENSSL_cleanse(state, sizeof(*state));
}
