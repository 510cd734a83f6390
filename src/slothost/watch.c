/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One stream of pictures of all readers. pcscd may be absent, die and come back: the daemon is told
 * the reason and the stream goes on. While pcscd is there this process sleeps in it and not on the
 * control socket, so it ends with a signal: the daemon's kill, or the death of the daemon.
 */
#include "slothost/watch.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/try.h"
#include "codec/hex.h"
#include "slots/readers.h"
#include "wire/protocol.h"
#include "wire/serve.h"

struct watch {
	struct pcscd *pcscd;
	int control_fd;
	bool must_end;
	char *told_reason; /* NULL: readers were told, or nothing yet */
};

static enum kc_status describe(const struct reader *reader, struct json_object **ret_description)
{
	CLEANUP(field_free) struct json_object *description = NULL;
	CLEANUP(freep) char *atr = NULL;

	if (reader->atr_len > 0)
		atr = hex_encode(view_of(reader->atr, reader->atr_len), HEX_UPPER);
	TRY(field_new_object(&description));
	TRY(field_put_text(description, "name", reader->name));
	TRY(field_put_flag(description, "has_card", reader->has_card));
	TRY(field_put_flag(description, "is_mute", reader->is_mute));
	TRY(field_put_number(description, "events", reader->n_events));
	TRY(field_put_text(description, "atr", atr));
	*ret_description = take(description);
	return KC_OK;
}

static enum kc_status tell(struct wire_call *call, const char *reason, const struct reader *readers,
			   size_t n)
{
	CLEANUP(field_free) struct json_object *reply = NULL;
	CLEANUP(field_free) struct json_object *list = json_object_new_array();

	REQUIRE(list, KC_ERR_ALLOCATE, "out of memory");
	for (size_t i = 0; i < n; i++) {
		struct json_object *description = NULL;

		TRY(describe(&readers[i], &description));
		TRY(field_append(list, description));
	}
	TRY(field_new_object(&reply));
	TRY(field_put_text(reply, "reason", reason));
	TRY(field_put(reply, "readers", take(list)));
	wire_call_continue(call, take(reply));
	return KC_OK;
}

/* Until pcscd is gone. */
static enum kc_status tell_readers(struct watch *watch, struct wire_call *call, long context)
{
	CLEANUP(readers_freep) struct readers *readers = NULL;

	TRY(readers_new(context, &readers));
	while (true) {
		const struct reader *list = NULL;
		size_t n = 0;

		TRY(readers_wait(readers, &list, &n));
		freep(&watch->told_reason);
		watch->told_reason = NULL;
		TRY(tell(call, NULL, list, n));
	}
}

static enum kc_status tell_reason(struct watch *watch, struct wire_call *call, const char *reason)
{
	if (watch->told_reason && strcmp(watch->told_reason, reason) == 0)
		return KC_OK;
	TRY(tell(call, reason, NULL, 0));
	free(watch->told_reason);
	watch->told_reason = strdup(reason);
	return KC_OK;
}

/* Until pcscd is gone; then a breath, so that one that dies at once is not asked without end. */
static enum kc_status follow(struct watch *watch, struct wire_call *call)
{
	long context = 0;
	enum kc_status status = KC_OK;

	error_clear();
	status = pcscd_connect(watch->pcscd, &context);
	if (status == KC_OK) {
		status = tell_readers(watch, call, context);
		pcscd_disconnect(watch->pcscd);
		if (status != KC_ERR_TOKEN_NOT_FOUND)
			return status;
	} else {
		TRY(tell_reason(watch, call, error_get()->message));
	}
	error_clear();
	return pcscd_wait(watch->pcscd, watch->control_fd);
}

static void on_watch(struct wire_call *call)
{
	struct watch *watch = wire_call_context(call);
	enum kc_status status = KC_OK;

	if (!wire_call_wants_more(call)) {
		wire_call_expect_more(call);
		return;
	}
	while (status == KC_OK)
		status = follow(watch, call);
	watch->must_end = true;
	wire_call_fail(call, status);
}

static const struct wire_method methods[] = {{.name = "Watch", .handler = on_watch}};

static const struct wire_interface interface = {
	.description = protocol_org_keycask_Readers,
	.methods = methods,
	.n_methods = ARRAY_LEN(methods),
};

static enum kc_status run(struct watch *watch, int control_fd)
{
	struct wire_service_options options = {
		.product = "keycask-slot", .version = KEYCASK_VERSION, .context = watch};
	CLEANUP(wire_service_freep) struct wire_service *service = NULL;
	CLEANUP(wire_serve_freep) struct wire_serve *serve = NULL;

	TRY(wire_service_new(&options, &service));
	TRY(wire_service_add(service, &interface));
	TRY(wire_serve_new(control_fd, service, &serve));
	watch->control_fd = wire_serve_fd(serve);
	while (!watch->must_end)
		TRY(wire_serve_step(serve));
	return KC_OK;
}

enum slothost_end watch_readers(int control_fd, struct pcscd *pcscd)
{
	struct watch watch = {.pcscd = pcscd, .control_fd = -1};
	enum kc_status status = run(&watch, control_fd);

	free(watch.told_reason);
	if (watch.must_end)
		return SLOTHOST_AGAIN;
	if (status == KC_ERR_NOT_AVAILABLE)
		return SLOTHOST_DONE;
	log_error("watch: %s (%s)", error_get()->message, error_get()->origin);
	return SLOTHOST_ERROR;
}
