/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sending one command and having its status word judged. */
#include "drivers/openpgp/openpgp.h"

#include "base/cleanup.h"
#include "base/try.h"

void openpgp_bytes_done(struct kc_bytes *bytes)
{
	kc_bytes_free(bytes); /* wipes: an answer may be a secret */
}

void openpgp_secret_done(struct bytes *value)
{
	bytes_consume(value, value->len); /* wipes */
	bytes_done(value);
}

enum kc_status openpgp_command(struct kc_token *token, const struct kc_apdu *apdu, const char *what,
			       struct kc_bytes *ret_data)
{
	CLEANUP(openpgp_bytes_done) struct kc_bytes data = {NULL, 0};
	uint16_t sw = 0;

	TRY(kc_card_transmit(kc_token_card(token), apdu, &data, &sw));
	TRY(openpgp_check(sw, what));
	if (ret_data) {
		*ret_data = data;
		data = (struct kc_bytes){NULL, 0};
	}
	return KC_OK;
}
