/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Class, flags, item_id, length of the attributes, attributes; what follows is the secret. */
#include "items/backup_record.h"

#include "base/try.h"

enum {
	FLAGS_AT = 1,
	ID_AT = 2,
	LENGTH_AT = ID_AT + SCHEMA_ID_BYTES,
	LENGTH_BYTES = 4,
	HEAD_BYTES = LENGTH_AT + LENGTH_BYTES,
	FLAG_SECRET = 1,
};

/* Numbers of classes are in files: they never change. */
static const uint8_t codes[] = {
	[VOCABULARY_GENERIC_PASSWORD] = 1,
	[VOCABULARY_INTERNET_PASSWORD] = 2,
	[VOCABULARY_CERTIFICATE] = 3,
	[VOCABULARY_KEY] = 4,
};

enum kc_status backup_record_put(const struct backup_record *record, struct bytes *bytes)
{
	uint8_t head[HEAD_BYTES] = {codes[record->item_class],
				    record->has_secret ? FLAG_SECRET : 0};

	memcpy(head + ID_AT, record->item_id, SCHEMA_ID_BYTES);
	for (int i = 0; i < LENGTH_BYTES; i++)
		head[LENGTH_AT + i] =
			(uint8_t)(record->attributes.len >> (8 * (LENGTH_BYTES - 1 - i)));
	TRY(bytes_append(bytes, VIEW_OF(head)));
	TRY(bytes_append(bytes, record->attributes));
	return bytes_append(bytes, record->secret);
}

static bool find_class(uint8_t code, enum vocabulary_class *ret_class)
{
	for (size_t i = 0; i < ARRAY_LEN(codes); i++) {
		if (codes[i] == code) {
			*ret_class = (enum vocabulary_class)i;
			return true;
		}
	}
	return false;
}

enum kc_status backup_record_get(struct kc_view bytes, struct backup_record *ret_record)
{
	struct backup_record record = {.has_secret = false};
	size_t len = 0;

	REQUIRE(bytes.len >= HEAD_BYTES && find_class(bytes.data[0], &record.item_class) &&
			bytes.data[FLAGS_AT] <= FLAG_SECRET,
		KC_ERR_DECODE, "an item of the backup is damaged");
	record.has_secret = bytes.data[FLAGS_AT] == FLAG_SECRET;
	memcpy(record.item_id, bytes.data + ID_AT, SCHEMA_ID_BYTES);
	for (size_t i = 0; i < LENGTH_BYTES; i++)
		len = len << 8 | bytes.data[LENGTH_AT + i];
	REQUIRE(len <= bytes.len - HEAD_BYTES &&
			(record.has_secret || len == bytes.len - HEAD_BYTES),
		KC_ERR_DECODE, "an item of the backup is damaged");
	record.attributes = view_slice(bytes, HEAD_BYTES, len);
	record.secret = view_slice(bytes, HEAD_BYTES + len, bytes.len);
	*ret_record = record;
	return KC_OK;
}
