/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CLI_PEER_KEY_H
#define CLI_PEER_KEY_H

/* The other side's public key, in the forms in which people have one. */

#include "base/bytes.h"

/*
 * Append the point 04‖X‖Y that is in the file @path (NULL: standard input): the point itself, or a
 * SubjectPublicKeyInfo or a certificate, in PEM or DER.
 * Expected: KC_ERR_NOT_AVAILABLE  no such file; KC_ERR_PARAM  none of these
 */
KC_MUST_CHECK enum kc_status peer_key_read(const char *path, struct bytes *point);

#endif
