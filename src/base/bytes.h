/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BASE_BYTES_H
#define BASE_BYTES_H

/*
 * struct bytes: an owned, growing buffer with a mandatory maximum, so that no peer can make us
 * allocate without end. For secrets use struct secret. Views over it die when it grows.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <keycask/bytes.h>
#include <keycask/status.h>

#include "base/cleanup.h"

struct bytes {
	uint8_t *data;
	size_t len;
	size_t capacity;
	size_t max;
};

#define BYTES_INIT(max_) ((struct bytes){.max = (max_)})

/* Release the buffer; the struct stays usable and empty. Accepts a zeroed struct. */
void bytes_done(struct bytes *bytes);

/* Make room for @extra more bytes. Expected: KC_ERR_PARAM  more than the maximum. */
KC_MUST_CHECK enum kc_status bytes_reserve(struct bytes *bytes, size_t extra);
KC_MUST_CHECK enum kc_status bytes_append(struct bytes *bytes, struct kc_view view);
KC_MUST_CHECK enum kc_status bytes_append_byte(struct bytes *bytes, uint8_t byte);

/* Drop the first @n bytes, wiping what they leave behind. */
void bytes_consume(struct bytes *bytes, size_t n);

/* Hand the content over as a public kc_bytes; @bytes becomes empty. */
struct kc_bytes bytes_take(struct bytes *bytes);

/* A copy of @view and a zero byte behind it, for free(). NULL: out of memory. Other than strndup()
 * it reads nothing behind @view, and does not stop at a zero byte in it. */
char *view_copy_text(struct kc_view view);

static inline struct kc_view bytes_view(const struct bytes *bytes)
{
	return (struct kc_view){bytes->data, bytes->len};
}

static inline struct kc_view view_of(const void *data, size_t len)
{
	return (struct kc_view){data, len};
}

static inline struct kc_view view_of_text(const char *text)
{
	return (struct kc_view){(const uint8_t *)text, text ? strlen(text) : 0};
}

static inline bool view_equal(struct kc_view a, struct kc_view b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

/* The part of @view from @offset on, at most @len bytes; empty when out of range. */
static inline struct kc_view view_slice(struct kc_view view, size_t offset, size_t len)
{
	if (offset >= view.len)
		return (struct kc_view){view.data, 0};
	return (struct kc_view){view.data + offset,
				len < view.len - offset ? len : view.len - offset};
}

/* A view over an array literal or variable: VIEW_OF(array). */
#define VIEW_OF(array) view_of((array), sizeof(array))

#endif
