/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The four verbs. What an item or a query means is the daemon's business; here its types become
 * those of the wire (item_dictionary.c), and the answer gets the shape that was asked for
 * (item_shape.c). Only reading is repeated when the daemon was lost: whether a change was made is
 * not for us to guess.
 */
#include <keycask/item.h>

#include "base/bytes.h"
#include "base/try.h"
#include "client/interaction.h"
#include "client/item_impl.h"
#include "client/line.h"

enum {
	/* A person may be asked for the keychain's password and for one of the item's own. */
	ASKING_MS = 420 * 1000,
};

/* May a person be asked about what @dictionary says? Its use_authentication_ui travels in it. */
static bool may_ask(const struct kc_dictionary *dictionary)
{
	const char *ui = kc_dictionary_text(dictionary, KC_USE_AUTHENTICATION_UI);

	return !ui || strcmp(ui, KC_AUTHENTICATION_UI_ALLOW) == 0;
}

static enum kc_status put_dictionary(struct json_object *parameters, const char *name,
				     const struct kc_dictionary *dictionary)
{
	struct json_object *json = NULL;

	TRY(item_dictionary_to_json(dictionary, &json));
	return field_put(parameters, name, json);
}

/* {@name: @dictionary}, and where the person is who may be asked. */
static enum kc_status begin(const char *name, const struct kc_dictionary *dictionary,
			    struct line_call *call)
{
	bool asks = may_ask(dictionary);

	TRY(field_new_object(&call->parameters));
	TRY(put_dictionary(call->parameters, name, dictionary));
	if (asks)
		TRY(interaction_put_person(call->parameters));
	call->timeout_ms = asks ? ASKING_MS : LINE_QUERY_MS;
	return KC_OK;
}

static void call_done(struct line_call *call)
{
	field_free(&call->parameters);
}

/* Takes the parameters of @call. */
static enum kc_status send(struct line_call *call, struct json_object **ret_answer)
{
	struct line_call sent = *call;

	call->parameters = NULL;
	return line_call(&sent, ret_answer);
}

static enum kc_status check_place(const struct item_shape *shape, struct kc_value **ret_result)
{
	REQUIRE(ret_result || shape->n_kinds == 0, KC_ERR_PARAM,
		"something is asked for with return_…, but there is nowhere to put it");
	return KC_OK;
}

struct collection {
	struct item_shape shape;
	struct kc_value *result; /* owned */
};

static void collection_done(struct collection *collection)
{
	collection->result = kc_value_free(collection->result);
}

static enum kc_status take_page(void *userdata, struct json_object *page, bool is_first)
{
	struct collection *collection = userdata;
	const struct item_shape *shape = &collection->shape;
	struct json_object *items = field_get(page, "items");

	if (is_first)
		collection_done(collection);
	if (shape->n_kinds == 0)
		return KC_OK;
	if (!collection->result)
		return item_shape_result(shape, items, &collection->result);
	REQUIRE(!shape->is_bare, KC_ERR_INTERNAL, "the daemon has found more than one item");
	return item_shape_append(shape, items, collection->result);
}

enum kc_status kc_item_copy_matching(const struct kc_dictionary *query,
				     struct kc_value **ret_result)
{
	CLEANUP(call_done)
	struct line_call call = {.method = "org.keycask.Items.CopyMatching",
				 .descriptor = -1,
				 .is_repeatable = true,
				 .may_go_aside =
					 !kc_dictionary_get(query, KC_USE_AUTHENTICATION_CONTEXT),
				 .take_page = take_page};
	CLEANUP(collection_done) struct collection collection = {.shape = item_shape_of(query)};
	struct json_object *unused = NULL;

	error_clear();
	REQUIRE(query, KC_ERR_PARAM, "no query");
	TRY(check_place(&collection.shape, ret_result));
	TRY(begin("query", query, &call));
	call.userdata = &collection;
	TRY(send(&call, &unused));
	if (ret_result)
		*ret_result = take(collection.result);
	return KC_OK;
}

enum kc_status kc_item_add(const struct kc_dictionary *item, struct kc_value **ret_result)
{
	CLEANUP(call_done)
	struct line_call call = {
		.method = "org.keycask.Items.Add", .descriptor = -1, .is_change = true};
	CLEANUP(field_free) struct json_object *answer = NULL;
	struct item_shape shape = item_shape_of(item);

	error_clear();
	REQUIRE(item, KC_ERR_PARAM, "no item");
	TRY(check_place(&shape, ret_result));
	TRY(begin("item", item, &call));
	TRY(send(&call, &answer));
	if (shape.n_kinds > 0)
		return item_shape_one(&shape, field_get(answer, "item"), ret_result);
	if (ret_result)
		*ret_result = NULL;
	return KC_OK;
}

enum kc_status kc_item_update(const struct kc_dictionary *query,
			      const struct kc_dictionary *changes)
{
	CLEANUP(call_done)
	struct line_call call = {
		.method = "org.keycask.Items.Update", .descriptor = -1, .is_change = true};
	CLEANUP(field_free) struct json_object *answer = NULL;

	error_clear();
	REQUIRE(query, KC_ERR_PARAM, "no query");
	REQUIRE(changes, KC_ERR_PARAM, "no changes");
	TRY(begin("query", query, &call));
	TRY(put_dictionary(call.parameters, "changes", changes));
	return send(&call, &answer);
}

enum kc_status kc_item_delete(const struct kc_dictionary *query)
{
	CLEANUP(call_done)
	struct line_call call = {
		.method = "org.keycask.Items.Delete", .descriptor = -1, .is_change = true};
	CLEANUP(field_free) struct json_object *answer = NULL;

	error_clear();
	REQUIRE(query, KC_ERR_PARAM, "no query");
	TRY(begin("query", query, &call));
	return send(&call, &answer);
}
