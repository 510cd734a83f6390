/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * org.keycask.Tokens.PutCertificate and DeleteObject. What a certificate certifies, keycask-x509
 * says; what is to be deleted must be there at this moment, for whoever wants it gone: the driver's
 * name for it may have become another object's.
 */
#include <stdlib.h>
#include <string.h>

#include "base/try.h"
#include "daemon/calls.h"
#include "daemon/key_lookup.h"
#include "daemon/token_write.h"
#include "items/describe.h"
#include "items/reference.h"
#include "tokens/inspector.h"
#include "tokens/naming.h"

enum {
	CERTIFICATE_MAX = 512 * 1024,
};

/* --- a certificate is put ------------------------------------------------------------------ */

struct putting {
	struct wire_call *call;
	struct inspection *inspection;
};

static enum kc_status put_public_key(struct json_object *inspected, struct json_object *wish)
{
	CLEANUP(bytes_done) struct bytes public_key = BYTES_INIT(PRIVATE_KEY_PUBLIC_MAX);
	const char *key_type = field_text(inspected, "key_type");

	TRY(describe_public_key(inspected, &public_key));
	REQUIRE(key_type && strcmp(key_type, "other") != 0 && public_key.len > 0, KC_ERR_PARAM,
		"the certificate's key is of a type that is not known here");
	TRY(field_put_text(wish, "key_type", key_type));
	return field_put_data(wish, "public_key", bytes_view(&public_key));
}

/* Driver.varlink's CertificateWish. */
static enum kc_status make_certificate_wish(struct json_object *parameters,
					    struct json_object *inspected,
					    struct json_object **ret_wish)
{
	CLEANUP(field_free) struct json_object *wish = NULL;

	TRY(field_new_object(&wish));
	TRY(field_put_text(wish, "place", field_text(parameters, "token_object")));
	TRY(field_put(wish, "data", json_object_get(field_get(parameters, "data"))));
	TRY(put_public_key(inspected, wish));
	TRY(field_put_flag(wish, "may_replace", field_flag(parameters, "may_replace", false)));
	TRY(field_put_flag(wish, "may_mismatch", field_flag(parameters, "may_mismatch", false)));
	*ret_wish = take(wish);
	return KC_OK;
}

static enum kc_status put_on_token(struct wire_call *call, struct json_object *inspected)
{
	CLEANUP(field_free) struct json_object *wish = NULL;
	struct json_object *parameters = wire_call_parameters(call);
	struct token_write_options options = {
		.token_id = field_text(parameters, "token_id"),
		.wish = {.kind = WRITING_CERTIFICATE},
		.operation = "put",
		.item_class = "certificate",
	};

	TRY(make_certificate_wish(parameters, inspected, &wish));
	options.wish.wish = wish;
	return token_write_start(call, &options);
}

static void on_inspected(void *userdata, enum kc_status status, struct json_object *answer)
{
	struct putting *putting = userdata;
	struct wire_call *call = putting->call;

	wire_call_on_gone(call, NULL, NULL);
	free(putting);
	if (status == KC_OK) {
		error_clear();
		status = put_on_token(call, field_get(answer, "certificate"));
	}
	if (status != KC_OK)
		wire_call_fail(call, status);
}

static void on_gone(void *userdata)
{
	struct putting *putting = userdata;
	struct wire_call *call = putting->call;

	inspector_cancel(putting->inspection);
	free(putting);
	wire_call_drop(call);
}

static enum kc_status check_data(struct json_object *parameters)
{
	CLEANUP(bytes_done) struct bytes der = BYTES_INIT(CERTIFICATE_MAX);

	TRY(field_data(parameters, "data", &der));
	REQUIRE(der.len > 0, KC_ERR_PARAM, "there are no bytes of a certificate");
	return KC_OK;
}

static enum kc_status start_putting(struct wire_call *call)
{
	CLEANUP(field_free) struct json_object *question = NULL;
	CLEANUP(freep) struct putting *putting = calloc(1, sizeof(*putting));
	struct daemon *daemon = wire_call_context(call);
	struct json_object *parameters = wire_call_parameters(call);
	struct token *token = NULL;

