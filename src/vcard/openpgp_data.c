/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Data objects: OpenPGP card 3.4, 7.2.5 SELECT DATA, 7.2.6 GET DATA, 7.2.7 GET NEXT DATA and 7.2.8
 * PUT DATA; who may read and write what stands in 4.4.1. There are three of 7F21, a certificate
 * for each key; which one is meant is selected.
 */
#include "vcard/openpgp_data.h"

#include "base/try.h"
#include "codec/tlv.h"
#include "vcard/openpgp_password.h"
#include "vcard/openpgp_template.h"

enum {
	SELECT_DATA_P2 = 0x04,
	TAG_GENERAL_REFERENCE = 0x60,
	TAG_LIST = 0x5C,
	TOUCH_VALUE_BYTES = 2,
	PRIVATE_BY_USER_1 = OPENPGP_PRIVATE_FIRST,
	PRIVATE_BY_USER_3 = OPENPGP_PRIVATE_FIRST + 2,
};

static uint32_t tag_of(const struct apdu_command *command)
{
	return (uint32_t)command->p1 << 8 | command->p2;
}

static struct openpgp_key *key_with_occurrence(struct card *card, uint32_t occurrence)
{
	for (size_t i = 0; i < OPENPGP_N_KEYS; i++)
		if (openpgp_slot_at(i)->certificate_occurrence == occurrence)
			return &card->state.openpgp.keys[i];
	return NULL;
}

/* --- reading --- */

/* 7.2.5: 60 with a tag list of one tag, 7F21; P1 is the occurrence. */
static bool names_certificate(struct kc_view data)
{
	static const uint8_t tag[] = {OPENPGP_CERTIFICATE >> 8, OPENPGP_CERTIFICATE & 0xFF};
	struct kc_view reference = {0};
	struct kc_view list = {0};

	return tlv_has(data, TAG_GENERAL_REFERENCE, &reference) &&
	       tlv_has(reference, TAG_LIST, &list) && view_equal(list, VIEW_OF(tag));
}

uint16_t openpgp_data_select(struct card *card, const struct apdu_command *command,
			     struct bytes *answer)
{
	(void)answer;
	if (command->p2 != SELECT_DATA_P2)
		return SW_WRONG_P1P2;
	if (!names_certificate(command->data))
		return SW_NO_REFERENCE;
	if (!key_with_occurrence(card, command->p1))
		return SW_NO_REFERENCE;
	card->session.openpgp.occurrence = command->p1;
	return SW_OK;
}

static uint16_t read_certificate(struct card *card, struct bytes *answer)
{
	const struct openpgp_key *key = key_with_occurrence(card, card->session.openpgp.occurrence);

	return bytes_append(answer, view_of(key->certificate.data, key->certificate.len)) == KC_OK
		       ? SW_OK
		       : SW_INTERNAL;
}

uint16_t openpgp_data_get_next(struct card *card, const struct apdu_command *command,
			       struct bytes *answer)
{
	struct openpgp_session *session = &card->session.openpgp;

	if (tag_of(command) != OPENPGP_CERTIFICATE)
		return SW_NO_REFERENCE;
	if (!key_with_occurrence(card, session->occurrence + 1U))
		return SW_NO_REFERENCE;
	session->occurrence++;
	return read_certificate(card, answer);
}

/* 4.4.1: 0103 is the user's own, 0104 the administrator's; the rest is for all eyes. */
static bool may_read(const struct openpgp_session *session, uint32_t tag)
{
	if (tag == PRIVATE_BY_USER_3)
		return session->is_user_verified;
	return tag != OPENPGP_PRIVATE_LAST || session->is_admin_verified;
}

static enum kc_status put_object(struct card *card, uint32_t tag, struct bytes *answer)
{
	CLEANUP(bytes_done) struct bytes value = BYTES_INIT(CARD_OBJECT_MAX);

	TRY(openpgp_template_put(&card->state, tag, &value));
	if (openpgp_template_is_constructed(tag))
		return tlv_put(answer, tag, bytes_view(&value));
	return bytes_append(answer, bytes_view(&value));
}

/* Before a KDF-DO is written there is one that says: none. */
static struct kc_view kdf_value(const struct kc_bytes *text)
{
	static const uint8_t none[] = {0x81, 0x01, 0x00};

	return text->len > 0 ? view_of(text->data, text->len) : VIEW_OF(none);
}

static uint16_t read_text(struct card *card, uint32_t tag, const struct kc_bytes *text,
			  struct bytes *answer)
{
	struct kc_view value = view_of(text->data, text->len);

	if (!may_read(&card->session.openpgp, tag))
		return SW_NOT_AUTHENTICATED;
	if (tag == OPENPGP_KDF)
		value = kdf_value(text);
	return bytes_append(answer, value) == KC_OK ? SW_OK : SW_INTERNAL;
}

uint16_t openpgp_data_get(struct card *card, const struct apdu_command *command,
			  struct bytes *answer)
{
	uint32_t tag = tag_of(command);
	const struct kc_bytes *text = openpgp_state_find_text(&card->state.openpgp, tag);

