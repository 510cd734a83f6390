/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The three keys by their names, and what of them is published. */
#include <stdio.h>

#include "base/cleanup.h"
#include "base/try.h"
#include "drivers/openpgp/openpgp.h"

enum {
	TAG_CERTIFICATE = 0x7F21,
};

/* 7.2.14; 4.4.1: the first certificate is the authentication key's, the last the signature's. */
const struct openpgp_place openpgp_places[OPENPGP_N_KEYS] = {
	[OPENPGP_SIGNATURE] = {0x01, 0xB6, 2, "OpenPGP signature", OPENPGP_SCOPE_SIGN},
	[OPENPGP_DECRYPTION] = {0x02, 0xB8, 1, "OpenPGP decryption", OPENPGP_SCOPE_OTHER},
	[OPENPGP_AUTHENTICATION] = {0x03, 0xA4, 0, "OpenPGP authentication", OPENPGP_SCOPE_OTHER},
};

static const char *const rsa_signing[] = {"rsa_signature_digest_pkcs1v15_raw", NULL};
static const char *const ec_signing[] = {"ecdsa_signature_digest_x962", NULL};
static const char *const ed25519_signing[] = {"eddsa_signature_message_ed25519", NULL};
static const char *const rsa_decrypting[] = {"rsa_encryption_pkcs1", NULL};
static const char *const ec_deriving[] = {"ecdh_key_exchange_standard", NULL};

enum kc_status openpgp_find_key(struct kc_token *token, struct kc_view object_id,
				enum openpgp_index *ret_index)
{
	const struct openpgp_state *state = kc_token_state(token);

	for (size_t i = 0; i < OPENPGP_N_KEYS; i++) {
		if (state->keys[i].is_there &&
		    view_equal(object_id, view_of(&openpgp_places[i].reference, 1))) {
			*ret_index = (enum openpgp_index)i;
			return KC_OK;
		}
	}
	return fail(KC_ERR_OBJECT_NOT_FOUND, "the card has no such key");
}

void openpgp_put_certificate_id(const struct openpgp_place *place,
				uint8_t id[OPENPGP_CERTIFICATE_ID_BYTES])
{
	id[0] = TAG_CERTIFICATE >> 8;
	id[1] = TAG_CERTIFICATE & 0xFF;
	id[2] = place->occurrence;
}

void openpgp_put_certificate_label(const struct openpgp_place *place,
				   char label[OPENPGP_LABEL_BYTES])
{
	(void)snprintf(label, OPENPGP_LABEL_BYTES, "%s certificate", place->name);
}

const char *const *openpgp_algorithms(enum openpgp_index index, const struct openpgp_key *key)
{
	if (index == OPENPGP_DECRYPTION)
		return key->type == KC_KEY_TYPE_RSA ? rsa_decrypting : ec_deriving;
	if (key->type == KC_KEY_TYPE_ED25519)
		return ed25519_signing;
	return key->type == KC_KEY_TYPE_RSA ? rsa_signing : ec_signing;
}

/* 4.3.1, C4: PW1 as 81 is good for one signature, unless the card is told otherwise. */
static enum kc_constraint constraint_of(const struct openpgp_state *state, enum openpgp_index index)
{
	if (index == OPENPGP_SIGNATURE && !state->is_pw1_lasting)
		return KC_CONSTRAINT_PIN_ALWAYS;
	return KC_CONSTRAINT_PIN;
}

enum kc_status openpgp_add_key(struct kc_token *token, struct kc_contents *contents,
			       enum openpgp_index index)
{
	const struct openpgp_state *state = kc_token_state(token);
	const struct openpgp_place *place = &openpgp_places[index];
	const struct openpgp_key *key = &state->keys[index];
	bool is_decryption = index == OPENPGP_DECRYPTION;
	uint8_t certificate_id[OPENPGP_CERTIFICATE_ID_BYTES];
	char label[OPENPGP_LABEL_BYTES];
	struct kc_key_description description = {
		.object_id = view_of(&place->reference, 1),
		.label = label,
		.type = key->type,
		.size_in_bits = key->size_in_bits,
		.constraint = constraint_of(state, index),
		.pin_scope = place->pin_scope,
		.needs_touch = key->needs_touch,
		.algorithms = openpgp_algorithms(index, key),
		.can_sign = !is_decryption,
		.can_decrypt = is_decryption && key->type == KC_KEY_TYPE_RSA,
		.can_derive = is_decryption && key->type != KC_KEY_TYPE_RSA,
	};

	openpgp_put_certificate_id(place, certificate_id);
	if (key->has_certificate)
		description.certificate_id = VIEW_OF(certificate_id);
	else
		description.public_key = view_of(key->public_key, key->public_key_len);
	(void)snprintf(label, sizeof(label), "%s key", place->name);
	return kc_contents_add_key(contents, &description);
}
