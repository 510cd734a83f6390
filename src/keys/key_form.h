/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KEYS_KEY_FORM_H
#define KEYS_KEY_FORM_H

/* What kind of file a key is in, from its first bytes: not whether it is a good one. */

#include "keys/private_key.h"

/*
 * Is @data a key in its external representation (reference/keychain.md 5.5), which
 * private_key_read() takes? Else somebody has wrapped it: PEM, PKCS#8, SEC 1, SubjectPublicKeyInfo.
 */
bool key_form_is_external(struct private_key_claim claim, struct kc_view data);

/* Are these bytes a key of just the type that @claim says, private or public? Then its class has to
 * be said too. */
bool key_form_is_raw(struct private_key_claim claim, struct kc_view data);

#endif
