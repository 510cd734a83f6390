/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Setting passwords: OpenPGP card 3.4, 7.2.3 CHANGE REFERENCE DATA and 7.2.4 RESET RETRY COUNTER.
 * The resetting code stands with the new PIN in one command; the administrator verifies PW3 first,
 * which is taken back at once.
 */
#include "base/cleanup.h"
#include "base/try.h"
#include "drivers/openpgp/openpgp.h"

enum {
	INS_VERIFY = 0x20,
	INS_CHANGE_REFERENCE_DATA = 0x24,
	INS_RESET_RETRY_COUNTER = 0x2C,
	P1_CLEAR = 0xFF,
	P1_BY_CODE = 0x00,
	P1_BY_ADMIN = 0x02,
	P2_PW1 = 0x81,
	P2_PW3 = 0x83,
	VALUE_MAX = 512,
};

/* @proof of @password, if any, and the new value of @target. */
struct setting {
	struct kc_apdu apdu;
	enum openpgp_password password;
	struct kc_view proof;
	enum openpgp_password target;
	struct kc_view new_pin;
};

static enum kc_status judge(struct kc_token *token, const struct setting *setting, uint16_t sw)
{
	if (openpgp_is_refused_value(sw))
		return kc_token_fail(token, KC_ERR_BAD_PARAMETER, sw,
				     "the card does not take this new PIN");
	return openpgp_judge_password(token, setting->password, sw);
}

static enum kc_status send(struct kc_token *token, const struct setting *setting)
{
	CLEANUP(openpgp_secret_done) struct bytes value = BYTES_INIT(VALUE_MAX);
	struct kc_apdu apdu = setting->apdu;
	uint16_t sw = 0;

	if (setting->proof.data)
		TRY(openpgp_derive(token, setting->password, setting->proof, &value));
	TRY(openpgp_derive(token, setting->target, setting->new_pin, &value));
	apdu.data = bytes_view(&value);
	TRY(kc_card_transmit(kc_token_card(token), &apdu, NULL, &sw));
	return judge(token, setting, sw);
}

/* The reader puts both behind one another, as they were typed. */
static enum kc_status type(struct kc_token *token, const struct setting *setting)
{
	const struct kc_pin_format format = openpgp_keypad_format(token, setting->target);
	const struct kc_keypad_change change = {.format = &format};
	bool is_typed = false;
	uint16_t sw = 0;

	TRY(openpgp_sends_as_typed(token, &is_typed));
	REQUIRE(is_typed, KC_ERR_NOT_IMPLEMENTED,
		"this card wants its PIN hashed, which a reader's keypad cannot do");
	TRY(kc_card_modify_on_keypad(kc_token_card(token), &setting->apdu, &change, &sw));
	return judge(token, setting, sw);
}

static enum kc_status set(struct kc_token *token, const struct setting *setting)
{
	REQUIRE(!setting->proof.data == !setting->new_pin.data, KC_ERR_NOT_IMPLEMENTED,
		"either both PINs are typed on the keypad, or none");
	return setting->proof.data ? send(token, setting) : type(token, setting);
}

enum kc_status openpgp_change_pin(struct kc_token *token, const char *pin_id,
				  struct kc_view current, struct kc_view new_pin)
{
	struct setting setting = {
		.apdu = {.ins = INS_CHANGE_REFERENCE_DATA}, .proof = current, .new_pin = new_pin};

	TRY(openpgp_find_password(pin_id, &setting.password));
	REQUIRE(setting.password != OPENPGP_RESET_CODE, KC_ERR_NOT_IMPLEMENTED,
		"the administrator sets the reset code, by other means (gpg --card-edit)");
	setting.target = setting.password;
	setting.apdu.p2 = setting.password == OPENPGP_PW1 ? P2_PW1 : P2_PW3;
	return set(token, &setting);
}

static enum kc_status unblock_by_code(struct kc_token *token,
				      const struct kc_unblocking *unblocking)
{
	const struct setting setting = {
		.apdu = {.ins = INS_RESET_RETRY_COUNTER, .p1 = P1_BY_CODE, .p2 = P2_PW1},
		.password = OPENPGP_RESET_CODE,
		.proof = unblocking->unblocking,
		.target = OPENPGP_PW1,
		.new_pin = unblocking->new_pin,
	};

	return set(token, &setting);
}

/* Version 3.3 knows this; whatever does not is reset when the transaction ends. */
void openpgp_forget_admin(struct kc_token *token)
{
	const struct kc_apdu apdu = {.ins = INS_VERIFY, .p1 = P1_CLEAR, .p2 = P2_PW3};
	uint16_t sw = 0;

	ignore(kc_card_transmit(kc_token_card(token), &apdu, NULL, &sw));
}

static enum kc_status unblock_by_admin(struct kc_token *token,
				       const struct kc_unblocking *unblocking)
{
	const struct setting setting = {
		.apdu = {.ins = INS_RESET_RETRY_COUNTER, .p1 = P1_BY_ADMIN, .p2 = P2_PW1},
		.password = OPENPGP_PW3,
		.target = OPENPGP_PW1,
		.new_pin = unblocking->new_pin,
	};
	enum kc_status status = KC_OK;

	REQUIRE(unblocking->unblocking.data && unblocking->new_pin.data, KC_ERR_NOT_IMPLEMENTED,
		"unblocking with the admin PIN takes two commands, which a keypad cannot do");
	TRY(openpgp_verify(token, P2_PW3, OPENPGP_PW3, unblocking->unblocking));
	status = send(token, &setting);
	openpgp_forget_admin(token);
	return status;
}

enum kc_status openpgp_unblock_pin(struct kc_token *token, const struct kc_unblocking *unblocking)
{
	enum openpgp_password target = OPENPGP_PW1;
	enum openpgp_password by = OPENPGP_PW1;

	TRY(openpgp_find_password(unblocking->pin_id, &target));
	TRY(openpgp_find_password(unblocking->by, &by));
	REQUIRE(target == OPENPGP_PW1 && by != OPENPGP_PW1, KC_ERR_NOT_IMPLEMENTED,
		"%s of an OpenPGP card cannot be unblocked by %s", openpgp_password_name(target),
		openpgp_password_name(by));
	return by == OPENPGP_RESET_CODE ? unblock_by_code(token, unblocking)
					: unblock_by_admin(token, unblocking);
}
