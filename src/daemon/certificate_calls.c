/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * org.keycask.Certificates: certificates that need not be items. keycask-x509 reads them; what a
 * certificate item would have of it, and its key as a reference, is the answer.
 */
#include <stdlib.h>

#include "base/try.h"
#include "daemon/calls.h"
#include "items/describe.h"
#include "keys/public_reference.h"
#include "tokens/inspector.h"
#include "wire/service.h"

enum {
	ENCODING_DER = 3, /* docs/vocabulary.md, certificate_encoding */
};

struct reading {
	struct wire_call *call;
	struct inspection *inspection;
};

/* --- the answer ------------------------------------------------------------------------------ */

static bool is_told(const char *name)
{
	return !describe_is_fact(name) && strcmp(name, "subject_raw") != 0 &&
	       strcmp(name, "issuer_raw") != 0;
}

/* What an item would have, without what the engine wants to know beside it. */
static enum kc_status put_item_attributes(struct json_object *inspected,
					  struct json_object *attributes)
{
	CLEANUP(field_free) struct json_object *described = NULL;

	TRY(describe_certificate(inspected, NULL, &described));
	json_object_object_foreach(described, name, value)
	{
		if (is_told(name))
			TRY(field_put(attributes, name, json_object_get(value)));
	}
	return field_put_number(attributes, "certificate_encoding", ENCODING_DER);
}

static enum kc_status make_attributes(struct json_object *inspected,
				      struct json_object **ret_attributes)
{
	static const char *const names[] = {"subject_text",    "issuer_text",
					    "key_type",	       "key_size_in_bits",
					    "key_usage",       "extended_key_usage",
					    "email_addresses", "dns_names",
					    "ip_addresses",    "is_ca"};
	CLEANUP(field_free) struct json_object *attributes = NULL;

	TRY(field_new_object(&attributes));
	TRY(put_item_attributes(inspected, attributes));
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct json_object *value = field_get(inspected, names[i]);

		if (value)
			TRY(field_put(attributes, names[i], json_object_get(value)));
	}
	*ret_attributes = take(attributes);
	return KC_OK;
}

/* Of a type that we cannot use there is no reference. */
static enum kc_status put_key(struct json_object *inspected, struct json_object *reply)
{
	CLEANUP(bytes_done) struct bytes key = BYTES_INIT(PRIVATE_KEY_PUBLIC_MAX);
	CLEANUP(bytes_done) struct bytes reference = BYTES_INIT(PUBLIC_REFERENCE_MAX);
	const char *type = field_text(inspected, "key_type");

	if (type && strcmp(type, "other") != 0) {
		TRY(describe_public_key(inspected, &key));
		TRY(public_reference_put(type, bytes_view(&key), &reference));
	}
	return field_put_data(reply, "public_key", bytes_view(&reference));
}

static enum kc_status make_reply(struct json_object *inspected, struct json_object **ret_reply)
{
	CLEANUP(field_free) struct json_object *reply = NULL;
	struct json_object *attributes = NULL;

	TRY(field_new_object(&reply));
	TRY(make_attributes(inspected, &attributes));
	TRY(field_put(reply, "attributes", attributes));
	TRY(put_key(inspected, reply));
	*ret_reply = take(reply);
	return KC_OK;
}

/* --- the call -------------------------------------------------------------------------------- */

static void end(struct reading *reading, enum kc_status status, struct json_object *reply)
{
	struct wire_call *call = reading->call;

	wire_call_on_gone(call, NULL, NULL);
	inspector_cancel(reading->inspection);
	free(reading);
	if (status == KC_OK)
		wire_call_reply(call, reply);
	else
		wire_call_fail(call, status);
}

static void on_inspected(void *userdata, enum kc_status status, struct json_object *answer)
{
	struct reading *reading = userdata;
	struct json_object *reply = NULL;

	reading->inspection = NULL;
	if (status == KC_OK) {
		error_clear();
		status = make_reply(field_get(answer, "certificate"), &reply);
	}
	end(reading, status, reply);
}

static void on_gone(void *userdata)
{
	struct reading *reading = userdata;
	struct wire_call *call = reading->call;

	inspector_cancel(reading->inspection);
	free(reading);
	wire_call_drop(call);
}

static enum kc_status start(struct wire_call *call)
{
	CLEANUP(field_free) struct json_object *parameters = NULL;
	struct daemon *daemon = wire_call_context(call);
	struct json_object *certificate = field_get(wire_call_parameters(call), "certificate");
	CLEANUP(freep) struct reading *reading = calloc(1, sizeof(*reading));

	REQUIRE(reading, KC_ERR_ALLOCATE, "out of memory");
	reading->call = call;
	TRY(field_new_object(&parameters));
	TRY(field_put(parameters, "certificate", json_object_get(certificate)));
	TRY(inspector_ask(registry_inspector(daemon->registry), "org.keycask.X509.Inspect",
			  take(parameters), on_inspected, reading, &reading->inspection));
	wire_call_on_gone(call, on_gone, reading);
	take(reading);
	return KC_OK;
}

void certificate_calls_inspect(struct wire_call *call)
{
	enum kc_status status = KC_OK;

	error_clear();
	status = start(call);
	if (status != KC_OK)
		wire_call_fail(call, status);
}
