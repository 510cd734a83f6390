/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef ITEMS_REFERENCE_H
#define ITEMS_REFERENCE_H

/*
 * Persistent references (reference/keychain.md 2.6). That of a software item names its row for ever
 * and is dead when that is deleted; that of a token item is class, token ID and object ID, and no
 * row: dead while the token is away and alive again when it is back, here or on another machine.
 * An identity's is that of its certificate, with its own class.
 *
 *   "genp" | "inet" | "cert" | "keys" | "idnt" ‖ 16 bytes
 *   "kct1" ‖ SEQUENCE { UTF8String class, UTF8String token ID, OCTET STRING object ID }  (DER)
 */

#include "base/bytes.h"
#include "codec/vocabulary.h"

enum {
	REFERENCE_MAX = 1024,
	REFERENCE_TOKEN_MAX = 255,
	REFERENCE_OBJECT_MAX = 512,
	REFERENCE_ITEM_BYTES = 16,
};

/* Views are borrowed. Of a software item there is an item ID and nothing else. */
struct reference {
	enum vocabulary_class item_class;
	struct kc_view token_id;
	struct kc_view object_id;
	struct kc_view item_id;
};

static inline bool reference_is_of_token(const struct reference *reference)
{
	return reference->item_id.len == 0;
}

/* Append. Expected: KC_ERR_PARAM  a part is empty or too long */
KC_MUST_CHECK enum kc_status reference_put(const struct reference *reference, struct bytes *bytes);

/* Strict: only what reference_put() writes. Expected: KC_ERR_PARAM */
KC_MUST_CHECK enum kc_status reference_get(struct kc_view view, struct reference *ret_reference);

#endif
