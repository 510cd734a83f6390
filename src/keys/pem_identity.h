/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KEYS_PEM_IDENTITY_H
#define KEYS_PEM_IDENTITY_H

/*
 * An identity as people have it in a file: PEM text (RFC 7468) with one certificate and its private
 * key. Only the armour comes off the certificate here; whoever parses it says whether both match.
 */

#include "keys/private_key.h"

/*
 * Append the certificate's DER to @certificate, and read the key.
 * Expected: KC_ERR_PARAM   not one of each, or the key is encrypted
 *           KC_ERR_DECODE  and as private_key_read(): the key is none that can be kept
 */
KC_MUST_CHECK enum kc_status pem_identity_read(struct kc_view text, struct bytes *certificate,
					       struct private_key *ret_key);

#endif
