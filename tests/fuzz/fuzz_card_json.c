/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Card files: whatever is read as a card can be written, and read again. */
#include <stdlib.h>

#include "vcard/card_json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
	if (!condition)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(card_state_done) struct card_state state = {0};
	CLEANUP(card_state_done) struct card_state again = {0};
	CLEANUP(freep) char *text = NULL;

	if (card_json_read(view_of(data, size), &state) != KC_OK)
		return 0;
	require(card_json_write(&state, &text) == KC_OK);
	require(card_json_read(view_of_text(text), &again) == KC_OK);
	return 0;
}
