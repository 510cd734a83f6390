/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KEYCASK_TLV_H
#define KEYCASK_TLV_H

/*
 * The tag-length-value forms of ISO 7816-4: BER-TLV (5.2.2), SIMPLE-TLV (5.2.1) and COMPACT-TLV
 * (8.1.1.2, historical bytes). BER is read with any definite length and written as DER. Reading
 * copies nothing: records are views into what was read and live as long as that.
 *
 * Stable since 1.0. Functions here touch no daemon; Threads: any.
 */

#include <stdbool.h>

#include <keycask/bytes.h>
#include <keycask/status.h>

#ifdef __cplusplus
extern "C" {
#endif

enum kc_tlv_form {
	KC_TLV_BER = 0,	    /* tags of up to 4 bytes, read big-endian: 0x5C, 0x7F49, 0x5FC102 */
	KC_TLV_SIMPLE = 1,  /* tags 1 to 254, values of up to 65535 bytes */
	KC_TLV_COMPACT = 2, /* tags 0 to 15, values of up to 15 bytes */
};

struct kc_tlv {
	uint64_t tag;
	struct kc_view value;
	struct kc_view record; /* tag, length and value */
};

/* --- reading --------------------------------------------------------------------------------- */

/*
 * The first record of @input, which moves past it: while (input.len > 0) …
 * Expected: KC_ERR_DECODE  it is none; @input and *ret_tlv are untouched   Since: 1.0
 */
KC_PUBLIC KC_MUST_CHECK enum kc_status kc_tlv_read(enum kc_tlv_form form, struct kc_view *input,
						   struct kc_tlv *ret_tlv);

/* @data is one record and nothing else. Expected: KC_ERR_DECODE   Since: 1.0 */
KC_PUBLIC KC_MUST_CHECK enum kc_status kc_tlv_read_one(enum kc_tlv_form form, struct kc_view data,
						       struct kc_tlv *ret_tlv);

/*
 * @data is a sequence of records and nothing else; none is fine.
 * Expected: KC_ERR_DECODE
 * Ownership: *ret_records is the caller's; free with kc_tlv_free(). Untouched on failure.
 * Since: 1.0
 */
KC_PUBLIC KC_MUST_CHECK enum kc_status kc_tlv_read_all(enum kc_tlv_form form, struct kc_view data,
						       struct kc_tlv **ret_records, size_t *ret_n);
/* NULL is fine. Since: 1.0 */
KC_PUBLIC void kc_tlv_free(struct kc_tlv *records);

/*
 * The value of the first record with @tag among those that make up @data, not looking inside them.
 * Expected: KC_ERR_ITEM_NOT_FOUND; KC_ERR_DECODE  before it was found   Since: 1.0
 */
KC_PUBLIC KC_MUST_CHECK enum kc_status kc_tlv_find(enum kc_tlv_form form, struct kc_view data,
						   uint64_t tag, struct kc_view *ret_value);

/* Are the values of records with that BER tag records themselves? Since: 1.0 */
KC_PUBLIC bool kc_tlv_is_constructed(uint64_t tag);

/* --- writing --------------------------------------------------------------------------------- */

/*
 * One record. Expected: KC_ERR_PARAM  no tag of that form, or a value that is too long for it
 * Ownership: *ret_record is the caller's; free with kc_bytes_free(). Untouched on failure.
 * Since: 1.0
 */
KC_PUBLIC KC_MUST_CHECK enum kc_status kc_tlv_write(enum kc_tlv_form form, uint64_t tag,
						    struct kc_view value,
						    struct kc_bytes *ret_record);

/* A constructed BER record of @n others, of which tag and value count. As kc_tlv_write(); the tag
 * must be a constructed one. Since: 1.0 */
KC_PUBLIC KC_MUST_CHECK enum kc_status kc_tlv_write_records(uint64_t tag,
							    const struct kc_tlv *records, size_t n,
							    struct kc_bytes *ret_record);

/* A BER tag alone, as lists of tags have it (5C). As kc_tlv_write(). Since: 1.0 */
KC_PUBLIC KC_MUST_CHECK enum kc_status kc_tlv_write_tag(uint64_t tag, struct kc_bytes *ret_tag);

#ifdef __cplusplus
}
#endif

#endif
