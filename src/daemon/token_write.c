/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * From a wish to its answer. Nothing is written here but the audit log's line: what the token has
 * now is published like all that it has, and is answered as a reference.
 */
#include "daemon/token_write.h"

#include <stdlib.h>
#include <string.h>

#include "base/copy.h"
#include "base/error.h"
#include "base/try.h"
#include "daemon/client.h"
#include "daemon/pin_request.h"
#include "items/reference.h"
#include "keys/public_reference.h"
#include "tokens/naming.h"

struct token_write {
	struct daemon *daemon;
	char *token_id;
	char *label; /* NULL: of what is not there yet */
	enum writing_kind kind;
	struct audit_entry audit_entry;
	struct bytes object_id; /* as published, for the audit log */
};

static struct token_write *token_write_free(struct token_write *write)
{
	if (!write)
		return NULL;
	free(write->token_id);
	free(write->label);
	bytes_done(&write->object_id);
	free(write);
	return NULL;
}
DEFINE_FREEP(token_write)

static enum kc_status token_write_new(struct wire_call *call,
				      const struct token_write_options *options,
				      struct token_write **ret_write)
{
	CLEANUP(token_write_freep) struct token_write *write = calloc(1, sizeof(*write));

	REQUIRE(write, KC_ERR_ALLOCATE, "out of memory");
	write->daemon = wire_call_context(call);
	write->kind = options->wish.kind;
	write->object_id = BYTES_INIT(REFERENCE_OBJECT_MAX);
	TRY(bytes_append(&write->object_id, options->object_id));
	write->token_id = strdup(options->token_id);
	REQUIRE(write->token_id, KC_ERR_ALLOCATE, "out of memory");
	TRY(copy_text(options->label, &write->label));
	write->audit_entry = (struct audit_entry){
		.request = wire_call_id(call),
		.peer = client_peer(wire_call_peer(call)),
		.operation = options->operation,
		.token_id = write->token_id,
		.item_class = options->item_class,
		.key_label = write->label,
	};
	*ret_write = take(write);
	return KC_OK;
}

/* --- what is there now --------------------------------------------------------------------- */

static enum kc_status put_reference(const struct token_write *write, enum vocabulary_class class,
				    const char *name, struct json_object *parameters)
{
	CLEANUP(bytes_done) struct bytes bytes = BYTES_INIT(REFERENCE_MAX);
	const struct reference reference = {
		.item_class = class,
		.token_id = view_of_text(write->token_id),
		.object_id = bytes_view(&write->object_id),
	};

	TRY(reference_put(&reference, &bytes));
	return field_put_data(parameters, name, bytes_view(&bytes));
}

static enum kc_status put_public_key(struct json_object *object, struct json_object *parameters)
{
	CLEANUP(bytes_done) struct bytes public_key = BYTES_INIT(PRIVATE_KEY_PUBLIC_MAX);
	CLEANUP(bytes_done) struct bytes bytes = BYTES_INIT(PUBLIC_REFERENCE_MAX);

	TRY(field_data(object, "public_key", &public_key));
	TRY(public_reference_put(field_text(object, "key_type"), bytes_view(&public_key), &bytes));
	return field_put_data(parameters, "public_key", bytes_view(&bytes));
}

static enum kc_status put_answer(const struct token_write *write, struct json_object *reply,
				 struct json_object *parameters)
{
	if (write->kind == WRITING_CERTIFICATE)
		return put_reference(write, VOCABULARY_CERTIFICATE, "certificate", parameters);
	TRY(put_reference(write, VOCABULARY_KEY, "key", parameters));
	if (write->kind == WRITING_IMPORT)
		return KC_OK;
	return put_public_key(field_get(reply, "object"), parameters);
}

static enum kc_status answer(void *details, struct json_object *reply,
			     struct json_object **ret_parameters)
{
	CLEANUP(field_free) struct json_object *parameters = NULL;
	struct token_write *write = details;

	TRY(field_new_object(&parameters));
	if (write->kind != WRITING_DELETION) {
		TRY(field_data(reply, "object_id", &write->object_id));
		TRY(put_answer(write, reply, parameters));
	}
	*ret_parameters = take(parameters);
	return KC_OK;
}

/* A published object ID ends with the hash of the public key. */
static void end(void *details, enum kc_status status)
{
	struct token_write *write = details;
	struct kc_view object_id = bytes_view(&write->object_id);

	if (object_id.len > NAMING_HASH_BYTES)
		write->audit_entry.key_hash =
			view_slice(object_id, object_id.len - NAMING_HASH_BYTES, NAMING_HASH_BYTES);
	write->audit_entry.result = status;
	audit_write(write->daemon->audit, &write->audit_entry);
	ignore(token_write_free(write) != NULL);
}

enum kc_status token_write_start(struct wire_call *call, const struct token_write_options *options)
{
	CLEANUP(token_write_freep) struct token_write *write = NULL;
	CLEANUP(pin_request_freep) struct pin_request *request = NULL;
	struct pin_request_options wanted = {.needs_pin = true,
					     .has_taken_secrets = options->has_taken_secrets,
					     .guard = options->administrator,
					     .answer = answer,
					     .ended = end};
	struct operation_options operation;

	TRY(token_write_new(call, options, &write));
	wanted.details = write;
	wanted.purpose = write->label;
	TRY(pin_request_new(call, write->token_id, &wanted, &request));
	operation = pin_request_operation(request);
	TRY(writing_start(pin_request_token(request), &operation, &options->wish,
			  pin_request_place(request)));
	take(write); /* they end themselves */
	take(request);
	return KC_OK;
}
