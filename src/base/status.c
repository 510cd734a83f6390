/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The names of the statuses, as design and wire spell them. */
#include <keycask/status.h>

const char *kc_status_name(enum kc_status status)
{
	switch (status) {
	case KC_OK:
		return "success";
	case KC_ERR_UNIMPLEMENTED:
		return "unimplemented";
	case KC_ERR_PARAM:
		return "param";
	case KC_ERR_ALLOCATE:
		return "allocate";
	case KC_ERR_USER_CANCELED:
		return "user_canceled";
	case KC_ERR_NOT_AVAILABLE:
		return "not_available";
	case KC_ERR_READ_ONLY:
		return "read_only";
	case KC_ERR_AUTH_FAILED:
		return "auth_failed";
	case KC_ERR_DUPLICATE_ITEM:
		return "duplicate_item";
	case KC_ERR_ITEM_NOT_FOUND:
		return "item_not_found";
	case KC_ERR_NO_SUCH_ATTR:
		return "no_such_attr";
	case KC_ERR_NO_SUCH_CLASS:
		return "no_such_class";
	case KC_ERR_INTERACTION_NOT_ALLOWED:
		return "interaction_not_allowed";
	case KC_ERR_KEY_SIZE_NOT_ALLOWED:
		return "key_size_not_allowed";
	case KC_ERR_DECODE:
		return "decode";
	case KC_ERR_INTERNAL:
		return "internal";
	case KC_ERR_MISSING_ENTITLEMENT:
		return "missing_entitlement";
	case KC_ERR_VERIFY_FAILED:
		return "verify_failed";
	case KC_ERR_NOT_IMPLEMENTED:
		return "not_implemented";
	case KC_ERR_COMMUNICATION:
		return "communication_error";
	case KC_ERR_CORRUPTED_DATA:
		return "corrupted_data";
	case KC_ERR_CANCELED_BY_USER:
		return "canceled_by_user";
	case KC_ERR_AUTHENTICATION_FAILED:
		return "authentication_failed";
	case KC_ERR_OBJECT_NOT_FOUND:
		return "object_not_found";
	case KC_ERR_TOKEN_NOT_FOUND:
		return "token_not_found";
	case KC_ERR_BAD_PARAMETER:
		return "bad_parameter";
	case KC_ERR_AUTHENTICATION_NEEDED:
		return "authentication_needed";
	case KC_ERR_PIN_BLOCKED:
		return "pin_blocked";
	}
	return "unknown";
}
