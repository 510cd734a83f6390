/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A short list, the last used key last. An entry begins with what is sealed, which is no secret,
 * and gets what was opened with the third use.
 */
#include "items/kept_impl.h"

#include <stdlib.h>

#include "base/try.h"

enum {
	WHOLE_MAX = ROW_ATTRIBUTES_MAX + 2 * SECRET_MAX, /* what is larger is not kept */
};

struct kept_key {
	struct list link; // kept::keys; of its own when it was forgotten
	unsigned n_references;
	unsigned n_uses;
	bool is_used;			/* since kept_forget_unused() */
	struct bytes whole;		/* row_put_whole() */
	struct json_object *attributes; /* NULL: not worth it yet */
	void *made;
	kept_free_fn made_free;
};

void *kept_key_made(const struct kept_key *kept)
{
	return kept->made;
}

static void empty(struct kept_key *kept)
{
	if (kept->made)
		kept->made_free(take(kept->made));
	field_free(&kept->attributes);
}

void kept_key_put(struct kept_key *kept, void *made, kept_free_fn made_free)
{
	if (kept->made)
		kept->made_free(take(kept->made));
	kept->made = made;
	kept->made_free = made_free;
	if (list_is_empty(&kept->link)) /* it was forgotten meanwhile */
		empty(kept);
}

struct kept_key *kept_key_release(struct kept_key *kept)
{
	if (!kept || --kept->n_references > 0)
		return NULL;
	empty(kept);
	bytes_done(&kept->whole);
	free(kept);
	return NULL;
}

/* Whoever still holds it has nothing of it any more. */
static void forget(struct kept *kept, struct kept_key *key)
{
	list_remove(&key->link);
	kept->n--;
	empty(key);
	ignore(kept_key_release(key) != NULL);
}

void kept_init(struct kept *kept)
{
	list_init(&kept->keys);
	kept->n = 0;
}

void kept_forget(struct kept *kept)
{
	while (!list_is_empty(&kept->keys))
		forget(kept, list_entry(kept->keys.next, struct kept_key, link));
}

void kept_forget_unused(struct kept *kept)
{
	list_for_each_safe (link, &kept->keys) {
		struct kept_key *key = list_entry(link, struct kept_key, link);

		if (!key->is_used)
			forget(kept, key);
		else
			key->is_used = false;
	}
}

static struct kept_key *find(const struct kept *kept, struct kc_view whole)
{
	list_for_each (link, &kept->keys) {
		struct kept_key *key = list_entry(link, struct kept_key, link);

		if (view_equal(bytes_view(&key->whole), whole))
			return key;
	}
	return NULL;
}

/* Takes @whole. */
static enum kc_status add(struct kept *kept, struct bytes *whole, struct kept_key **ret_key)
{
	struct kept_key *key = calloc(1, sizeof(*key));

	REQUIRE(key, KC_ERR_ALLOCATE, "out of memory");
	if (kept->n == KEPT_MAX)
		forget(kept, list_entry(kept->keys.next, struct kept_key, link));
	key->whole = *whole;
	*whole = BYTES_INIT(0);
	key->n_references = 1;
	list_append(&kept->keys, &key->link);
	kept->n++;
	*ret_key = key;
	return KC_OK;
}

static void note_use(struct kept *kept, struct kept_key *key)
{
	key->is_used = true;
	key->n_uses++;
	list_remove(&key->link);
	list_append(&kept->keys, &key->link);
}

static enum kc_status open_noted(const struct engine *engine, struct row *row, struct kept_key *key)
{
	if (key->attributes)
		return row_open_again(engine, row, key->attributes);
	TRY(row_open(engine, row));
	if (key->n_uses >= KEPT_USES)
		key->attributes = json_object_get(row->attributes);
	return KC_OK;
}

enum kc_status kept_open(const struct engine *engine, struct row *row, struct kept_key **ret_kept)
{
	CLEANUP(bytes_done) struct bytes whole = BYTES_INIT(WHOLE_MAX);
	struct kept_key *key = NULL;

	*ret_kept = NULL;
	if (row->place != SCHEMA_FILE || row->is_damaged || row->secret.len > SECRET_MAX)
		return row_open(engine, row);
	TRY(row_put_whole(row, &whole));
	key = find(engine->kept, bytes_view(&whole));
	if (!key)
		TRY(add(engine->kept, &whole, &key));
	note_use(engine->kept, key);
	TRY(open_noted(engine, row, key));
	if (key->attributes) {
		key->n_references++;
		*ret_kept = key;
	}
	return KC_OK;
}
