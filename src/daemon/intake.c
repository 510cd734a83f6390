/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Token items to engine items; items/describe.c knows the attributes. */
#include "daemon/intake.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/try.h"
#include "items/describe.h"

enum {
	PUBLIC_KEY_MAX = 16 * 1024,
};

/* What the engine's items borrow. */
struct batch {
	struct engine_item *items;
	struct bytes *public_keys;
	size_t n_items;
};

static void batch_done(struct batch *batch)
{
	for (size_t i = 0; i < batch->n_items; i++) {
		field_free(&batch->items[i].attributes);
		bytes_done(&batch->public_keys[i]);
	}
	free(batch->items);
	free(batch->public_keys);
}

static enum kc_status describe(const struct token_item *item, struct json_object **ret_attributes)
{
	struct describe_usage usage = {.can_sign = item->can_sign,
				       .can_decrypt = item->can_decrypt,
				       .can_derive = item->can_derive};

	if (strcmp(item->class_name, "certificate") == 0)
		return describe_certificate(item->inspected, item->label, ret_attributes);
	return describe_key(item->inspected, item->label, usage, ret_attributes);
}

static enum kc_status add(struct batch *batch, const struct token_item *item)
{
	size_t i = batch->n_items++;

	batch->items[i] = (struct engine_item){
		.class_name = item->class_name,
		.object_id = item->object_id,
		.data = item->data,
		.algorithms = item->algorithms,
		.constraint = item->constraint,
		.needs_touch = item->needs_touch,
	};
	batch->public_keys[i] = BYTES_INIT(PUBLIC_KEY_MAX);
	TRY(describe(item, &batch->items[i].attributes));
	TRY(describe_public_key(item->inspected, &batch->public_keys[i]));
	batch->items[i].public_key = bytes_view(&batch->public_keys[i]);
	return KC_OK;
}

/* One item that cannot be described must not cost the token its others. */
static void drop_last(struct batch *batch)
{
	size_t i = --batch->n_items;

	log_warning("an item is left out: %s", error_get()->message);
	field_free(&batch->items[i].attributes);
	bytes_done(&batch->public_keys[i]);
}

enum kc_status intake_publish(struct engine *engine, const char *token_id,
			      const struct token_item *items, size_t n_items)
{
	CLEANUP(batch_done)
	struct batch batch = {
		.items = calloc(n_items + 1, sizeof(struct engine_item)),
		.public_keys = calloc(n_items + 1, sizeof(struct bytes)),
	};

	REQUIRE(batch.items && batch.public_keys, KC_ERR_ALLOCATE, "out of memory");
	for (size_t i = 0; i < n_items; i++) {
		error_clear();
		if (add(&batch, &items[i]) != KC_OK)
			drop_last(&batch);
	}
	error_clear();
	return engine_publish(engine, token_id, batch.items, batch.n_items);
}
