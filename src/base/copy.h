/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BASE_COPY_H
#define BASE_COPY_H

/* Copies that their structs own: what is looked up outlives where it was found. */

#include "base/bytes.h"
#include "base/error.h"

/* *ret_copy is the caller's to free(); of NULL it is NULL. */
KC_MUST_CHECK enum kc_status copy_text(const char *text, char **ret_copy);

/* *ret_copy is the caller's to kc_bytes_free(). */
KC_MUST_CHECK enum kc_status copy_bytes(struct kc_view view, struct kc_bytes *ret_copy);

#endif
