/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TOKENS_TOKEN_PINS_H
#define TOKENS_TOKEN_PINS_H

/* The PINs of a token, as its driver describes them: who they are, not what they are. */

#include <stdbool.h>
#include <stddef.h>

#include "wire/field.h"

enum {
	TOKEN_PINS_MAX = 8,
	TOKEN_PINS_ID_BYTES = 32,
	TOKEN_PINS_LABEL_BYTES = 64,
	TOKEN_PINS_UNBLOCKERS_MAX = 4,
};

struct token_pin {
	char pin_id[TOKEN_PINS_ID_BYTES];
	char label[TOKEN_PINS_LABEL_BYTES]; /* what a person reads */
	char role[16];			    /* "user", "unblocking" or "admin" */
	unsigned min_length;		    /* characters */
	unsigned max_length;
	bool is_numeric;
	char unblocked_by[TOKEN_PINS_UNBLOCKERS_MAX][TOKEN_PINS_ID_BYTES];
	size_t n_unblocked_by;
};

struct token_pins {
	struct token_pin pins[TOKEN_PINS_MAX];
	size_t n_pins;
};

/* @array is of org.keycask.Driver's Pins, or NULL. What makes no sense is left out, and logged. */
void token_pins_read(struct json_object *array, struct token_pins *ret_pins);

/* The PIN of that ID, or the first with that role; NULL as @name: the first "user". NULL when there
 * is none. */
const struct token_pin *token_pins_find(const struct token_pins *pins, const char *name);

/* The PIN called @by (NULL: the first that is there) which unblocks @pin; NULL when there is none.
 */
const struct token_pin *token_pins_find_unblocker(const struct token_pins *pins,
						  const struct token_pin *pin, const char *by);

/* Without tries_left. */
KC_MUST_CHECK enum kc_status token_pins_describe(const struct token_pin *pin,
						 struct json_object **ret_description);

#endif
