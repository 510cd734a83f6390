/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef ITEMS_SPELLING_IMPL_H
#define ITEMS_SPELLING_IMPL_H

/* Names of certificates as people write them, in queries for subject and issuer. */

#include "items/engine_impl.h"
#include "items/hash_impl.h"

bool spelling_is_of_name(const struct vocabulary_attribute *attribute);

/* The content of @name when it is a whole SEQUENCE, else @name: SETs begin with another tag. */
struct kc_view spelling_content(struct kc_view name);

/*
 * The hash of the normalized form of the Name in @value. Normalizing is the confined X.509
 * process's work, and what people pass is mostly a Name copied from another certificate: a Name
 * that stands so in some certificate here counts as the normalized form that it has there, any
 * other as normalized already.
 */
KC_MUST_CHECK enum kc_status spelling_find(const struct engine *engine, const char *attribute,
					   struct json_object *value, struct hash *ret_hash);

#endif
