/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CLI_PEM_H
#define CLI_PEM_H

/* RFC 7468: bytes as text between two lines that say what they are. */

#include "base/bytes.h"

/* Append @der as PEM with @label ("CERTIFICATE"). */
KC_MUST_CHECK enum kc_status pem_put(const char *label, struct kc_view der, struct bytes *pem);

#endif
