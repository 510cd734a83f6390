/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TOKENS_CONTENTS_H
#define TOKENS_CONTENTS_H

/*
 * What a driver says is on its token, owned and checked: nothing of it is believed before
 * keycask-x509 has confirmed it.
 */

#include "tokens/registry.h"

struct contents;

/* @objects is the array of org.keycask.Driver's Objects. Expected: KC_ERR_CORRUPTED_DATA */
KC_MUST_CHECK enum kc_status contents_new(struct json_object *objects,
					  struct contents **ret_contents);
struct contents *contents_free(struct contents *contents);

/* The @index-th certificate's DER, borrowed; false when there is none. */
bool contents_certificate(const struct contents *contents, size_t index, struct kc_view *ret_der);

/* What keycask-x509 says of it; a reference is taken. */
void contents_set_inspected(struct contents *contents, size_t index, struct json_object *inspected);

/* The items that hold up to inspection; borrowed. */
const struct token_item *contents_items(struct contents *contents, size_t *ret_n_items);

/* Could @text be the second half of a token ID? NULL is not. */
bool contents_is_instance_id(const char *text);
/* "class:instance", the caller's to free(); NULL when out of memory. */
char *contents_token_id(const char *class_id, const char *instance);

/*
 * The published object ID of a key is the driver's, followed by the public-key hash (20 bytes):
 * a new key in the same place never answers an old reference. This gives the driver's part.
 * Expected: KC_ERR_PARAM
 */
KC_MUST_CHECK enum kc_status contents_driver_object_id(struct kc_view published,
						       struct kc_view *ret_object_id);

#endif
