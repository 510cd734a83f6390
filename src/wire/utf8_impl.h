/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef WIRE_UTF8_IMPL_H
#define WIRE_UTF8_IMPL_H

/* UTF-8 by the letter of RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF. */

#include "base/bytes.h"

/* The length of the character at the start of @view, 1 to 4; 0 when there is no valid one. */
size_t utf8_length(struct kc_view view);

#endif
