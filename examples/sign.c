/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Sign standard input with whichever key of a card can sign; a person is asked for the PIN.
 *
 *	cc sign.c $(pkg-config --cflags --libs keycask)
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include <keycask/error.h>
#include <keycask/item.h>
#include <keycask/key.h>

static enum kc_status find_key(const char *key_type, struct kc_key **key)
{
	struct kc_dictionary *query = KC_DICTIONARY(
		{KC_CLASS, KC_TEXT(KC_CLASS_IDENTITY)}, {KC_ATTR_KEY_TYPE, KC_TEXT(key_type)},
		{KC_ATTR_CAN_SIGN, KC_TRUE}, {KC_RETURN_REF, KC_TRUE});
	struct kc_value *item = NULL;
	enum kc_status status = kc_item_copy_matching(query, &item);

	if (status == KC_OK)
		status = kc_key_from_item(item, key);
	kc_value_free(item);
	kc_dictionary_free(query);
	return status;
}

/* An RSA key or, when there is none, one on an elliptic curve; and how to sign with it. */
static enum kc_status find_any_key(struct kc_key **key, const char **algorithm)
{
	enum kc_status status = find_key(KC_KEY_TYPE_NAME_RSA, key);

	*algorithm = KC_ALGORITHM_RSA_SIGNATURE_MESSAGE_PKCS1V15_SHA256;
	if (status != KC_ERR_ITEM_NOT_FOUND)
		return status;
	*algorithm = KC_ALGORITHM_ECDSA_SIGNATURE_MESSAGE_X962_SHA256;
	return find_key(KC_KEY_TYPE_NAME_EC, key);
}

static enum kc_status sign(const struct kc_key *key, const char *algorithm, struct kc_view data)
{
	struct kc_options options = KC_OPTIONS_INIT;
	struct kc_bytes signature = {NULL, 0};
	enum kc_status status = KC_OK;

	options.operation_prompt = "try the signing example";
	status = kc_key_sign(key, algorithm, data, &options, &signature);
	if (status == KC_OK)
		fwrite(signature.data, 1, signature.len, stdout);
	kc_bytes_free(&signature);
	return status;
}

/* All of standard input, to be freed; false when it cannot be read or held. */
static bool read_all(unsigned char **data, size_t *len)
{
	size_t size = 0;

	while (!feof(stdin) && !ferror(stdin)) {
		if (*len == size) {
			unsigned char *more = realloc(*data, size + 65536);

			if (!more)
				return false;
			*data = more;
			size += 65536;
		}
		*len += fread(*data + *len, 1, size - *len, stdin);
	}
	return !ferror(stdin);
}

static enum kc_status find_and_sign(struct kc_view data)
{
	const char *algorithm = NULL;
	struct kc_key *key = NULL;
	enum kc_status status = find_any_key(&key, &algorithm);

	if (status == KC_OK)
		status = sign(key, algorithm, data);
	if (status != KC_OK)
		fprintf(stderr, "%s\n%s\n", kc_error_message(kc_error_last()),
			kc_error_hint(kc_error_last()));
	kc_key_free(key);
	return status;
}

int main(void)
{
	unsigned char *buffer = NULL;
	struct kc_view data = {NULL, 0};
	bool is_signed = false;

	if (read_all(&buffer, &data.len)) {
		data.data = buffer;
		is_signed = find_and_sign(data) == KC_OK;
	} else {
		perror("cannot read standard input");
	}
	free(buffer);
	return is_signed ? 0 : 1;
}
