/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A small table, in memory: what it forgets costs one SELECT per driver. */
#include "tokens/familiar.h"

#include <stdlib.h>
#include <string.h>

#include "base/try.h"
#include "wire/field.h"

static size_t find(const struct familiar *familiar, const char *atr)
{
	size_t i = 0;

	while (i < FAMILIAR_MAX &&
	       !(familiar->cards[i].atr && strcmp(familiar->cards[i].atr, atr) == 0))
		i++;
	return i;
}

static void forget(struct familiar *familiar, size_t i)
{
	free(familiar->cards[i].atr);
	familiar->cards[i].atr = NULL;
	field_free(&familiar->cards[i].aids);
}

void familiar_done(struct familiar *familiar)
{
	for (size_t i = 0; i < FAMILIAR_MAX; i++)
		forget(familiar, i);
}

/* json-c cannot copy texts that are wiped when they are freed. */
static enum kc_status copy_texts(struct json_object *aids, struct json_object **ret_copy)
{
	CLEANUP(field_free) struct json_object *copy = json_object_new_array();

	REQUIRE(copy, KC_ERR_ALLOCATE, "out of memory");
	for (size_t i = 0; i < json_object_array_length(aids); i++)
		TRY(field_append_text(copy,
				      json_object_get_string(json_object_array_get_idx(aids, i))));
	*ret_copy = take(copy);
	return KC_OK;
}

void familiar_note(struct familiar *familiar, const char *atr, struct json_object *aids)
{
	size_t i = atr ? find(familiar, atr) : FAMILIAR_MAX;

	if (!atr || json_object_array_length(aids) == 0)
		return;
	if (i == FAMILIAR_MAX)
		i = familiar->next++ % FAMILIAR_MAX;
	forget(familiar, i);
	if (copy_texts(aids, &familiar->cards[i].aids) == KC_OK)
		familiar->cards[i].atr = strdup(atr);
}

struct json_object *familiar_find(const struct familiar *familiar, const char *atr,
				  struct json_object *wanted)
{
	CLEANUP(field_free) struct json_object *found = json_object_new_array();
	size_t i = atr ? find(familiar, atr) : FAMILIAR_MAX;
	size_t n_wanted = json_object_array_length(wanted);

	if (i == FAMILIAR_MAX || !found)
		return NULL;
	for (size_t k = 0; k < n_wanted; k++) {
		struct json_object *aid = json_object_array_get_idx(wanted, k);

		if (field_contains(familiar->cards[i].aids, aid) &&
		    field_append(found, json_object_get(aid)) != KC_OK)
			return NULL;
	}
	if (json_object_array_length(found) == 0 || json_object_array_length(found) == n_wanted)
		return NULL;
	return take(found);
}
