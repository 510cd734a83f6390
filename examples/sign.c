/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Sign standard input with whichever RSA key of a card is there; a person is asked for the PIN.
 *
 *	cc sign.c $(pkg-config --cflags --libs keycask)
 */
#include <stdio.h>

#include <keycask/error.h>
#include <keycask/item.h>
#include <keycask/key.h>

static enum kc_status find_key(struct kc_key **key)
{
	struct kc_dictionary *query =
		KC_DICTIONARY({KC_CLASS, KC_TEXT(KC_CLASS_IDENTITY)},
			      {KC_ATTR_KEY_TYPE, KC_TEXT(KC_KEY_TYPE_NAME_RSA)},
			      {KC_ATTR_CAN_SIGN, KC_TRUE}, {KC_RETURN_REF, KC_TRUE});
	struct kc_value *item = NULL;
	enum kc_status status = kc_item_copy_matching(query, &item);

	if (status == KC_OK)
		status = kc_key_from_item(item, key);
	kc_value_free(item);
	kc_dictionary_free(query);
	return status;
}

static enum kc_status sign(const struct kc_key *key, struct kc_view data)
{
	struct kc_options options = KC_OPTIONS_INIT;
	struct kc_bytes signature = {NULL, 0};
	enum kc_status status = KC_OK;

	options.operation_prompt = "try the signing example";
	status = kc_key_sign(key, KC_ALGORITHM_RSA_SIGNATURE_MESSAGE_PKCS1V15_SHA256, data,
			     &options, &signature);
	if (status == KC_OK)
		fwrite(signature.data, 1, signature.len, stdout);
	kc_bytes_free(&signature);
	return status;
}

int main(void)
{
	static unsigned char buffer[65536];
	struct kc_view data = {buffer, fread(buffer, 1, sizeof(buffer), stdin)};
	struct kc_key *key = NULL;
	enum kc_status status = find_key(&key);

	if (status == KC_OK)
		status = sign(key, data);
	if (status != KC_OK)
		fprintf(stderr, "%s\n%s\n", kc_error_message(kc_error_last()),
			kc_error_hint(kc_error_last()));
	kc_key_free(key);
	return status == KC_OK ? 0 : 1;
}
