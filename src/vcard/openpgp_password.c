/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The passwords: OpenPGP card 3.4, 7.2.2 VERIFY, 7.2.3 CHANGE REFERENCE DATA, 7.2.4 RESET RETRY
 * COUNTER, 4.3.2 the key derived format. PW1 is one password with two states: 81 for signatures,
 * 82 for all else. To the card a derived password is a password like any other.
 */
#include "vcard/openpgp_password.h"

#include <openssl/crypto.h>

#include "base/try.h"
#include "codec/tlv.h"

enum {
	P1_CLEAR_STATUS = 0xFF,
	P1_BY_RESET_CODE = 0x00,
	P1_BY_ADMIN = 0x02,
	KDF_TAG_METHOD = 0x81,
	KDF_TAG_INITIAL_PW1 = 0x87,
	KDF_TAG_INITIAL_PW3 = 0x88,
	KDF_NONE = 0x00,
	KDF_ITERATED_SALTED = 0x03,
};

static size_t least_len(const struct card *card, const struct openpgp_secret *secret)
{
	const struct openpgp_secret *pw1 = &card->state.openpgp.passwords[OPENPGP_PASSWORD_USER];

	return secret == pw1 ? OPENPGP_PW1_MIN : OPENPGP_PW3_MIN;
}

static bool is_well_formed(const struct card *card, const struct openpgp_secret *secret,
			   struct kc_view value)
{
	return value.len >= least_len(card, secret) && value.len <= OPENPGP_PASSWORD_MAX;
}

/* NULL: no such password. The resetting code is never verified by itself. */
static struct openpgp_secret *find_secret(struct card *card, uint8_t reference)
{
	struct openpgp_secret *passwords = card->state.openpgp.passwords;

	if (reference == OPENPGP_PW1_SIGN || reference == OPENPGP_PW1)
		return &passwords[OPENPGP_PASSWORD_USER];
	return reference == OPENPGP_PW3 ? &passwords[OPENPGP_PASSWORD_ADMIN] : NULL;
}

static bool *find_status(struct card *card, uint8_t reference)
{
	struct openpgp_session *session = &card->session.openpgp;

	if (reference == OPENPGP_PW1_SIGN)
		return &session->is_sign_verified;
	return reference == OPENPGP_PW1 ? &session->is_user_verified : &session->is_admin_verified;
}

/* The counter is one lower before anyone learns the result; see piv_pin.c. */
static uint16_t try_secret(struct card *card, struct openpgp_secret *secret, struct kc_view value)
{
	unsigned before = secret->tries_left;

	if (secret->tries_left == 0)
		return SW_PIN_BLOCKED;
	secret->tries_left--;
	if (value.len != secret->len ||
	    CRYPTO_memcmp(secret->value, value.data, secret->len) != 0) {
		card->is_changed = true;
		return SW_NOT_AUTHENTICATED; /* 7.2.2: the password is wrong */
	}
	secret->tries_left = OPENPGP_TRIES;
	card->is_changed = card->is_changed || secret->tries_left != before;
	return SW_OK;
}

/* 7.2.2: without data, VERIFY asks. */
static uint16_t tell_status(const struct openpgp_secret *secret, bool is_verified)
{
	if (is_verified)
		return SW_OK;
	return (uint16_t)(SW_WRONG_PIN | secret->tries_left);
}

uint16_t openpgp_password_verify(struct card *card, const struct apdu_command *command,
				 struct bytes *answer)
{
	struct openpgp_secret *secret = find_secret(card, command->p2);
	bool *is_verified = find_status(card, command->p2);
	uint16_t sw = SW_OK;

	(void)answer;
	if (command->p1 != 0 && command->p1 != P1_CLEAR_STATUS)
		return SW_WRONG_P1P2;
	if (!secret)
		return SW_NO_REFERENCE;
	if (command->p1 == P1_CLEAR_STATUS) {
		*is_verified = false;
		return command->data.len > 0 ? SW_WRONG_LENGTH : SW_OK;
	}
	if (command->data.len == 0)
		return tell_status(secret, *is_verified);
	if (!is_well_formed(card, secret, command->data))
		return SW_WRONG_DATA;
	sw = try_secret(card, secret, command->data);
	*is_verified = sw == SW_OK;
	return sw;
}

static uint16_t replace(struct card *card, struct openpgp_secret *secret, struct kc_view value)
{
	if (openpgp_state_set_password(secret, value) != KC_OK)
		return SW_WRONG_DATA;
	card->is_changed = true;
	return SW_OK;
}

/* Old and new value stand together: the card knows how long the old one is (7.2.3). */
static uint16_t split(const struct card *card, const struct openpgp_secret *old,
		      const struct openpgp_secret *target, struct kc_view data,
		      struct kc_view *ret_old, struct kc_view *ret_new)
{
	*ret_old = view_slice(data, 0, old->len);
	*ret_new = view_slice(data, old->len, data.len);
	return is_well_formed(card, target, *ret_new) ? SW_OK : SW_WRONG_DATA;
}