	REQUIRE(putting, KC_ERR_ALLOCATE, "out of memory");
	putting->call = call;
	TRY(registry_find_token(daemon->registry, field_text(parameters, "token_id"), &token));
	TRY(check_data(parameters));
	TRY(field_new_object(&question));
	TRY(field_put(question, "certificate", json_object_get(field_get(parameters, "data"))));
	TRY(inspector_ask(registry_inspector(daemon->registry), "org.keycask.X509.Inspect",
			  take(question), on_inspected, putting, &putting->inspection));
	wire_call_on_gone(call, on_gone, putting);
	take(putting);
	return KC_OK;
}

void write_calls_put_certificate(struct wire_call *call)
{
	enum kc_status status = KC_OK;

	error_clear();
	status = start_putting(call);
	if (status != KC_OK)
		wire_call_fail(call, status);
}

/* --- something is deleted ------------------------------------------------------------------ */

static enum kc_status check_is_there(struct wire_call *call, struct kc_view view,
				     struct engine_key *key)
{
	struct engine_request request = calls_request(call);
	enum kc_status status = key_lookup_find(call, view, ENGINE_USE_PUBLIC, &request, key);

	engine_need_done(&request.need);
	return status;
}

static enum kc_status read_reference(struct wire_call *call, struct bytes *bytes,
				     struct reference *ret_reference, struct engine_key *key)
{
	TRY(field_data(wire_call_parameters(call), "reference", bytes));
	if (key_lookup_kind(bytes_view(bytes)) == KEY_LOOKUP_ITEM)
		TRY(reference_get(bytes_view(bytes), ret_reference));
	REQUIRE(ret_reference->token_id.len > 0, KC_ERR_PARAM, "that is nothing of a token's");
	REQUIRE(ret_reference->item_class != VOCABULARY_IDENTITY, KC_ERR_PARAM,
		"an identity is a certificate and a key: either is deleted by its own reference");
	return check_is_there(call, bytes_view(bytes), key);
}

/* Driver.varlink's DeletionWish. */
static enum kc_status make_deletion_wish(const struct reference *reference,
					 struct json_object **ret_wish)
{
	CLEANUP(field_free) struct json_object *wish = NULL;
	struct kc_view driver_id = {NULL, 0};

	TRY(naming_driver_object_id(reference->object_id, &driver_id));
	TRY(field_new_object(&wish));
	TRY(field_put_text(wish, "kind", vocabulary_class_name(reference->item_class)));
	TRY(field_put_data(wish, "object_id", driver_id));
	*ret_wish = take(wish);
	return KC_OK;
}

static enum kc_status start_deleting(struct wire_call *call)
{
	CLEANUP(bytes_done) struct bytes bytes = BYTES_INIT(KEY_LOOKUP_REFERENCE_MAX);
	CLEANUP(field_free) struct json_object *wish = NULL;
	CLEANUP(freep) char *token_id = NULL;
	CLEANUP(engine_key_done) struct engine_key key = {.token_id = NULL};
	struct reference reference = {.token_id = {NULL, 0}};
	struct token_write_options options = {.wish = {.kind = WRITING_DELETION},
					      .operation = "delete"};

	TRY(read_reference(call, &bytes, &reference, &key));
	TRY(make_deletion_wish(&reference, &wish));
	token_id = view_copy_text(reference.token_id);
	REQUIRE(token_id, KC_ERR_ALLOCATE, "out of memory");
	options.token_id = token_id;
	options.item_class = vocabulary_class_name(reference.item_class);
	options.object_id = reference.object_id;
	options.label = key.label;
	options.wish.wish = wish;
	return token_write_start(call, &options);
}

void write_calls_delete_object(struct wire_call *call)
{
	enum kc_status status = KC_OK;

	error_clear();
	status = start_deleting(call);
	if (status != KC_OK)
		wire_call_fail(call, status);
}
