/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * SIMPLE-TLV and COMPACT-TLV on any bytes: the first byte chooses the form. A record that was read
 * is written again and must come out as it went in, unless it used a longer length than it needed.
 */
#include <stdlib.h>

#include "base/error.h"
#include "codec/tlv.h"

struct form {
	enum kc_status (*read)(struct kc_view *input, struct tlv *ret_tlv);
	enum kc_status (*put)(struct bytes *bytes, uint32_t tag, struct kc_view value);
};

static const struct form forms[] = {
	{tlv_read_simple, tlv_put_simple},
	{tlv_read_compact, tlv_put_compact},
};

static void check_record(const struct form *form, const struct tlv *tlv)
{
	struct bytes written = BYTES_INIT(tlv->record.len + 8);
	struct tlv again = {0};
	struct kc_view rest = {NULL, 0};

	if (form->put(&written, tlv->tag, tlv->value) != KC_OK)
		abort();
	rest = bytes_view(&written);
	if (form->read(&rest, &again) != KC_OK || rest.len != 0 || again.tag != tlv->tag ||
	    !view_equal(again.value, tlv->value) || written.len > tlv->record.len)
		abort();
	bytes_done(&written);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct kc_view input = view_slice(view_of(data, size), 1, size);
	const struct form *form = &forms[size > 0 ? data[0] & 1 : 0];
	struct tlv tlv = {0};

	error_clear();
	while (input.len > 0 && form->read(&input, &tlv) == KC_OK) {
		if (tlv.record.data < data || tlv.record.data + tlv.record.len > data + size)
			abort();
		check_record(form, &tlv);
	}
	error_clear();
	return 0;
}
