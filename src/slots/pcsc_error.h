/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SLOTS_PCSC_ERROR_H
#define SLOTS_PCSC_ERROR_H

/* The one translation of PC/SC's numbers into ours. */

#include <keycask/status.h>

/*
 * KC_OK for SCARD_S_SUCCESS; otherwise fails, naming @what was tried, as
 *   KC_ERR_TOKEN_NOT_FOUND  card, reader or pcscd are gone, or contact with the card is lost
 *   KC_ERR_NOT_AVAILABLE    another program has the card for itself
 *   KC_ERR_COMMUNICATION    the card does not speak
 *   KC_ERR_INTERNAL         anything else
 */
KC_MUST_CHECK enum kc_status pcsc_error_check(long result, const char *what);

#endif
