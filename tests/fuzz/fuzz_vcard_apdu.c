/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * APDUs into the software card. The input is a conversation in vpcd's framing, a message of one
 * byte being a reset; its first byte says how the card starts: bit 0 PIV selected, bit 1 PIN
 * verified, bit 2 management key proved; or, with bit 3, OpenPGP selected, bit 4 PW1 verified both
 * ways, bit 5 PW3 verified, bit 6 PW1 lasting; bit 7: firmware 5.7.
 */
#include <stdlib.h>

#include "codec/vpcd.h"
#include "vcard/card.h"
#include "vcard/profile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
	if (!condition)
		abort();
}

/* RSA keys take their time to be found, and finding them is not what is tested. */
static bool asks_for_rsa(struct kc_view command)
{
	if (command.len < 2 || command.data[1] != INS_GENERATE)
		return false;
	for (size_t i = 0; i < command.len; i++) {
		const struct piv_algorithm *algorithm = piv_algorithm_find(command.data[i]);

		if (algorithm && !algorithm->type->curve)
			return true;
	}
	return false;
}

/* An OpenPGP card knows from before what kind of key it is to make. */
static bool would_generate_rsa(const struct card *card, struct kc_view command)
{
	if (command.len < 2 || command.data[1] != INS_GENERATE ||
	    card->session.selected != &openpgp_application)
		return false;
	for (size_t i = 0; i < OPENPGP_N_KEYS; i++)
		if (!card->state.openpgp.keys[i].type->curve)
			return true;
	return false;
}

static void play(struct card *card, struct kc_view message)
{
	CLEANUP(bytes_done) struct bytes response = BYTES_INIT(CARD_ANSWER_MAX + 2);

	if (message.len == 1) {
		card_reset(card);
		return;
	}
	if (asks_for_rsa(message) || would_generate_rsa(card, message))
		return;
	require(card_transmit(card, message, &response) == KC_OK);
	require(response.len >= 2);
}

/* Made once: keys and certificates are most of the time that a card takes to make. */
static struct card_state *model(void)
{
	static struct card_state state;
	struct profile profile;

	if (state.serial != 0)
		return &state;
	require(card_state_init(&state) == KC_OK);
	require(profile_parse("piv:9a=p256,9c=p256,9e=p384+gzip/"
			      "openpgp:sig=p256+cert,dec=x25519,aut=ed25519",
			      &profile) == KC_OK);
	require(profile_apply(&profile, &state, NULL) == KC_OK);
	return &state;
}

static void copy_bytes(struct kc_bytes *bytes)
{
	struct kc_view from = view_of(bytes->data, bytes->len);

	*bytes = (struct kc_bytes){0};
	require(openpgp_state_replace(bytes, from, OPENPGP_CERTIFICATE_MAX) == KC_OK);
}

static void copy_openpgp(struct openpgp_state *copy)
{
	for (size_t i = 0; i < OPENPGP_N_TEXTS; i++)
		copy_bytes(&copy->texts[i]);
	for (size_t i = 0; i < OPENPGP_N_KEYS; i++) {
		copy_bytes(&copy->keys[i].certificate);
		require(EVP_PKEY_up_ref(copy->keys[i].pkey) == 1);
	}
}

/* A card of its own, sharing only the immutable keys. */
static void copy_model(struct card_state *copy)
{
	const struct card_state *from = model();

	*copy = *from;
	copy->objects = NULL;
	copy->n_objects = 0;
	for (size_t i = 0; i < from->n_objects; i++)
		require(card_state_put_object(copy, from->objects[i].tag,
					      view_of(from->objects[i].value.data,
						      from->objects[i].value.len)) == KC_OK);
	for (size_t i = 0; i < PIV_N_SLOTS; i++)
		require(!copy->keys[i].pkey || EVP_PKEY_up_ref(copy->keys[i].pkey) == 1);
	copy_openpgp(&copy->openpgp);
}

static void start(struct card *card, uint8_t how)
{
	struct card_state state;

	copy_model(&state);
	card_init(card, &state, NULL, NULL);
	card->session.selected = how & 1 ? &piv_application : NULL;
	card->session.is_pin_verified = how & 2;
	card->session.is_pin_fresh = how & 2;
	card->session.is_management_verified = how & 4;
	if (how & 8)
		card->session.selected = &openpgp_application;
	card->session.openpgp.is_sign_verified = how & 16;
	card->session.openpgp.is_user_verified = how & 16;
	card->session.openpgp.is_admin_verified = how & 32;
	card->state.openpgp.is_pw1_lasting = how & 64;
	card->state.manner.moves_keys = how & 128;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(card_done) struct card card = {0};
	struct kc_view rest = view_of(data, size);
	struct kc_view message = {0};
	size_t used = 0;

	if (size == 0)
		return 0;
	start(&card, data[0]);
	rest = view_slice(rest, 1, size);
	while (vpcd_get(rest, &message, &used)) {
		play(&card, message);
		rest = view_slice(rest, used, rest.len);
	}
	return 0;
}
