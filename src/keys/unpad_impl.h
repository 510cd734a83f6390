/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KEYS_UNPAD_IMPL_H
#define KEYS_UNPAD_IMPL_H

/*
 * From the block that raw RSA decryption gives to the message in it, without telling by time or
 * address what the block looks like.
 */

#include "keys/algorithms_impl.h"

/*
 * EME-PKCS1-v1_5 (RFC 8017 7.2.2) with implicit rejection: whoever can tell good padding from bad
 * can decrypt (Bleichenbacher 1998), so a block that is badly padded becomes a message too, which
 * is always the same for the same key and @ciphertext and says nothing about the block. Appends it.
 */
KC_MUST_CHECK enum kc_status unpad_pkcs1(struct kc_view block, struct kc_view ciphertext,
					 struct bytes *message);

/*
 * The same for a token that takes the padding off itself and has refused @ciphertext: what it saw
 * is unknown here, so the message is the same as long as this process lives. @len: the modulus.
 */
KC_MUST_CHECK enum kc_status unpad_synthetic(struct kc_view ciphertext, size_t len,
					     struct bytes *message);

/* Fail with KC_ERR_PARAM as all do that find something that was encrypted otherwise: one status and
 * one message, so that nobody learns where it was found out. */
KC_MUST_CHECK enum kc_status unpad_fail(void);

/*
 * EME-OAEP with an empty label and MGF1 of the same hash (RFC 8017 7.1.2); @block has at least 2
 * hLen + 2 bytes. Expected: KC_ERR_PARAM  unpad_fail(): padded otherwise; in which way would be an
 * oracle too (Manger 2001)
 */
KC_MUST_CHECK enum kc_status unpad_oaep(enum algorithm_hash hash, struct kc_view block,
					struct bytes *message);

#endif
