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

/* What keycask-x509 is to be asked: a certificate, or the public key of a key without one. */
struct contents_question {
	const char *method;
	struct json_object *parameters; /* the asker's */
};

size_t contents_n_questions(const struct contents *contents);
/* @index must be below their number. */
KC_MUST_CHECK enum kc_status contents_question(const struct contents *contents, size_t index,
					       struct contents_question *ret_question);
/* The reply to it, borrowed. */
void contents_answer(struct contents *contents, size_t index, struct json_object *reply);

/* The items that hold up to inspection; borrowed. */
const struct token_item *contents_items(struct contents *contents, size_t *ret_n_items);

#endif
