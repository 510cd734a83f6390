/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The TLV reader on any bytes, nested as deep as they say. What it read is written again: DER of
 * the same tag and value must read back as the same.
 */
#include <stdlib.h>

#include "base/error.h"
#include "codec/tlv.h"

enum {
	DEPTH_MAX = 8,
};

static void check_written(const struct tlv *tlv)
{
	struct bytes written = BYTES_INIT(tlv->value.len + 16);
	struct tlv again = {0};
	struct kc_view rest = {NULL, 0};

	if (tlv_put(&written, tlv->tag, tlv->value) != KC_OK)
		abort();
	rest = bytes_view(&written);
	/* A tag that starts with zero bytes is written shorter: it is another one then. */
	if (tlv->record.data[0] != 0 &&
	    (tlv_read(&rest, &again) != KC_OK || again.tag != tlv->tag || rest.len != 0 ||
	     !view_equal(again.value, tlv->value)))
		abort();
	bytes_done(&written);
}

static void walk(struct kc_view input, int depth)
{
	struct tlv tlv = {0};

	while (input.len > 0 && tlv_read(&input, &tlv) == KC_OK) {
		check_written(&tlv);
		if (depth < DEPTH_MAX)
			walk(tlv.value, depth + 1);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint32_t tags[] = {0x53, 0x70, 0x71, 0x7F49, 0x5FC102, 0x34};
	struct kc_view value = {NULL, 0};

	walk(view_of(data, size), 0);
	for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++) {
		if (tlv_has(view_of(data, size), tags[i], &value) &&
		    (value.data < data || value.data + value.len > data + size))
			abort();
	}
	error_clear();
	return 0;
}
