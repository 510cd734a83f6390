/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The ATR parser on any bytes: whole, and pulled byte by byte, which must agree on where an ATR
 * ends. What it hands out must lie within the ATR.
 */
#include <stdlib.h>

#include "base/try.h"
#include "codec/atr.h"

static enum kc_status next(void *context, uint8_t *ret_byte)
{
	struct kc_view *rest = context;

	REQUIRE(rest->len > 0, KC_ERR_COMMUNICATION, "no more");
	*ret_byte = rest->data[0];
	*rest = view_slice(*rest, 1, rest->len);
	return KC_OK;
}

static void check_within(const struct atr *atr, struct kc_view part)
{
	if (part.len > 0 &&
	    (part.data < atr->bytes || part.data + part.len > atr->bytes + atr->len))
		abort();
}

static void check_atr(const struct atr *atr)
{
	struct tlv records[ATR_RECORDS_MAX];
	size_t n = 0;

	if (atr->n_protocols == 0 || atr->n_protocols > ATR_PROTOCOLS_MAX || atr->n_groups == 0 ||
	    atr->n_groups > ATR_GROUPS_MAX || atr->len < 2)
		abort();
	check_within(atr, atr_historical(atr));
	if (!atr_records(atr, records, &n))
		return;
	for (size_t i = 0; i < n; i++) {
		check_within(atr, records[i].value);
		check_within(atr, records[i].record);
	}
	ignore(atr_can_chain(atr) || atr_can_extend(atr));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct kc_view rest = view_of(data, size);
	struct atr pulled;
	struct atr parsed;

	error_clear();
	if (atr_pull(next, &rest, &pulled) != KC_OK) {
		if (atr_parse(view_of(data, size), &parsed) == KC_OK)
			abort();
		return 0;
	}
	check_atr(&pulled);
	if (atr_parse(view_of(data, pulled.len), &parsed) != KC_OK || pulled.len + rest.len != size)
		abort();
	if ((rest.len == 0) != (atr_parse(view_of(data, size), &parsed) == KC_OK))
		abort();
	error_clear();
	return 0;
}
