/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * vpcd's framing. The first byte says how many bytes arrive at a time: however they are split,
 * the same messages come out, and framing them again gives the same bytes.
 */
#include <stdlib.h>

#include "codec/vpcd.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
	if (!condition)
		abort();
}

/* Move what is whole from @received to @framed. */
static void take_messages(struct bytes *received, struct bytes *framed)
{
	struct kc_view message = {0};
	size_t used = 0;

	while (vpcd_get(bytes_view(received), &message, &used)) {
		require(used <= received->len && message.len + VPCD_HEADER_BYTES == used);
		require(vpcd_put(framed, message) == KC_OK);
		bytes_consume(received, used);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(bytes_done) struct bytes received = BYTES_INIT(size);
	CLEANUP(bytes_done) struct bytes framed = BYTES_INIT(size);
	struct kc_view input = view_of(data, size);
	size_t step = size > 0 && data[0] > 0 ? data[0] : 1;

	for (size_t at = 1; at < size; at += step) {
		require(bytes_append(&received, view_slice(input, at, step)) == KC_OK);
		take_messages(&received, &framed);
	}
	require(bytes_append(&framed, bytes_view(&received)) == KC_OK);
	require(view_equal(bytes_view(&framed), view_slice(input, 1, size)));
	return 0;
}
