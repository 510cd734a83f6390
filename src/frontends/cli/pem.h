/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CLI_PEM_H
#define CLI_PEM_H

/* RFC 7468: bytes as text between two lines that say what they are. */

#include "base/bytes.h"

/* Append @der as PEM with @label ("CERTIFICATE"). */
KC_MUST_CHECK enum kc_status pem_put(const char *label, struct kc_view der, struct bytes *pem);

/* Is there anything in @text that begins as PEM does? */
bool pem_is_text(struct kc_view text);

/*
 * Append the bytes of the next PEM with @label in @text, which then is what follows; nothing when
 * there is none. Other text between is passed over.
 * Expected: KC_ERR_DECODE  it has no end, or is not base64
 */
KC_MUST_CHECK enum kc_status pem_next(const char *label, struct kc_view *text, struct bytes *der);

#endif
