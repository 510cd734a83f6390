/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the card says about itself: extended capabilities C0, password status C4, lengths, touch
 * flags (OpenPGP card 3.4, 4.4.3). Most of it stands in the application related data 6E, which
 * costs one command; what is not in there is asked for alone.
 */
#include "base/cleanup.h"
#include "base/try.h"
#include "codec/tlv.h"
#include "drivers/openpgp/openpgp.h"

enum {
	TAG_CAPABILITIES = 0xC0,
	TAG_PASSWORD_STATUS = 0xC4,
	TAG_TOUCH_FIRST = 0xD6,
	TAG_HISTORICAL_BYTES = 0x5F52,
	TAG_LENGTHS = 0x7F66,
	TAG_FEATURES = 0x7F74,
	TAG_FEATURE_BYTE = 0x81,
	TAG_NUMBER = 0x02,
	FEATURE_BUTTON = 0x20,
	MANUFACTURER_YUBICO = 0x0006,
	PASSWORD_STATUS_BYTES = 7,
	PASSWORD_LENGTH_MASK = 0x7F,
	PASSWORD_MAX_USUAL = 32,
	CAPABILITY_KDF = 0x01,
	CERTIFICATE_LENGTH_AT = 4,
	CARD_CAPABILITIES = 0x73, /* in historical bytes, compact TLV: 7 is the tag, 3 the length */
	CARD_CHAINING = 0x80,
	CARD_EXTENDED = 0x40,
	COMMAND_MAX_USUAL = 2048, /* without 7F66: cards of version 2 */
	VALUE_MAX = 4096,
};

static unsigned manufacturer(const struct openpgp_state *state)
{
	return (unsigned)state->aid[8] << 8 | state->aid[9];
}

/* Absent or damaged is as good as empty: there is a usual value for each. */
static enum kc_status find_optional(struct kc_token *token, struct kc_view data, uint32_t tag,
				    struct bytes *value)
{
	enum kc_status status = openpgp_find_or_get(token, data, tag, value);

	if (!openpgp_can_skip(status))
		return status;
	error_clear();
	return KC_OK;
}

/* 4.4.3.7: whether PW1 lasts, three lengths, three counters. */
static enum kc_status read_password_status(struct kc_token *token, struct kc_view data)
{
	struct openpgp_state *state = kc_token_state(token);
	CLEANUP(bytes_done) struct bytes status = BYTES_INIT(VALUE_MAX);

	TRY(openpgp_find_or_get(token, data, TAG_PASSWORD_STATUS, &status));
	REQUIRE(status.len >= PASSWORD_STATUS_BYTES, KC_ERR_CORRUPTED_DATA,
		"a password status of %zu bytes", status.len);
	state->is_pw1_lasting = status.data[0] == 1;
	for (size_t i = 0; i < OPENPGP_N_PASSWORDS; i++) {
		state->password_max[i] = status.data[1 + i] & PASSWORD_LENGTH_MASK;
		if (state->password_max[i] == 0)
			state->password_max[i] = PASSWORD_MAX_USUAL;
		state->tries_left[i] = status.data[1 + OPENPGP_N_PASSWORDS + i];
	}
	return KC_OK;
}

static uint16_t certificate_limit(struct kc_view capabilities)
{
	unsigned limit = 0;

	if (capabilities.len >= CERTIFICATE_LENGTH_AT + 2)
		limit = (unsigned)capabilities.data[CERTIFICATE_LENGTH_AT] << 8 |
			capabilities.data[CERTIFICATE_LENGTH_AT + 1];
	return (uint16_t)limit;
}

/* 4.4.3.7: C0 is ten bytes; of its first, the last bit is for the KDF-DO; the fifth and sixth are
 * the length of a certificate. */
static enum kc_status read_capabilities(struct kc_token *token, struct kc_view data)
{
	struct openpgp_state *state = kc_token_state(token);
	CLEANUP(bytes_done) struct bytes capabilities = BYTES_INIT(VALUE_MAX);