uint16_t openpgp_password_change(struct card *card, const struct apdu_command *command,
				 struct bytes *answer)
{
	struct openpgp_secret *secret = find_secret(card, command->p2);
	struct kc_view old_value = {0};
	struct kc_view new_value = {0};
	uint16_t sw = SW_OK;

	(void)answer;
	if (command->p1 != 0)
		return SW_WRONG_P1P2;
	if (!secret || command->p2 == OPENPGP_PW1)
		return SW_NO_REFERENCE;
	sw = split(card, secret, secret, command->data, &old_value, &new_value);
	if (sw == SW_OK)
		sw = try_secret(card, secret, old_value);
	*find_status(card, command->p2) = false;
	return sw == SW_OK ? replace(card, secret, new_value) : sw;
}

static uint16_t unblock_by_reset_code(struct card *card, struct kc_view data)
{
	struct openpgp_secret *passwords = card->state.openpgp.passwords;
	struct openpgp_secret *code = &passwords[OPENPGP_PASSWORD_RESET_CODE];
	struct openpgp_secret *pw1 = &passwords[OPENPGP_PASSWORD_USER];
	struct kc_view value = {0};
	struct kc_view new_value = {0};
	uint16_t sw = SW_OK;

	if (code->tries_left == 0)
		return SW_PIN_BLOCKED; /* also without a code: 4.3.4 */
	sw = split(card, code, pw1, data, &value, &new_value);
	if (sw == SW_OK)
		sw = try_secret(card, code, value);
	return sw == SW_OK ? replace(card, pw1, new_value) : sw;
}

uint16_t openpgp_password_unblock(struct card *card, const struct apdu_command *command,
				  struct bytes *answer)
{
	struct openpgp_secret *pw1 = &card->state.openpgp.passwords[OPENPGP_PASSWORD_USER];

	(void)answer;
	if (command->p2 != OPENPGP_PW1_SIGN)
		return SW_NO_REFERENCE;
	if (command->p1 == P1_BY_RESET_CODE)
		return unblock_by_reset_code(card, command->data);
	if (command->p1 != P1_BY_ADMIN)
		return SW_WRONG_P1P2;
	if (!card->session.openpgp.is_admin_verified)
		return SW_NOT_AUTHENTICATED;
	if (!is_well_formed(card, pw1, command->data))
		return SW_WRONG_DATA;
	return replace(card, pw1, command->data);
}

/* 4.3.4: an empty value takes the resetting code away. */
uint16_t openpgp_password_put_reset_code(struct card *card, struct kc_view value)
{
	struct openpgp_secret *code = &card->state.openpgp.passwords[OPENPGP_PASSWORD_RESET_CODE];

	if (value.len > 0 && !is_well_formed(card, code, value))
		return SW_WRONG_DATA;
	return replace(card, code, value);
}

/* 4.3.2: the initial passwords that come with the KDF-DO; the usual ones when it is taken off. */
static uint16_t start_passwords(struct card *card, struct kc_view pw1, struct kc_view pw3)
{
	struct openpgp_secret *passwords = card->state.openpgp.passwords;
	uint16_t sw = replace(card, &passwords[OPENPGP_PASSWORD_USER], pw1);

	if (sw == SW_OK)
		sw = replace(card, &passwords[OPENPGP_PASSWORD_ADMIN], pw3);
	if (sw == SW_OK)
		sw = openpgp_password_put_reset_code(card, (struct kc_view){0});
	memset(&card->session.openpgp, 0, sizeof(card->session.openpgp));
	return sw;
}

static uint16_t adopt_kdf(struct card *card, struct kc_view value)
{
	struct kc_view method = {0};
	struct kc_view pw1 = {0};
	struct kc_view pw3 = {0};

	if (!tlv_has(value, KDF_TAG_METHOD, &method) || method.len != 1)
		return SW_WRONG_DATA;
	if (method.data[0] == KDF_NONE)
		return start_passwords(card, view_of_text(OPENPGP_DEFAULT_PW1),
				       view_of_text(OPENPGP_DEFAULT_PW3));
	if (method.data[0] != KDF_ITERATED_SALTED)
		return SW_WRONG_DATA;
	if (!tlv_has(value, KDF_TAG_INITIAL_PW1, &pw1) ||
	    !tlv_has(value, KDF_TAG_INITIAL_PW3, &pw3))
		return SW_OK; /* a host that changes the passwords itself */
	if (pw1.len > OPENPGP_PASSWORD_MAX || pw3.len > OPENPGP_PASSWORD_MAX ||
	    pw1.len < OPENPGP_PW1_MIN || pw3.len < OPENPGP_PW3_MIN)
		return SW_WRONG_DATA;
	return start_passwords(card, pw1, pw3);
}

uint16_t openpgp_password_put_kdf(struct card *card, struct kc_view value)
{
	struct kc_bytes *place = openpgp_state_find_text(&card->state.openpgp, OPENPGP_KDF);
	uint16_t sw = adopt_kdf(card, value);

	if (sw != SW_OK)
		return sw;
	card->is_changed = true;
	return openpgp_state_replace(place, value, OPENPGP_OBJECT_MAX) == KC_OK ? SW_OK
										: SW_NO_SPACE;
}
