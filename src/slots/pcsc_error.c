/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a PC/SC result means for a slot. Contact that is lost for a moment (SCARD_E_NOT_TRANSACTED)
 * counts as a card that is gone: whoever watches the reader knows whether it really is, and starts
 * over with a reset when it is not.
 */
#include "slots/pcsc_error.h"

#include <winscard.h>

#include "base/try.h"

enum kc_status pcsc_error_check(long result, const char *what)
{
	const char *why = pcsc_stringify_error(result);

	switch (result) {
	case SCARD_S_SUCCESS:
		return KC_OK;
	case SCARD_E_NO_SMARTCARD:
	case SCARD_W_REMOVED_CARD:
	case SCARD_W_RESET_CARD:
	case SCARD_W_UNPOWERED_CARD:
	case SCARD_E_NOT_TRANSACTED:
	case SCARD_E_UNKNOWN_READER:
	case SCARD_E_READER_UNAVAILABLE:
	case SCARD_E_NO_READERS_AVAILABLE:
	case SCARD_E_NO_SERVICE:
	case SCARD_E_SERVICE_STOPPED:
	case SCARD_E_INVALID_HANDLE:
	case SCARD_F_COMM_ERROR:
		return fail(KC_ERR_TOKEN_NOT_FOUND, "%s: %s", what, why);
	case SCARD_E_SHARING_VIOLATION:
		return fail(KC_ERR_NOT_AVAILABLE, "another program has the card for itself");
	case SCARD_W_UNRESPONSIVE_CARD:
	case SCARD_W_UNSUPPORTED_CARD:
	case SCARD_E_PROTO_MISMATCH:
		return fail(KC_ERR_COMMUNICATION, "%s: %s", what, why);
	default:
		return fail(KC_ERR_INTERNAL, "%s: %s", what, why);
	}
}