	TRY(find_optional(token, data, TAG_CAPABILITIES, &capabilities));
	state->has_kdf = capabilities.len > 0 && (capabilities.data[0] & CAPABILITY_KDF) &&
			 openpgp_version(state) >= 0x0303;
	state->certificate_max = certificate_limit(bytes_view(&capabilities));
	return KC_OK;
}

/* The third byte of the card capabilities in the historical bytes; 0 when they do not say. */
static uint8_t card_capabilities(struct kc_view historical)
{
	historical = view_slice(historical, 1, historical.len); /* the category indicator */
	while (historical.len > 0) {
		size_t len = historical.data[0] & 0x0f;

		if (historical.data[0] == CARD_CAPABILITIES && historical.len > 3)
			return historical.data[3];
		historical = view_slice(historical, 1 + len, historical.len);
	}
	return 0;
}

/* 4.1.3.1: 02 02 for commands, 02 02 for answers. */
static uint32_t command_max(struct kc_view lengths)
{
	struct kc_view number = {NULL, 0};
	uint32_t max = 0;

	if (!tlv_has(lengths, TAG_NUMBER, &number) || number.len != 2)
		return COMMAND_MAX_USUAL;
	max = (uint32_t)number.data[0] << 8 | number.data[1];
	return max;
}

/* Chaining is the rule. Cards of version 2.0 lack it, and have extended lengths instead. */
static enum kc_status choose_length(struct kc_token *token, struct kc_view data)
{
	struct openpgp_state *state = kc_token_state(token);
	CLEANUP(bytes_done) struct bytes historical = BYTES_INIT(VALUE_MAX);
	struct kc_view lengths = {NULL, 0};
	uint8_t capabilities = 0;

	if (!openpgp_find(data, TAG_LENGTHS, &lengths))
		lengths = (struct kc_view){NULL, 0};
	state->command_max = command_max(lengths);
	TRY(find_optional(token, data, TAG_HISTORICAL_BYTES, &historical));
	capabilities = card_capabilities(bytes_view(&historical));
	if ((capabilities & CARD_CHAINING) || !(capabilities & CARD_EXTENDED))
		return KC_OK;
	kc_card_use_extended(kc_token_card(token), state->command_max);
	return KC_OK;
}

/* 4.1.3.2: a button; YubiKeys have one before the specification had a way to say so. */
static bool may_want_touch(const struct openpgp_state *state, struct kc_view data)
{
	struct kc_view features = {NULL, 0};
	struct kc_view byte = {NULL, 0};

	if (manufacturer(state) == MANUFACTURER_YUBICO)
		return true;
	return openpgp_find(data, TAG_FEATURES, &features) &&
	       tlv_has(features, TAG_FEATURE_BYTE, &byte) && byte.len == 1 &&
	       (byte.data[0] & FEATURE_BUTTON);
}

static enum kc_status read_touch_flags(struct kc_token *token, struct kc_view data)
{
	struct openpgp_state *state = kc_token_state(token);
	bool is_worth_asking = may_want_touch(state, data);

	for (uint32_t i = 0; i < OPENPGP_N_KEYS; i++) {
		CLEANUP(bytes_done) struct bytes flag = BYTES_INIT(VALUE_MAX);
		struct kc_view found = {NULL, 0};

		if (openpgp_find(data, TAG_TOUCH_FIRST + i, &found))
			TRY(bytes_append(&flag, found));
		else if (is_worth_asking)
			TRY(find_optional(token, data, TAG_TOUCH_FIRST + i, &flag));
		state->keys[i].needs_touch = flag.len > 0 && flag.data[0] != 0;
	}
	return KC_OK;
}

enum kc_status openpgp_read_application(struct kc_token *token, struct bytes *data)
{
	struct kc_view view = {NULL, 0};
	enum kc_status status = openpgp_get_data(token, OPENPGP_TAG_APPLICATION, data);

	if (status != KC_OK && !openpgp_can_skip(status))
		return status;
	error_clear();
	view = bytes_view(data);
	TRY(read_password_status(token, view));
	TRY(read_capabilities(token, view));
	TRY(choose_length(token, view));
	return read_touch_flags(token, view);
}
