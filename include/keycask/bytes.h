/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KEYCASK_BYTES_H
#define KEYCASK_BYTES_H

/*
 * The two public byte types. Ownership is in the type: a view is borrowed and never freed through,
 * a kc_bytes belongs to whoever holds it and is given back with kc_bytes_free().
 *
 * Stable since 1.0, as is all of the library: functions, types and constants stay as they are, and
 * what is added later says since when. These two structs, kc_entry, kc_literal, kc_tlv, kc_ins and
 * kc_atr_interface_group are what they are for good. Structs whose first field is their size may
 * get longer; start them from their _INIT macro, and programs and libraries of different ages
 * understand each other. Enumerations are of the size of int and may get more values.
 *
 * Threads: any.
 */

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

#define KC_PUBLIC     __attribute__((visibility("default")))
#define KC_MUST_CHECK __attribute__((warn_unused_result))

/* Borrowed bytes. @data may be NULL when @len is 0. Valid as long as the owner keeps them. */
struct kc_view {
	const uint8_t *data;
	size_t len;
};

/* Owned bytes, from the heap. A zeroed struct is empty and may be freed. */
struct kc_bytes {
	uint8_t *data;
	size_t len;
};

/* Views of what there is, without a cast: of @len bytes, of a text without its zero byte (NULL:
 * empty), of owned bytes. */
static inline struct kc_view kc_view_of(const void *data, size_t len)
{
	struct kc_view view;

	view.data = (const uint8_t *)data;
	view.len = len;
	return view;
}

static inline struct kc_view kc_view_of_text(const char *text)
{
	return kc_view_of(text, text ? strlen(text) : 0);
}

static inline struct kc_view kc_view_of_bytes(const struct kc_bytes *bytes)
{
	return kc_view_of(bytes->data, bytes->len);
}

/* Wipe and release what @bytes holds, and make it empty. NULL and empty are fine.
 * Threads: any, one at a time.   Since: 1.0 */
KC_PUBLIC void kc_bytes_free(struct kc_bytes *bytes);

#ifdef __cplusplus
}
#endif

#endif
