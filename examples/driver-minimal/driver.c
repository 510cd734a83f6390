/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A driver for the minicard, a made-up card with one P-256 key, its certificate and a PIN:
 *
 *   00 A4 04 00 AID      select
 *   80 CA 00 01          serial number, 8 bytes
 *   80 CA 00 02          certificate, DER
 *   00 20 00 01 [PIN]    verify 4 to 8 digits; without data: how many tries are left
 *   80 2A 00 00 DIGEST   signature, DER; 6982 without PIN
 *
 * Selecting, sessions, locking and confinement are the kit's business: see docs/driver-guide.md.
 */
#include <stdio.h>
#include <string.h>

#include <keycask/driver.h>

static const uint8_t aid[] = {0xF0, 'k', 'e', 'y', 'c', 'a', 's', 'k', 0x01};
static const uint8_t certificate_id[] = {0xCE};
static const uint8_t key_id[] = {0x01};

/* The only place that knows what the card's status words mean. */
static enum kc_status check(struct kc_token *token, uint16_t sw)
{
	if (sw == 0x9000)
		return KC_OK;
	if (sw == 0x6982)
		return kc_token_fail(token, KC_ERR_AUTHENTICATION_NEEDED, sw, "the PIN is needed");
	if (sw == 0x6983 || sw == 0x63C0)
		return kc_token_fail(token, KC_ERR_PIN_BLOCKED, sw, "the PIN is blocked");
	if ((sw & 0xFFF0) != 0x63C0)
		return kc_token_fail(token, KC_ERR_COMMUNICATION, sw, "the card refuses");
	kc_token_set_tries_left(token, sw & 0x0F);
	return kc_token_fail(token, KC_ERR_AUTHENTICATION_FAILED, sw, "the PIN is wrong");
}

/* *ret_answer, which may be NULL, is the caller's to free. */
static enum kc_status ask(struct kc_token *token, const struct kc_apdu *apdu,
			  struct kc_bytes *ret_answer)
{
	struct kc_bytes answer = {NULL, 0};
	uint16_t sw = 0;
	enum kc_status status = kc_card_transmit(kc_token_card(token), apdu, &answer, &sw);

	if (status == KC_OK)
		status = check(token, sw);
	if (status == KC_OK && ret_answer)
		*ret_answer = answer;
	else
		kc_bytes_free(&answer);
	return status;
}

static enum kc_status mini_select(struct kc_token *token)
{
	return ask(token, &(struct kc_apdu){.ins = 0xA4, .p1 = 0x04, .data = {aid, sizeof(aid)}},
		   NULL);
}

static enum kc_status mini_open(struct kc_token *token, struct kc_token_identity *ret_identity)
{
	const struct kc_apdu get_serial = {.cla = 0x80, .ins = 0xCA, .p2 = 0x01, .le = 256};
	struct kc_bytes serial = {NULL, 0};
	char text[2 * 8 + 1] = "";
	enum kc_status status = ask(token, &get_serial, &serial);

	if (status == KC_OK && serial.len != 8)
		status = kc_token_fail(token, KC_ERR_CORRUPTED_DATA, 0,
				       "a serial number of %zu bytes", serial.len);
	for (size_t i = 0; status == KC_OK && i < serial.len; i++)
		snprintf(text + 2 * i, 3, "%02X", serial.data[i]);
	kc_bytes_free(&serial);
	if (status == KC_OK)
		*ret_identity = (struct kc_token_identity){strdup(text), strdup("Minicard")};
	return status;
}

static enum kc_status mini_enumerate(struct kc_token *token, struct kc_contents *contents)
{
	static const char *const algorithms[] = {"ecdsa_signature_digest_x962", NULL};
	const struct kc_apdu get_certificate = {.cla = 0x80, .ins = 0xCA, .p2 = 0x02, .le = 256};
	const struct kc_key_description key = {.object_id = {key_id, sizeof(key_id)},
					       .label = "Minicard key",
					       .certificate_id = {certificate_id, 1},
					       .type = KC_KEY_TYPE_EC,
					       .size_in_bits = 256,
					       .constraint = KC_CONSTRAINT_PIN,
					       .algorithms = algorithms,
					       .can_sign = true};
	struct kc_bytes der = {NULL, 0};
	enum kc_status status = ask(token, &get_certificate, &der);

	if (status == KC_OK)
		status = kc_contents_add_certificate(contents, key.certificate_id, "Minicard",
						     (struct kc_view){der.data, der.len});
	kc_bytes_free(&der);
	return status == KC_OK ? kc_contents_add_key(contents, &key) : status;
}

static enum kc_status mini_authenticate(struct kc_token *token,
					const struct kc_authentication *proof)
{
	if (!proof->pin.data)
		return kc_token_fail(token, KC_ERR_NOT_IMPLEMENTED, 0, "no PIN from a keypad");
	return ask(token, &(struct kc_apdu){.ins = 0x20, .p2 = 0x01, .data = proof->pin}, NULL);
}

static enum kc_status mini_pin_status(struct kc_token *token, const char *pin_id, int *ret_tries)
{
	const struct kc_apdu verify = {.ins = 0x20, .p2 = 0x01};
	uint16_t sw = 0;
	enum kc_status status = kc_card_transmit(kc_token_card(token), &verify, NULL, &sw);

	(void)pin_id; /* there is one */
	*ret_tries = (sw & 0xFFF0) == 0x63C0 ? sw & 0x0F : -1;
	return status;
}

/* The kit has seen that the key is ours and does this algorithm. */
static enum kc_status mini_sign(struct kc_token *token, struct kc_view object_id,
				const char *algorithm, struct kc_view data,
				struct kc_bytes *ret_der)
{
	(void)object_id;
	(void)algorithm;
	return ask(token, &(struct kc_apdu){.cla = 0x80, .ins = 0x2A, .data = data, .le = 256},
		   ret_der);
}

static const struct kc_driver mini_driver = {.class_id = "org.example.minicard",
					     .name = "Minicard",
					     .select = mini_select,
					     .open = mini_open,
					     .enumerate = mini_enumerate,
					     .authenticate = mini_authenticate,
					     .pin_status = mini_pin_status,
					     .sign = mini_sign};

int main(int argc, char **argv)
{
	return kc_driver_main(argc, argv, &mini_driver);
}
