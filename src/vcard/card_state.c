/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The memory of the card. CHUID and CCC of a factory card follow SP 800-73-5 part 1, appendix A,
 * tables 8 and 9; their identifiers are random, so that every card is another token.
 */
#include "vcard/card_state.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <time.h>

#include "base/try.h"
#include "codec/tlv.h"

enum {
	IDENTITY_OBJECT_MAX = 256,
	EXPIRY_YEARS = 10,
	EXPIRY_TEXT_BYTES = 8,
	GUID_BYTES = 16,
	CCC_RANDOM_BYTES = 14,
};

static const uint8_t factory_management_key[24] = {1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4,
						   5, 6, 7, 8, 1, 2, 3, 4, 5, 6, 7, 8};

/*
 * The FASC-N that says "not issued by a federal agency" (agency code 9999), with its parity bits:
 * SP 800-73-5 part 1, 3.1.2 wants it present even then.
 */
static const uint8_t foreign_fascn[25] = {0xD4, 0xE7, 0x39, 0xDA, 0x73, 0x9C, 0xED, 0x39, 0xCE,
					  0x73, 0x9D, 0x83, 0x68, 0x58, 0x21, 0x08, 0x42, 0x10,
					  0x84, 0x21, 0xC8, 0x42, 0x10, 0xC3, 0xEB};

/* GSC-IS registered identifier, manufacturer FF, card type 02 (a card with its own runtime). */
static const uint8_t ccc_prefix[7] = {0xA0, 0x00, 0x00, 0x01, 0x16, 0xFF, 0x02};

static enum kc_status random_bytes(uint8_t *buffer, size_t len)
{
	REQUIRE(RAND_bytes(buffer, (int)len) == 1, KC_ERR_INTERNAL, "no random numbers");
	return KC_OK;
}

static enum kc_status expiry_text(char text[EXPIRY_TEXT_BYTES + 1])
{
	time_t now = time(NULL);
	struct tm date;

	REQUIRE(gmtime_r(&now, &date), KC_ERR_INTERNAL, "no calendar date");
	date.tm_year += EXPIRY_YEARS;
	if (date.tm_mon == 1 && date.tm_mday == 29)
		date.tm_mday = 28;
	REQUIRE(strftime(text, EXPIRY_TEXT_BYTES + 1, "%Y%m%d", &date) == EXPIRY_TEXT_BYTES,
		KC_ERR_INTERNAL, "no calendar date");
	return KC_OK;
}

static enum kc_status put_chuid(struct card_state *state)
{
	CLEANUP(bytes_done) struct bytes bytes = BYTES_INIT(IDENTITY_OBJECT_MAX);
	char expiry[EXPIRY_TEXT_BYTES + 1];
	uint8_t guid[GUID_BYTES];

	TRY(random_bytes(guid, sizeof(guid)));
	guid[6] = (uint8_t)(0x40 | (guid[6] & 0x0f)); /* RFC 4122 version 4 */
	guid[8] = (uint8_t)(0x80 | (guid[8] & 0x3f));
	TRY(expiry_text(expiry));
	TRY(tlv_put(&bytes, 0x30, VIEW_OF(foreign_fascn)));
	TRY(tlv_put(&bytes, 0x34, VIEW_OF(guid)));
	TRY(tlv_put(&bytes, 0x35, view_of_text(expiry)));
	TRY(tlv_put(&bytes, 0x3E, view_of_text("")));
	TRY(tlv_put(&bytes, 0xFE, view_of_text("")));
	return card_state_put_object(state, PIV_CHUID, bytes_view(&bytes));
}

static enum kc_status put_ccc(struct card_state *state)
{
	/* Tag and value of the one-byte fields: version 2.1, PKCS#15 none, data model 10. */
	static const uint8_t versions[] = {
		0xF1, 0x01, 0x21, 0xF2, 0x01, 0x21, 0xF3, 0x00, 0xF4, 0x01, 0x00, 0xF5, 0x01, 0x10,
		0xF6, 0x00, 0xF7, 0x00, 0xFA, 0x00, 0xFB, 0x00, 0xFC, 0x00, 0xFD, 0x00, 0xFE, 0x00};
	CLEANUP(bytes_done) struct bytes bytes = BYTES_INIT(IDENTITY_OBJECT_MAX);
	uint8_t identifier[CCC_RANDOM_BYTES];

	TRY(random_bytes(identifier, sizeof(identifier)));
	TRY(tlv_put_header(&bytes, 0xF0, sizeof(ccc_prefix) + sizeof(identifier)));
	TRY(bytes_append(&bytes, VIEW_OF(ccc_prefix)));
	TRY(bytes_append(&bytes, VIEW_OF(identifier)));
	TRY(bytes_append(&bytes, VIEW_OF(versions)));
	return card_state_put_object(state, PIV_CCC, bytes_view(&bytes));
}

static enum kc_status fill_factory(struct card_state *state)
{
	TRY(card_state_set_pin(&state->pin, CARD_DEFAULT_PIN));
	TRY(card_state_set_pin(&state->puk, CARD_DEFAULT_PUK));
	TRY(card_state_set_pin(&state->global_pin, CARD_DEFAULT_GLOBAL_PIN));
	state->management.cipher = piv_cipher_find(PIV_3DES);
	state->management.touch_policy = PIV_TOUCH_NEVER;
	memcpy(state->management.value, factory_management_key, sizeof(factory_management_key));
	TRY(put_chuid(state));
	return put_ccc(state);
}

static enum kc_status init_with_serial(uint32_t serial, const struct card_manner *manner,
				       struct card_state *ret_state)
{
	CLEANUP(card_state_done) struct card_state state = {.serial = serial, .manner = *manner};

