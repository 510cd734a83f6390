/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One message, as a call to a service that has every type, and as a failure that a less trusted
 * process answers with. What we parsed we can send, and what we send we can parse.
 */
#include <stdlib.h>

#include "base/error.h"
#include "wire/failure.h"
#include "wire/message.h"
#include "wire/test_fixture.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
	if (!condition)
		abort();
}

static enum kc_status swallow(void *connection, struct json_object *message)
{
	CLEANUP(field_free) struct json_object *owned = message;
	CLEANUP(bytes_done) struct bytes text = BYTES_INIT(WIRE_MESSAGE_MAX + 1);

	(void)connection;
	return message_put(&text, owned);
}

static void on_ended(void *connection)
{
	(void)connection;
}

static int take_descriptor(void *connection)
{
	(void)connection;
	return -1;
}

static void call(struct json_object *message)
{
	static const struct wire_transport transport = {
		.send = swallow, .ended = on_ended, .take_descriptor = take_descriptor};
	static struct fixture fixture;
	struct wire_call *pending = NULL;

	if (!fixture.service)
		fixture_init(&fixture);
	if (wire_service_dispatch(fixture.service, message, &transport, NULL, NULL, &pending) ==
		    KC_OK &&
	    pending)
		wire_call_orphan(pending);
	require(fixture.n_waiting == 0);
}

static void fail_with(struct json_object *message)
{
	CLEANUP(field_free) struct json_object *parameters = NULL;
	const char *error = field_text(message, "error");
	enum kc_status status = KC_OK;

	if (!error)
		return;
	status = failure_adopt(error, field_get(message, "parameters"));
	require(status != KC_OK && error_get()->status == status);
	require(failure_put(status, 0, &parameters) == KC_OK);
	require(failure_adopt("a.b.Failed", parameters) == status);
}

static void send_back(struct json_object *message)
{
	CLEANUP(field_free) struct json_object *again = NULL;
	CLEANUP(bytes_done) struct bytes text = BYTES_INIT(16 * WIRE_MESSAGE_MAX);

	if (message_put(&text, message) != KC_OK)
		return;
	require(text.data[text.len - 1] == 0);
	require(message_parse(view_of(text.data, text.len - 1), &again) == KC_OK);
	require(json_object_equal(message, again));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(field_free) struct json_object *message = NULL;

	error_clear();
	if (message_parse(view_of(data, size), &message) != KC_OK)
		return 0;
	send_back(message);
	call(message);
	fail_with(message);
	return 0;
}
