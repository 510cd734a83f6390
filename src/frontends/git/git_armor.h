/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef GIT_GIT_ARMOR_H
#define GIT_GIT_ARMOR_H

/* Signatures as git keeps them: base64 between "-----BEGIN SIGNED MESSAGE-----" and its end. */

#include <stdio.h>

#include "base/bytes.h"
#include "base/try.h"

KC_MUST_CHECK enum kc_status git_armor_write(FILE *file, struct kc_view der);

/*
 * What is between the lines, of whatever PEM has a signature in it ("SIGNED MESSAGE", "PKCS7",
 * "CMS"), or the bytes themselves when they are no text.
 * Expected: KC_ERR_DECODE
 */
KC_MUST_CHECK enum kc_status git_armor_read(struct kc_view text, struct bytes *der);

#endif
