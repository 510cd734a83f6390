/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CODEC_TLV_H
#define CODEC_TLV_H

/*
 * The TLV forms of ISO 7816-4: BER-TLV as section 5.2.2 has it (reads BER with definite lengths,
 * writes DER), SIMPLE-TLV of section 5.2.1, and COMPACT-TLV of section 8.1.1.2 (historical bytes).
 * Pure: bytes in, records out. A record's views point into the input.
 */

#include <stdbool.h>

#include "base/bytes.h"

struct tlv {
	uint32_t tag;	       /* BER: tag bytes read big-endian: 0x5C, 0x7F49, 0x5FC102 */
	struct kc_view value;  /* borrowed from the input */
	struct kc_view record; /* tag, length and value */
};

/*
 * Read the first record of @input and move @input past it. Tags of up to 4 bytes, lengths of up
 * to 4 bytes. Test input->len first: no record is left in an empty view.
 * Expected: KC_ERR_CORRUPTED_DATA
 */
KC_MUST_CHECK enum kc_status tlv_read(struct kc_view *input, struct tlv *ret_tlv);

/* As tlv_read(), but only tag and length: moves @input past them, where a value may follow or not.
 */
KC_MUST_CHECK enum kc_status tlv_read_header(struct kc_view *input, uint32_t *ret_tag,
					     size_t *ret_len);

/* The value of the first record of @input, which must have @tag, and move @input past it. False: it
 * has another, or none is left, or it is damaged. */
bool tlv_take(struct kc_view *input, uint32_t tag, struct kc_view *ret_value);

/*
 * The first record with @tag among those that make up @input, not looking inside them.
 * Expected: KC_ERR_OBJECT_NOT_FOUND, KC_ERR_CORRUPTED_DATA
 */
KC_MUST_CHECK enum kc_status tlv_find(struct kc_view input, uint32_t tag,
				      struct kc_view *ret_value);

/* As tlv_find(), but false for absent and damaged alike. */
bool tlv_has(struct kc_view input, uint32_t tag, struct kc_view *ret_value);

/* Append one record with the shortest length form. */
KC_MUST_CHECK enum kc_status tlv_put(struct bytes *bytes, uint32_t tag, struct kc_view value);

/* Append only tag and length of a record whose @len value bytes the caller appends next. */
KC_MUST_CHECK enum kc_status tlv_put_header(struct bytes *bytes, uint32_t tag, size_t len);

/* Would a BER reader read @tag's bytes as one tag? */
bool tlv_is_tag(uint32_t tag);
/* Are the values of records with that BER tag records themselves? */
bool tlv_is_constructed(uint32_t tag);

/* SIMPLE-TLV: tags 1 to 254, values of up to 65535 bytes. As tlv_read() and tlv_put();
 * Expected of the latter: KC_ERR_PARAM  no such tag, or too long */
KC_MUST_CHECK enum kc_status tlv_read_simple(struct kc_view *input, struct tlv *ret_tlv);
KC_MUST_CHECK enum kc_status tlv_put_simple(struct bytes *bytes, uint32_t tag,
					    struct kc_view value);

/* COMPACT-TLV: tags 0 to 15, values of up to 15 bytes. */
KC_MUST_CHECK enum kc_status tlv_read_compact(struct kc_view *input, struct tlv *ret_tlv);
KC_MUST_CHECK enum kc_status tlv_put_compact(struct bytes *bytes, uint32_t tag,
					     struct kc_view value);

#endif
