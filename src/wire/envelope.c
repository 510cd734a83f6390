/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Varlink, "Method Call": {"method", "parameters", "oneway", "more", "upgrade"} and
 * {"parameters", "continues", "error"}. An absent member and null are the same; members that we do
 * not know are left alone.
 */
#include "wire/envelope_impl.h"

#include "base/try.h"

static enum kc_status require_type(struct json_object *message, const char *name,
				   enum json_type type)
{
	struct json_object *value = field_get(message, name);

	REQUIRE(!value || json_object_is_type(value, type), KC_ERR_DECODE,
		"message whose \"%s\" is of another type", name);
	return KC_OK;
}

enum kc_status envelope_read_call(struct json_object *message, struct envelope_call *ret_call)
{
	struct envelope_call call = {.method = field_text(message, "method")};

	REQUIRE(call.method, KC_ERR_DECODE, "message without a method");
	TRY(require_type(message, "parameters", json_type_object));
	TRY(require_type(message, "oneway", json_type_boolean));
	TRY(require_type(message, "more", json_type_boolean));
	TRY(require_type(message, "upgrade", json_type_boolean));
	call.parameters = field_get(message, "parameters");
	call.is_oneway = field_flag(message, "oneway", false);
	call.wants_more = field_flag(message, "more", false);
	call.wants_upgrade = field_flag(message, "upgrade", false);
	REQUIRE(!call.is_oneway || !(call.wants_more || call.wants_upgrade), KC_ERR_DECODE,
		"call that wants no reply and more than one");
	*ret_call = call;
	return KC_OK;
}

/* field_put() for members that may be absent. */
static enum kc_status put_present(struct json_object *message, const char *name,
				  struct json_object *value)
{
	return value ? field_put(message, name, value) : KC_OK;
}

enum kc_status envelope_new_call(const char *method, struct json_object *parameters,
				 bool wants_more, struct json_object **ret_message)
{
	CLEANUP(field_free) struct json_object *owned = parameters;
	CLEANUP(field_free) struct json_object *message = NULL;

	TRY(field_new_object(&message));
	TRY(field_put_text(message, "method", method));
	TRY(put_present(message, "parameters", take(owned)));
	if (wants_more)
		TRY(field_put_flag(message, "more", true));
	*ret_message = take(message);
	return KC_OK;
}

enum kc_status envelope_read_reply(struct json_object *message, struct envelope_reply *ret_reply)
{
	struct envelope_reply reply = {0};

	TRY(require_type(message, "error", json_type_string));
	TRY(require_type(message, "parameters", json_type_object));
	TRY(require_type(message, "continues", json_type_boolean));
	reply.error = field_text(message, "error");
	reply.parameters = field_get(message, "parameters");
	reply.continues = field_flag(message, "continues", false);
	REQUIRE(!reply.error || !reply.continues, KC_ERR_DECODE, "error that continues");
	*ret_reply = reply;
	return KC_OK;
}

enum kc_status envelope_new_reply(const char *error, struct json_object *parameters, bool continues,
				  struct json_object **ret_message)
{
	CLEANUP(field_free) struct json_object *owned = parameters;
	CLEANUP(field_free) struct json_object *message = NULL;

	TRY(field_new_object(&message));
	TRY(field_put_text(message, "error", error));
	if (!owned)
		TRY(field_new_object(&owned));
	TRY(field_put(message, "parameters", take(owned)));
	if (continues)
		TRY(field_put_flag(message, "continues", true));
	*ret_message = take(message);
	return KC_OK;
}

enum kc_status envelope_keep_parameters(const struct envelope_reply *reply,
					struct json_object **ret_parameters)
{
	if (!reply->parameters)
		return field_new_object(ret_parameters);
	*ret_parameters = json_object_get(reply->parameters);
	return KC_OK;
}
