/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* org.keycask.Keys.CopyAttributes: what is known of a key, whether it is an item or not. */
#include <stdlib.h>

#include "base/try.h"
#include "daemon/calls.h"
#include "daemon/key_lookup.h"
#include "daemon/proof.h"
#include "daemon/session_keys.h"
#include "items/reference.h"

struct attribute_copy {
	struct wire_call *call;
	struct json_object *attributes; /* owned, NULL */
};

static struct attribute_copy *attribute_copy_free(struct attribute_copy *copy)
{
	if (!copy)
		return NULL;
	field_free(&copy->attributes);
	free(copy);
	return NULL;
}

/* --- of each kind -------------------------------------------------------------------------- */

static enum kc_status describe_public(struct kc_view reference, struct json_object **ret_attributes)
{
	CLEANUP(field_free) struct json_object *attributes = NULL;
	CLEANUP(private_key_done) struct private_key key = {.key_class = NULL};

	TRY(public_reference_get(reference, &key));
	TRY(private_key_describe(&key, &attributes));
	TRY(field_put_text(attributes, "class", "key"));
	TRY(field_put_flag(attributes, "is_permanent", false));
	TRY(field_put_flag(attributes, "is_extractable", true));
	*ret_attributes = take(attributes);
	return KC_OK;
}

static enum kc_status describe_session(struct wire_call *call, struct kc_view reference,
				       struct json_object **ret_attributes)
{
	const struct session_key *key = NULL;

	TRY(key_lookup_session(call, reference, &key));
	return session_keys_describe(key, ret_attributes);
}

static enum kc_status describe_item(struct wire_call *call, struct engine_request *request,
				    struct kc_view reference, struct json_object **ret_attributes)
{
	CLEANUP(field_free) struct json_object *query = NULL;
	CLEANUP(field_free) struct json_object *items = NULL;
	struct daemon *daemon = wire_call_context(call);

	TRY(field_new_object(&query));
	TRY(field_put_data(query, "value_persistent_ref", reference));
	TRY(field_put_flag(query, "return_attributes", true));
	TRY(engine_copy_matching(daemon->engine, request, query, &items));
	*ret_attributes = json_object_get(json_object_array_get_idx(items, 0));
	return KC_OK;
}

/* The key's own: the call may have named an identity, or a certificate. */
static enum kc_status put_own_reference(const struct engine_key *key, struct bytes *reference)
{
	struct kc_view object_id = view_of(key->object_id.data, key->object_id.len);
	struct reference parts = {.item_class = VOCABULARY_KEY,
				  .token_id = view_of_text(key->token_id),
				  .object_id = object_id};

	return key->token_id ? reference_put(&parts, reference)
			     : bytes_append(reference, object_id);
}

/* --- the call ------------------------------------------------------------------------------ */

static enum kc_status run(void *details, struct engine_request *request)
{
	CLEANUP(engine_key_done) struct engine_key key = {0};
	CLEANUP(bytes_done) struct bytes reference = BYTES_INIT(KEY_LOOKUP_REFERENCE_MAX);
	struct attribute_copy *copy = details;

	field_free(&copy->attributes);
	TRY(calls_find_key_for(copy->call, ENGINE_USE_PUBLIC, request, &key));
	TRY(put_own_reference(&key, &reference));
	switch (key_lookup_kind(bytes_view(&reference))) {
	case KEY_LOOKUP_PUBLIC:
		return describe_public(bytes_view(&reference), &copy->attributes);
	case KEY_LOOKUP_SESSION:
		return describe_session(copy->call, bytes_view(&reference), &copy->attributes);
	case KEY_LOOKUP_ITEM:
		break;
	}
	return describe_item(copy->call, request, bytes_view(&reference), &copy->attributes);
}

static void on_done(void *details, enum kc_status status)
{
	struct attribute_copy *copy = details;
	struct wire_call *call = copy->call;
	struct json_object *attributes = take(copy->attributes);

	ignore(attribute_copy_free(copy) != NULL);
	calls_answer(call, status, "attributes", attributes);
}

static void on_gone(void *details)
{
	ignore(attribute_copy_free(details) != NULL);
}

void attribute_calls_copy(struct wire_call *call)
{
	struct attribute_copy *copy = calloc(1, sizeof(*copy));
	struct proof_options options = {
		.run = run, .done = on_done, .gone = on_gone, .details = copy, .may_skip = true};

	error_clear();
	if (!copy) {
		wire_call_fail(call, fail(KC_ERR_ALLOCATE, "out of memory"));
		return;
	}
	copy->call = call;
	proof_run(call, &options);
}
