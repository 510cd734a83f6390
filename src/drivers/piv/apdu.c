/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sending one command and having its status word judged. */
#include "drivers/piv/piv.h"

#include "base/cleanup.h"
#include "base/try.h"

void piv_bytes_done(struct kc_bytes *bytes)
{
	kc_bytes_free(bytes);
}

enum kc_status piv_command(struct kc_token *token, const struct kc_apdu *apdu, const char *what,
			   struct kc_bytes *ret_data)
{
	CLEANUP(piv_bytes_done) struct kc_bytes data = {NULL, 0};
	uint16_t sw = 0;

	TRY(kc_card_transmit(kc_token_card(token), apdu, &data, &sw));
	TRY(piv_check(sw, what));
	if (ret_data) {
		*ret_data = data;
		data = (struct kc_bytes){NULL, 0};
	}
	return KC_OK;
}
