/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Growing buffers with a maximum. Old blocks are wiped: they may have held a PIN on its way. */
#include "base/bytes.h"

#include <stdlib.h>
#include <string.h>

#include "base/try.h"

enum {
	SMALLEST_BLOCK = 64,
};

void bytes_done(struct bytes *bytes)
{
	if (bytes->data)
		explicit_bzero(bytes->data, bytes->capacity);
	free(bytes->data);
	*bytes = BYTES_INIT(bytes->max);
}

static size_t grown(const struct bytes *bytes, size_t needed)
{
	size_t capacity = bytes->capacity ? bytes->capacity : SMALLEST_BLOCK;

	while (capacity < needed)
		capacity *= 2;
	return capacity < bytes->max ? capacity : bytes->max;
}

enum kc_status bytes_reserve(struct bytes *bytes, size_t extra)
{
	uint8_t *block = NULL;
	size_t capacity = 0;

	REQUIRE(extra <= bytes->max - bytes->len, KC_ERR_PARAM,
		"more than the %zu bytes that fit here", bytes->max);
	if (extra <= bytes->capacity - bytes->len)
		return KC_OK;
	capacity = grown(bytes, bytes->len + extra);
	block = malloc(capacity);
	REQUIRE(block, KC_ERR_ALLOCATE, "out of memory");
	if (bytes->data) {
		memcpy(block, bytes->data, bytes->len);
		explicit_bzero(bytes->data, bytes->capacity);
		free(bytes->data);
	}
	bytes->data = block;
	bytes->capacity = capacity;
	return KC_OK;
}

enum kc_status bytes_append(struct bytes *bytes, struct kc_view view)
{
	if (view.len == 0)
		return KC_OK;
	TRY(bytes_reserve(bytes, view.len));
	memcpy(bytes->data + bytes->len, view.data, view.len);
	bytes->len += view.len;
	return KC_OK;
}

enum kc_status bytes_append_byte(struct bytes *bytes, uint8_t byte)
{
	return bytes_append(bytes, view_of(&byte, 1));
}

void bytes_consume(struct bytes *bytes, size_t n)
{
	size_t rest = bytes->len - n;

	if (n == 0)
		return;
	memmove(bytes->data, bytes->data + n, rest);
	explicit_bzero(bytes->data + rest, n);
	bytes->len = rest;
}

struct kc_bytes bytes_take(struct bytes *bytes)
{
	struct kc_bytes out = {bytes->data, bytes->len};

	*bytes = BYTES_INIT(bytes->max);
	return out;
}

char *view_copy_text(struct kc_view view)
{
	char *text = malloc(view.len + 1);

	if (!text)
		return NULL;
	if (view.len > 0)
		memcpy(text, view.data, view.len);
	text[view.len] = '\0';
	return text;
}

void kc_bytes_free(struct kc_bytes *bytes)
{
	if (!bytes)
		return;
	if (bytes->data)
		explicit_bzero(bytes->data, bytes->len);
	free(bytes->data);
	*bytes = (struct kc_bytes){NULL, 0};
}
