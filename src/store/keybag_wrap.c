/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Class keys in their wrapping: sealed with seal_close() under a key made from the device key, or
 * from that and the stretched password. Each belongs to its protection class and keybag: exchanged
 * rows do not open.
 */
#include "base/try.h"
#include "store/keybag_impl.h"
#include "store/keybag_rows_impl.h"

enum {
	WRAPPED_BYTES = SEAL_KEY_BYTES + SEAL_OVERHEAD,
};

void keybag_wrap_done(struct keybag_wrap *wrap)
{
	explicit_bzero(wrap, sizeof(*wrap));
}

enum kc_status keybag_wrap_init(const struct keybag *keybag, struct kc_view stretched,
				struct keybag_wrap *ret_wrap)
{
	struct kc_view device_key = secret_view(&keybag->device_key);
	uint8_t text[KEYBAG_ID_BYTES + SEAL_KEY_BYTES];
	enum kc_status status = KC_OK;

	REQUIRE(stretched.len == 0 || stretched.len == SEAL_KEY_BYTES, KC_ERR_PARAM,
		"no stretched password");
	TRY(seal_derive(device_key, "keycask class keys", VIEW_OF(keybag->id), ret_wrap->plain));
	memcpy(ret_wrap->password, ret_wrap->plain, SEAL_KEY_BYTES);
	if (stretched.len == 0)
		return KC_OK;
	memcpy(text, keybag->id, KEYBAG_ID_BYTES);
	memcpy(text + KEYBAG_ID_BYTES, stretched.data, SEAL_KEY_BYTES);
	status = seal_derive(device_key, "keycask class keys with password", VIEW_OF(text),
			     ret_wrap->password);
	explicit_bzero(text, sizeof(text));
	return status;
}

static struct seal_terms class_terms(const struct keybag_wrap *wrap, int protection,
				     struct kc_view owner)
{
	return (struct seal_terms){
		.key = keybag_needs_password(protection) ? VIEW_OF(wrap->password)
							 : VIEW_OF(wrap->plain),
		.purpose = "class key",
		.owner = owner,
	};
}

/* The class, then the keybag. */
static void name_owner(const struct keybag *keybag, int protection,
		       uint8_t ret_owner[1 + KEYBAG_ID_BYTES])
{
	ret_owner[0] = (uint8_t)protection;
	memcpy(ret_owner + 1, keybag->id, KEYBAG_ID_BYTES);
}

enum kc_status keybag_wrap_put(const struct keybag *keybag, const struct keybag_wrap *wrap,
			       int protection, const uint8_t *key)
{
	CLEANUP(bytes_done) struct bytes wrapped = BYTES_INIT(WRAPPED_BYTES);
	uint8_t owner[1 + KEYBAG_ID_BYTES];
	struct seal_terms terms = class_terms(wrap, protection, VIEW_OF(owner));

	name_owner(keybag, protection, owner);
	TRY(seal_close(&terms, view_of(key, SEAL_KEY_BYTES), &wrapped));
	return keybag_rows_put_wrapped(keybag->database, protection, bytes_view(&wrapped));
}

/* Expected: KC_ERR_DECODE  it is not there, damaged, another's, or @wrap is not right */
static enum kc_status unwrap(const struct keybag *keybag, const struct keybag_wrap *wrap,
			     int protection, uint8_t *ret_key)
{
	CLEANUP(bytes_done) struct bytes wrapped = BYTES_INIT(WRAPPED_BYTES);
	CLEANUP(bytes_done) struct bytes key = BYTES_INIT(SEAL_KEY_BYTES);
	uint8_t owner[1 + KEYBAG_ID_BYTES];
	struct seal_terms terms = class_terms(wrap, protection, VIEW_OF(owner));

	name_owner(keybag, protection, owner);
	TRY(keybag_rows_get_wrapped(keybag->database, protection, &wrapped));
	TRY(seal_open(&terms, bytes_view(&wrapped), &key));
	REQUIRE(key.len == SEAL_KEY_BYTES, KC_ERR_DECODE, "a class key of another length");
	memcpy(ret_key, key.data, SEAL_KEY_BYTES);
	return KC_OK;
}

enum kc_status keybag_wrap_open(const struct keybag *keybag, struct kc_view stretched,
				bool of_password, struct keybag_keys *ret_keys, int *ret_n_open)
{
	CLEANUP(keybag_wrap_done) struct keybag_wrap wrap;
	enum kc_status status = KC_OK;
	int n_open = 0;

	TRY(keybag_wrap_init(keybag, stretched, &wrap));
	for (int i = KEYBAG_WHEN_UNLOCKED; i < KEYBAG_CLASSES_END; i++) {
		if (keybag_needs_password(i) != of_password || !keybag_exists(keybag, i))
			continue;
		status = unwrap(keybag, &wrap, i, ret_keys->key[i]);
		ret_keys->is_there[i] = status == KC_OK;
		n_open += status == KC_OK;
		if (status != KC_OK && status != KC_ERR_DECODE)
			return status;
		error_clear();
	}
	*ret_n_open = n_open;
	return KC_OK;
}
