/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TOKENS_CACHE_SEAL_H
#define TOKENS_CACHE_SEAL_H

/*
 * The envelope of a cached card: AES-256-GCM under a key made from the device key, bound to the
 * format's version and to the token ID, so that no file answers for another card.
 */

#include "base/bytes.h"

enum {
	CACHE_SEAL_OVERHEAD = 8 + 12 + 16, /* magic and version, nonce, tag */
	CACHE_SEAL_NAME_BYTES = 16,
};

/* Append @plain, sealed, to @sealed. */
KC_MUST_CHECK enum kc_status cache_seal_close(struct kc_view device_key, const char *token_id,
					      struct kc_view plain, struct bytes *sealed);

/*
 * Append to @plain what is in the envelope @sealed.
 * Expected: KC_ERR_CORRUPTED_DATA  it is damaged, of another version, card or device
 */
KC_MUST_CHECK enum kc_status cache_seal_open(struct kc_view device_key, const char *token_id,
					     struct kc_view sealed, struct bytes *plain);

/* The name of the card's file: it tells whoever has only the folder nothing of the card. */
KC_MUST_CHECK enum kc_status cache_seal_name(struct kc_view device_key, const char *token_id,
					     uint8_t ret_name[CACHE_SEAL_NAME_BYTES]);

#endif
