/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Driver statuses seen from above. */
#include "tokens/status.h"

#include "base/error.h"
#include "tokens/token_impl.h"

static enum kc_status map(enum kc_status status)
{
	switch ((int)status) {
	case KC_ERR_BAD_PARAMETER:
		return KC_ERR_PARAM;
	case KC_ERR_NOT_IMPLEMENTED:
		return KC_ERR_UNIMPLEMENTED;
	case KC_ERR_CANCELED_BY_USER:
		return KC_ERR_USER_CANCELED;
	case KC_ERR_CORRUPTED_DATA:
		return KC_ERR_DECODE;
	case KC_ERR_AUTHENTICATION_FAILED:
		return KC_ERR_AUTH_FAILED;
	case KC_ERR_AUTHENTICATION_NEEDED:
		return KC_ERR_INTERACTION_NOT_ALLOWED;
	case KC_ERR_TOKEN_NOT_FOUND:
	case KC_ERR_OBJECT_NOT_FOUND:
	case KC_ERR_NOT_AVAILABLE: /* the driver process is gone, and its token with it */
		return KC_ERR_ITEM_NOT_FOUND;
	case KC_ERR_COMMUNICATION:
		return KC_ERR_INTERNAL;
	default:
		return status;
	}
}

void status_hint_blocked(const struct token *token, const struct token_pin *pin)
{
	const struct token_pin *blocked = pin ? pin : token_pins_find(&token->pins, NULL);
	const struct token_pin *by = NULL;

	if (!blocked) {
		error_set_hint("unblock the PIN with the token's PUK");
		return;
	}
	by = token_pins_find_unblocker(&token->pins, blocked, NULL);
	if (by)
		error_set_hint("unblock it with the %s: keycask pin unblock", by->label);
	else
		error_set_hint("nothing unblocks the %s", blocked->label);
}

enum kc_status status_of_driver(enum kc_status status, const struct token *token)
{
	enum kc_status mapped = map(status);

	if (status == KC_OK)
		return KC_OK;
	error_set_token(token->token_id, token->manifest->class_id);
	if (mapped == KC_ERR_ITEM_NOT_FOUND)
		error_set_hint("insert the token %s again and repeat", token->token_id);
	if (mapped == KC_ERR_AUTH_FAILED && error_get()->tries_left >= 0)
		error_set_hint("check the PIN; %d %s left", error_get()->tries_left,
			       error_get()->tries_left == 1 ? "try is" : "tries are");
	if (mapped == KC_ERR_PIN_BLOCKED)
		status_hint_blocked(token, NULL);
	return error_remap(mapped);
}