	TRY(fill_factory(&state));
	*ret_state = state;
	memset(&state, 0, sizeof(state));
	return KC_OK;
}

enum kc_status card_state_init(struct card_state *ret_state)
{
	const struct card_manner manner = {.extended_max = CARD_EXTENDED_MAX};
	uint32_t serial = 0;

	TRY(random_bytes((uint8_t *)&serial, sizeof(serial)));
	/* Eight digits, as such numbers are printed on cards; never zero. */
	return init_with_serial(10000000 + serial % 90000000, &manner, ret_state);
}

enum kc_status card_state_reset(struct card_state *state)
{
	struct card_state fresh;

	TRY(init_with_serial(state->serial, &state->manner, &fresh));
	fresh.openpgp = state->openpgp;
	memset(&state->openpgp, 0, sizeof(state->openpgp));
	card_state_done(state);
	*state = fresh;
	return KC_OK;
}

void card_state_done(struct card_state *state)
{
	for (size_t i = 0; i < PIV_N_SLOTS; i++)
		EVP_PKEY_free(state->keys[i].pkey);
	for (size_t i = 0; i < state->n_objects; i++)
		kc_bytes_free(&state->objects[i].value);
	free(state->objects);
	openpgp_state_done(&state->openpgp);
	OPENSSL_cleanse(state, sizeof(*state));
}

static bool pin_from_text(const char *text, uint8_t value[CARD_PIN_BYTES])
{
	size_t len = strlen(text);

	if (len < CARD_PIN_MIN || len > CARD_PIN_BYTES)
		return false;
	memset(value, 0xFF, CARD_PIN_BYTES);
	memcpy(value, text, len);
	return true;
}

enum kc_status card_state_set_pin(struct card_pin *pin, const char *text)
{
	uint8_t value[CARD_PIN_BYTES];

	REQUIRE(pin_from_text(text, value), KC_ERR_PARAM, "a PIN has %d to %d characters",
		CARD_PIN_MIN, CARD_PIN_BYTES);
	memcpy(pin->value, value, sizeof(value));
	pin->tries_max = CARD_PIN_TRIES;
	pin->tries_left = CARD_PIN_TRIES;
	OPENSSL_cleanse(value, sizeof(value));
	return KC_OK;
}

enum kc_status card_state_set_user_pin(struct card_state *state, const char *text)
{
	struct openpgp_secret *pw1 = &state->openpgp.passwords[OPENPGP_PASSWORD_USER];

	TRY(card_state_set_pin(&state->pin, text));
	return state->openpgp.is_on ? openpgp_state_set_password(pw1, view_of_text(text)) : KC_OK;
}

const char *card_state_name(const struct card_state *state)
{
	if (!state->openpgp.is_on)
		return "PIV";
	return state->lacks_piv ? "OpenPGP" : "PIV and OpenPGP";
}

bool card_state_pin_is(const struct card_pin *pin, const char *text)
{
	uint8_t value[CARD_PIN_BYTES];

	return pin_from_text(text, value) && CRYPTO_memcmp(value, pin->value, sizeof(value)) == 0;
}

bool card_state_management_is_default(const struct card_management_key *management)
{
	return management->cipher->id == PIV_3DES &&
	       CRYPTO_memcmp(management->value, factory_management_key,
			     sizeof(factory_management_key)) == 0;
}

struct card_key *card_state_find_key(struct card_state *state, unsigned reference)
{
	for (size_t i = 0; i < PIV_N_SLOTS; i++)
		if (piv_slot_at(i)->reference == reference)
			return &state->keys[i];
	return NULL;
}

void card_state_put_key(struct card_state *state, unsigned reference, struct card_key *key)
{
	struct card_key *place = card_state_find_key(state, reference);

	EVP_PKEY_free(place->pkey);
	*place = *key;
	key->pkey = NULL;
}

static struct card_object *find_object(const struct card_state *state, uint32_t tag)
{
	for (size_t i = 0; i < state->n_objects; i++)
		if (state->objects[i].tag == tag)
			return &state->objects[i];
	return NULL;
}

bool card_state_find_object(const struct card_state *state, uint32_t tag, struct kc_view *ret_view)
{
	const struct card_object *object = find_object(state, tag);

	if (object)
		*ret_view = view_of(object->value.data, object->value.len);
	return object != NULL;
}

static void remove_object(struct card_state *state, uint32_t tag)
{
	struct card_object *object = find_object(state, tag);

	if (!object)
		return;
	kc_bytes_free(&object->value);
	*object = state->objects[--state->n_objects];
}

static enum kc_status add_object(struct card_state *state, uint32_t tag)
{
	struct card_object *more = NULL;

	REQUIRE(state->n_objects < CARD_N_OBJECTS_MAX, KC_ERR_PARAM, "the card is full");
	more = realloc(state->objects, (state->n_objects + 1) * sizeof(*more));
	REQUIRE(more, KC_ERR_ALLOCATE, "out of memory");
	state->objects = more;
	state->objects[state->n_objects++] = (struct card_object){.tag = tag};
	return KC_OK;
}

enum kc_status card_state_put_object(struct card_state *state, uint32_t tag, struct kc_view value)
{
	CLEANUP(bytes_done) struct bytes copy = BYTES_INIT(CARD_OBJECT_MAX);
	struct card_object *object = NULL;

	if (value.len == 0) {
		remove_object(state, tag);
		return KC_OK;
	}
	TRY(bytes_append(&copy, value));
	if (!find_object(state, tag))
		TRY(add_object(state, tag));
	object = find_object(state, tag);
	kc_bytes_free(&object->value);
	object->value = bytes_take(&copy);
	return KC_OK;
}