	if (tag == OPENPGP_CERTIFICATE)
		return read_certificate(card, answer);
	if (text)
		return read_text(card, tag, text, answer);
	return put_object(card, tag, answer) == KC_OK ? SW_OK : SW_NO_REFERENCE;
}

/* --- writing --- */

static uint16_t done(struct card *card, enum kc_status status)
{
	if (status != KC_OK)
		return SW_NO_SPACE;
	card->is_changed = true;
	return SW_OK;
}

static uint16_t write_fixed(struct card *card, uint8_t *place, size_t size, struct kc_view value)
{
	if (value.len != size)
		return SW_WRONG_DATA;
	memcpy(place, value.data, size);
	return done(card, KC_OK);
}

/* A key of other attributes is no key any more. */
static uint16_t write_attributes(struct card *card, size_t index, struct kc_view value)
{
	struct openpgp_key *key = &card->state.openpgp.keys[index];
	const struct key_type *type = openpgp_type_for(index, value);

	if (!type)
		return SW_WRONG_DATA;
	if (type != key->type)
		openpgp_state_put_key(&card->state.openpgp, index, NULL, OPENPGP_KEY_ABSENT);
	key->type = type;
	return done(card, KC_OK);
}

/* 4.4.3.6: a flag that is fixed stays so. */
static uint16_t write_touch(struct card *card, size_t index, struct kc_view value)
{
	struct openpgp_key *key = &card->state.openpgp.keys[index];

	if (value.len != TOUCH_VALUE_BYTES || value.data[0] > OPENPGP_TOUCH_FIXED)
		return SW_WRONG_DATA;
	if (key->touch == OPENPGP_TOUCH_FIXED)
		return SW_CONDITIONS;
	key->touch = value.data[0];
	return done(card, KC_OK);
}

static uint16_t write_password_status(struct card *card, struct kc_view value)
{
	if (value.len == 0 || value.data[0] > 1)
		return SW_WRONG_DATA;
	card->state.openpgp.is_pw1_lasting = value.data[0] == 1;
	return done(card, KC_OK);
}

static uint16_t write_certificate(struct card *card, struct kc_view value)
{
	struct openpgp_key *key = key_with_occurrence(card, card->session.openpgp.occurrence);

	return done(card, openpgp_state_replace(&key->certificate, value, OPENPGP_CERTIFICATE_MAX));
}

/* Objects of which there is one for each key, in a row of tags. */
static uint16_t write_of_key(struct card *card, uint32_t tag, struct kc_view value)
{
	struct openpgp_key *keys = card->state.openpgp.keys;

	if (tag - OPENPGP_ATTRIBUTES_FIRST < OPENPGP_N_KEYS)
		return write_attributes(card, tag - OPENPGP_ATTRIBUTES_FIRST, value);
	if (tag - OPENPGP_TOUCH_FIRST < OPENPGP_N_KEYS)
		return write_touch(card, tag - OPENPGP_TOUCH_FIRST, value);
	if (tag - OPENPGP_FINGERPRINT_FIRST < OPENPGP_N_KEYS)
		return write_fixed(card, keys[tag - OPENPGP_FINGERPRINT_FIRST].fingerprint,
				   OPENPGP_FINGERPRINT_BYTES, value);
	if (tag - OPENPGP_CA_FINGERPRINT_FIRST < OPENPGP_N_KEYS)
		return write_fixed(card, keys[tag - OPENPGP_CA_FINGERPRINT_FIRST].ca_fingerprint,
				   OPENPGP_FINGERPRINT_BYTES, value);
	if (tag - OPENPGP_TIME_FIRST < OPENPGP_N_KEYS)
		return write_fixed(card, keys[tag - OPENPGP_TIME_FIRST].time, OPENPGP_TIME_BYTES,
				   value);
	return SW_NO_REFERENCE;
}

static uint16_t write_object(struct card *card, uint32_t tag, struct kc_view value)
{
	struct kc_bytes *text = openpgp_state_find_text(&card->state.openpgp, tag);

	switch (tag) {
	case OPENPGP_PASSWORD_STATUS:
		return write_password_status(card, value);
	case OPENPGP_RESET_CODE:
		return openpgp_password_put_reset_code(card, value);
	case OPENPGP_KDF:
		return openpgp_password_put_kdf(card, value);
	case OPENPGP_CERTIFICATE:
		return write_certificate(card, value);
	default:
		break;
	}
	if (text)
		return done(card, openpgp_state_replace(text, value, OPENPGP_OBJECT_MAX));
	return write_of_key(card, tag, value);
}

/* 4.4.1: the administrator writes, but for two objects of the user's own. */
static bool may_write(const struct openpgp_session *session, uint32_t tag)
{
	if (tag == PRIVATE_BY_USER_1 || tag == PRIVATE_BY_USER_3)
		return session->is_user_verified;
	return session->is_admin_verified;
}

uint16_t openpgp_data_put(struct card *card, const struct apdu_command *command,
			  struct bytes *answer)
{
	uint32_t tag = tag_of(command);

	(void)answer;
	if (!may_write(&card->session.openpgp, tag))
		return SW_NOT_AUTHENTICATED;
	return write_object(card, tag, command->data);
}
