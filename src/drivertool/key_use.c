/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Data for each base operation of the interface, as long as the key wants it. */
#include "drivertool/key_use.h"

#include <stdlib.h>
#include <string.h>

#include "base/try.h"
#include "codec/hex.h"

enum {
	DATA_MAX = 4096,
	DIGEST_BYTES_MAX = 64,
	BITS_MAX = 16384,
	POINT_UNCOMPRESSED = 0x04,
};

/* RFC 8017 9.2, note 1: the DigestInfo of SHA-256, before the digest. */
static const uint8_t digest_info[] = {0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01,
				      0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20};

void key_use_done(struct key_use *use)
{
	free(use->object_id);
	free(use->algorithm);
	bytes_done(&use->data);
	*use = (struct key_use){.method = NULL};
}

static enum kc_status fill_with(struct bytes *data, size_t len, uint8_t seed)
{
	for (size_t i = 0; i < len; i++)
		TRY(bytes_append_byte(data, (uint8_t)(seed + i * 11)));
	return KC_OK;
}

static enum kc_status put_digest_info(struct bytes *data, size_t modulus_bytes)
{
	(void)modulus_bytes;
	TRY(bytes_append(data, VIEW_OF(digest_info)));
	return fill_with(data, 32, 1);
}

/* RFC 8017 9.2: EM = 0x00 || 0x01 || PS || 0x00 || T */
static enum kc_status put_padded(struct bytes *data, size_t modulus_bytes)
{
	size_t tail = sizeof(digest_info) + 32;

	TRY(bytes_append_byte(data, 0x00));
	TRY(bytes_append_byte(data, 0x01));
	while (data->len + tail + 1 < modulus_bytes)
		TRY(bytes_append_byte(data, 0xFF));
	TRY(bytes_append_byte(data, 0x00));
	return put_digest_info(data, modulus_bytes);
}

static enum kc_status put_digest(struct bytes *data, size_t field_bytes)
{
	return fill_with(data, field_bytes < DIGEST_BYTES_MAX ? field_bytes : DIGEST_BYTES_MAX, 1);
}

/* Below the modulus, whatever that is. */
static enum kc_status put_ciphertext(struct bytes *data, size_t modulus_bytes)
{
	TRY(bytes_append_byte(data, 0x00));
	return fill_with(data, modulus_bytes - 1, 2);
}

/* Short, or the bytes of a public key of that kind. */
static enum kc_status put_any(struct bytes *data, size_t key_bytes)
{
	return fill_with(data, key_bytes, 4);
}

static enum kc_status put_point(struct bytes *data, size_t field_bytes)
{
	TRY(bytes_append_byte(data, POINT_UNCOMPRESSED));
	return fill_with(data, 2 * field_bytes, 3);
}

/* The first that fits is taken. */
static const struct {
	const char *key_type; /* NULL: any */
	const char *algorithm;
	const char *method;
	const char *input;
	enum kc_status (*fill)(struct bytes *data, size_t key_bytes);
} operations[] = {
	{NULL, "rsa_signature_raw", "Sign", "data", put_padded},
	{NULL, "rsa_signature_digest_pkcs1v15_raw", "Sign", "data", put_digest_info},
	{NULL, "ecdsa_signature_digest_x962", "Sign", "data", put_digest},
	{NULL, "eddsa_signature_message_ed25519", "Sign", "data", put_any},
	{NULL, "rsa_encryption_raw", "Decrypt", "data", put_ciphertext},
	{NULL, "rsa_encryption_pkcs1", "Decrypt", "data", put_ciphertext},
	{"x25519", "ecdh_key_exchange_standard", "Exchange", "public_key", put_any},
	{NULL, "ecdh_key_exchange_standard", "Exchange", "public_key", put_point},
};

size_t key_use_count(struct json_object *object)
{
	struct json_object *algorithms = field_get(object, "algorithms");

	return algorithms ? json_object_array_length(algorithms) : 0;
}

static enum kc_status put_names(struct key_use *use, const char *object_id, const char *algorithm)
{
	use->data = BYTES_INIT(DATA_MAX);
	use->object_id = strdup(object_id);
	use->algorithm = strdup(algorithm);
	REQUIRE(use->object_id && use->algorithm, KC_ERR_ALLOCATE, "out of memory");
	return KC_OK;
}

static bool is_for(const char *wanted, const char *key_type)
{
	return !wanted || (key_type && strcmp(wanted, key_type) == 0);
}

static enum kc_status put_operation(struct key_use *use, const char *key_type, size_t key_bytes)
{
	for (size_t i = 0; i < ARRAY_LEN(operations); i++) {
		if (strcmp(operations[i].algorithm, use->algorithm) != 0 ||
		    !is_for(operations[i].key_type, key_type))
			continue;
		use->method = operations[i].method;
		use->input = operations[i].input;
		return operations[i].fill(&use->data, key_bytes);
	}
	return KC_OK;
}

enum kc_status key_use_make(struct json_object *object, size_t index, struct key_use *ret_use)
{
	CLEANUP(key_use_done) struct key_use use = {.method = NULL};
	const char *object_id = field_text(object, "object_id");
	const char *constraint = field_text(object, "constraint");
	const char *algorithm = json_object_get_string(
		json_object_array_get_idx(field_get(object, "algorithms"), index));
	int64_t bits = field_number(object, "key_size_in_bits", 0);

	TRY(put_names(&use, object_id ? object_id : "", algorithm ? algorithm : ""));
	use.needs_no_pin = constraint && strcmp(constraint, "none") == 0;
	if (bits > 0 && bits <= BITS_MAX)
		TRY(put_operation(&use, field_text(object, "key_type"), ((size_t)bits + 7) / 8));
	*ret_use = use;
	use = (struct key_use){.method = NULL};
	return KC_OK;
}

enum kc_status key_use_recorded(const struct recording_signing *signing, struct key_use *ret_use)
{
	CLEANUP(key_use_done) struct key_use use = {.method = NULL};
	CLEANUP(freep)
	char *object_id = base64_encode(view_of(signing->object_id.data, signing->object_id.len));

	REQUIRE(object_id, KC_ERR_ALLOCATE, "out of memory");
	TRY(put_names(&use, object_id, signing->algorithm));
	use.method = "Sign";
	use.input = "data";
	TRY(bytes_append(&use.data, view_of(signing->data.data, signing->data.len)));
	*ret_use = use;
	use = (struct key_use){.method = NULL};
	return KC_OK;
}
