/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Keys that a token makes. */
#include "daemon/token_create.h"

#include "base/error.h"
#include "base/try.h"

void token_create_start(struct wire_call *call, const struct key_attributes *attributes)
{
	error_set_token(attributes->token_id, NULL);
	wire_call_fail(call, fail(KC_ERR_UNIMPLEMENTED, "the token %.128s makes no keys",
				  attributes->token_id));
}
