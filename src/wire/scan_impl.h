/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef WIRE_SCAN_IMPL_H
#define WIRE_SCAN_IMPL_H

/* The look at a message's text before json-c sees it, so that nothing big is ever built. */

#include "base/bytes.h"

/*
 * Check the words of @text (RFC 8259: strings, numbers, literals, blanks), its depth and the number
 * of its values, and that it is one object with nothing after it. How the words stand together is
 * left to json-c. Refused though JSON allows them: the character U+0000, integers beyond 64 bits,
 * numbers longer than 64 characters. Expected: KC_ERR_DECODE
 */
KC_MUST_CHECK enum kc_status scan_text(struct kc_view text);

#endif
