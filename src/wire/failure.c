/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The record in a reply, type Record of protocol/: what an answering process knew travels as it
 * stands. Its texts come from less trusted processes and go to logs and terminals, so what a
 * terminal would obey is escaped here.
 */
#include "wire/failure.h"

#include <stdio.h>

#include "base/try.h"
#include "codec/display.h"

static const char *text_or_none(const char *text)
{
	return text[0] != '\0' ? text : NULL;
}

static const char *message_of(const struct error_record *record, enum kc_status status)
{
	return record->message[0] != '\0' ? record->message : kc_status_name(status);
}

static enum kc_status put_numbers(struct json_object *out, const struct error_record *record,
				  uint64_t request)
{
	if (record->sw != 0)
		TRY(field_put_number(out, "sw", record->sw));
	if (record->tries_left >= 0)
		TRY(field_put_number(out, "tries_left", record->tries_left));
	if (request != 0)
		TRY(field_put_number(out, "request", (int64_t)request));
	return KC_OK;
}

static enum kc_status put_record(struct json_object *out, enum kc_status status,
				 const struct error_record *record)
{
	TRY(field_put_number(out, "status", status));
	TRY(field_put_text(out, "name", kc_status_name(status)));
	TRY(field_put_text(out, "message", message_of(record, status)));
	TRY(field_put_text(out, "hint", text_or_none(record->hint)));
	TRY(field_put_text(out, "token_id", text_or_none(record->token_id)));
	TRY(field_put_text(out, "driver", text_or_none(record->driver)));
	return field_put_text(out, "origin", text_or_none(record->origin));
}

enum kc_status failure_put(enum kc_status status, uint64_t request,
			   struct json_object **ret_parameters)
{
	/* A copy: what fails from here on must not replace what is being told. */
	const struct error_record record = *error_get();
	CLEANUP(field_free) struct json_object *parameters = NULL;
	CLEANUP(field_free) struct json_object *out = NULL;

	TRY(field_new_object(&parameters));
	TRY(field_new_object(&out));
	TRY(put_record(out, status, &record));
	TRY(put_numbers(out, &record, request));
	TRY(field_put(parameters, "record", take(out)));
	*ret_parameters = take(parameters);
	return KC_OK;
}

/* @text as display_escape() gives it, nothing when memory ran out. */
static void copy_text(char *to, size_t size, const char *text)
{
	CLEANUP(freep) char *shown = display_escape(view_of_text(text), size - 1);

	(void)snprintf(to, size, "%s", shown ? shown : "");
}

/* A number that is none of ours comes from a version that knows more than we do. */
static enum kc_status known_status(int64_t number)
{
	enum kc_status status = KC_ERR_INTERNAL;

	if (number < INT32_MIN || number >= KC_OK)
		return KC_ERR_INTERNAL;
	status = (enum kc_status)number;
	return strcmp(kc_status_name(status), "unknown") == 0 ? KC_ERR_INTERNAL : status;
}

static void copy_field(char *to, size_t size, struct json_object *object, const char *name)
{
	const char *text = field_text(object, name);

	if (text)
		copy_text(to, size, text);
}

static int64_t number_between(struct json_object *object, const char *name, int64_t max,
			      int64_t fallback)
{
	int64_t number = field_number(object, name, fallback);

	return number >= 0 && number <= max ? number : fallback;
}

static enum kc_status adopt_record(struct json_object *in)
{
	struct error_record record = {.status = known_status(field_number(in, "status", 0))};

	copy_field(record.message, sizeof(record.message), in, "message");
	copy_field(record.hint, sizeof(record.hint), in, "hint");
	copy_field(record.token_id, sizeof(record.token_id), in, "token_id");
	copy_field(record.driver, sizeof(record.driver), in, "driver");
	copy_field(record.origin, sizeof(record.origin), in, "origin");
	record.sw = (uint16_t)number_between(in, "sw", UINT16_MAX, 0);
	record.tries_left = (int)number_between(in, "tries_left", INT8_MAX, -1);
	record.request = (uint64_t)number_between(in, "request", INT64_MAX, 0);
	error_adopt(&record);
	return record.status;
}

/* The errors of org.varlink.service, which name one thing each. */
static enum kc_status adopt_service_error(const char *error, struct json_object *parameters)
{
	static const struct {
		const char *error;
		const char *parameter;
		enum kc_status status;
		const char *why;
	} rows[] = {
		{"InterfaceNotFound", "interface", KC_ERR_UNIMPLEMENTED, "no interface"},
		{"MethodNotFound", "method", KC_ERR_UNIMPLEMENTED, "no method"},
		{"MethodNotImplemented", "method", KC_ERR_UNIMPLEMENTED, "not implemented:"},
		{"InvalidParameter", "parameter", KC_ERR_PARAM, "wrong parameter"},
		{"ExpectedMore", "method", KC_ERR_PARAM, "call with more:"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char what[ERROR_NAME_MAX] = "";

		if (strcmp(error, rows[i].error) != 0)
			continue;
		copy_field(what, sizeof(what), parameters, rows[i].parameter);
		return fail(rows[i].status, "%s %s", rows[i].why, what);
	}
	return fail(KC_ERR_INTERNAL, "an error that org.varlink.service does not have");
}

static bool ends_with(const char *text, const char *end)
{
	size_t len = strlen(text);
	size_t end_len = strlen(end);

	return len > end_len && strcmp(text + len - end_len, end) == 0;
}

enum kc_status failure_adopt(const char *error, struct json_object *parameters)
{
	static const char service[] = "org.varlink.service.";
	struct json_object *record = field_get(parameters, "record");
	char what[ERROR_NAME_MAX];

	error_clear();
	if (strncmp(error, service, strlen(service)) == 0 && !record)
		return adopt_service_error(error + strlen(service), parameters);
	if (ends_with(error, ".Failed") && json_object_is_type(record, json_type_object))
		return adopt_record(record);
	copy_text(what, sizeof(what), error);
	return fail(KC_ERR_INTERNAL, "unknown error %s", what);
}
