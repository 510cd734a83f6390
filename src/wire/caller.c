/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Calls to one child, answered in order. All news (replies, deadlines, the end) comes from the
 * loop. Any callback may free the caller: what runs after one looks at the guard first.
 */
#include "wire/caller.h"

#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/list.h"
#include "base/log.h"
#include "base/try.h"
#include "wire/envelope_impl.h"
#include "wire/failure.h"
#include "wire/idl.h"
#include "wire/stream_impl.h"

enum {
	/* An answer that is there already counts, however late the loop gets to it. */
	AFTER_ANSWERS = SD_EVENT_PRIORITY_NORMAL + 10,
	US_PER_MS = 1000,
};

struct request {
	struct list link; // wire_caller::requests, oldest first
	struct wire_caller *caller;
	const char *method; /* the definition's, NULL: it has no such method */
	sd_event_source *deadline;
	wire_reply_fn on_reply;
	void *userdata;
	bool is_stream;
};

struct wire_caller {
	struct stream stream;
	sd_event *event;
	sd_event_source *io;
	sd_event_source *work; /* when something failed outside the loop */
	struct list requests;
	struct idl *definition; /* NULL: answers are not held to one */
	wire_closed_fn on_closed;
	void *userdata;
	bool is_over;
	bool *ret_freed; /* set while callbacks run */
};

static void request_free(struct request *request)
{
	list_remove(&request->link);
	sd_event_source_disable_unref(request->deadline);
	free(request);
}

struct wire_caller *wire_caller_free(struct wire_caller *caller)
{
	if (!caller)
		return NULL;
	if (caller->ret_freed)
		*caller->ret_freed = true;
	sd_event_source_disable_unref(caller->io);
	sd_event_source_disable_unref(caller->work);
	list_for_each_safe (link, &caller->requests)
		request_free(list_entry(link, struct request, link));
	idl_free(caller->definition);
	stream_done(&caller->stream);
	sd_event_unref(caller->event);
	free(caller);
	return NULL;
}

/* --- answers -----------------------------------------------------------------------------------
 */

/* Takes @request. False: the caller has been freed. */
static bool answer(struct request *request, enum kc_status status, struct json_object *parameters)
{
	struct wire_caller *caller = request->caller;
	wire_reply_fn on_reply = request->on_reply;
	void *userdata = request->userdata;
	bool freed = false;

	request_free(request);
	caller->ret_freed = &freed;
	on_reply(userdata, status, status == KC_OK ? parameters : NULL);
	if (!freed)
		caller->ret_freed = NULL;
	return !freed;
}

/* One reply of several: @request stays. False: the caller has been freed. */
static bool pass_on(const struct request *request, struct json_object *parameters)
{
	struct wire_caller *caller = request->caller;
	bool freed = false;

	caller->ret_freed = &freed;
	request->on_reply(request->userdata, KC_OK, parameters);
	if (!freed)
		caller->ret_freed = NULL;
	return !freed;
}

/* The first cause, for each pending call and then once for the owner. May free the caller. */
static void be_over(struct wire_caller *caller, enum kc_status status)
{
	const struct error_record cause = *error_get();

	if (caller->is_over)
		return;
	caller->is_over = true;
	caller->io = sd_event_source_disable_unref(caller->io);
	caller->work = sd_event_source_disable_unref(caller->work);
	stream_done(&caller->stream);
	while (!list_is_empty(&caller->requests)) {
		error_adopt(&cause);
		if (!answer(list_entry(caller->requests.next, struct request, link),
			    error_remap(status), NULL))
			return;
	}
	caller->on_closed(caller->userdata);
}

/* Whoever gets an answer may count on its fields: a child that sends others is over. */
static enum kc_status check_answer(const struct request *request, struct json_object *parameters)
{
	const struct idl *definition = request->caller->definition;
	const char *offender = "method";

	if (!definition)
		return KC_OK;
	if (request->method &&
	    idl_check(definition, request->method, IDL_OUTPUT, parameters, &offender) == KC_OK)
		return KC_OK;
	log_warning("stage=caller the answer to %s.%s does not fit its definition",
		    idl_name(definition), request->method ? request->method : "?");
	error_clear();
	return fail(KC_ERR_DECODE, "an answer that does not fit its definition");
}

/*
 * That a child is not available is for its connection to say: whoever hears it waits for the end
 * of the child.
 */
static enum kc_status adopt_failure(const struct envelope_reply *reply)
{
	enum kc_status status = failure_adopt(reply->error, reply->parameters);

	return status == KC_ERR_NOT_AVAILABLE ? error_remap(KC_ERR_INTERNAL) : status;
}

/* Read one reply; anything but KC_OK is trouble with the transport. *ret_freed: stop at once. */
static enum kc_status take_reply(struct wire_caller *caller, bool *ret_freed)
{
	CLEANUP(field_free) struct json_object *message = NULL;
	CLEANUP(field_free) struct json_object *parameters = NULL;
	struct envelope_reply reply;
	struct request *request = NULL;
	enum kc_status status = KC_OK;

	error_clear();
	TRY(stream_next(&caller->stream, &message));
	TRY(envelope_read_reply(message, &reply));
	REQUIRE(!list_is_empty(&caller->requests), KC_ERR_DECODE, "an answer to no call");
	request = list_entry(caller->requests.next, struct request, link);
	REQUIRE(!reply.continues || request->is_stream, KC_ERR_DECODE,
		"a stream as answer to one call");
	TRY(envelope_keep_parameters(&reply, &parameters));
	if (reply.error)
		status = adopt_failure(&reply);
	else
		TRY(check_answer(request, parameters));
	*ret_freed = reply.continues ? !pass_on(request, parameters)
				     : !answer(request, status, parameters);
	return KC_OK;
}

static enum kc_status exchange(struct wire_caller *caller, bool *ret_freed)
{
	struct stream *stream = &caller->stream;

	TRY(stream_receive(stream));
	while (!*ret_freed && !caller->is_over && stream_has_message(stream))
		TRY(take_reply(caller, ret_freed));
	if (*ret_freed || caller->is_over)
		return KC_OK;
	error_clear();
	REQUIRE(!stream->has_ended, KC_ERR_NOT_AVAILABLE, "the process has closed its end");
	return stream_flush(stream);
}

static void update_interest(struct wire_caller *caller)
{
	uint32_t events = EPOLLIN;

	if (stream_unsent(&caller->stream) > 0)
		events |= EPOLLOUT;
	if (sd_event_source_set_io_events(caller->io, events) < 0)
		log_error("stage=caller cannot watch its socket");
}

static int on_io(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	struct wire_caller *caller = userdata;
	enum kc_status status = KC_OK;
	bool freed = false;

	(void)source;
	(void)fd;
	(void)events;
	error_clear();
	status = exchange(caller, &freed);
	if (freed || caller->is_over)
		return 0;
	if (status == KC_OK)
		update_interest(caller);
	else
		be_over(caller, KC_ERR_NOT_AVAILABLE);
	return 0;
}

/* The call that was not sent failed on a socket that will say so again when read. */
static int on_work(sd_event_source *source, void *userdata)
{
	(void)source;
	error_clear();
	be_over(userdata, fail(KC_ERR_NOT_AVAILABLE, "the process is gone"));
	return 0;
}

static int on_deadline(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct request *request = userdata;
	struct wire_caller *caller = request->caller;

	(void)source;
	(void)usec;
	error_clear();
	be_over(caller, fail(KC_ERR_NOT_AVAILABLE, "the process did not answer in time"));
	return 0;
}

/* --- calls -------------------------------------------------------------------------------------
 */

static int add_sources(struct wire_caller *caller)
{
	int error = sd_event_add_io(caller->event, &caller->io, caller->stream.fd, EPOLLIN, on_io,
				    caller);

	if (error >= 0)
		error = sd_event_add_defer(caller->event, &caller->work, on_work, caller);
	return error < 0 ? error : sd_event_source_set_enabled(caller->work, SD_EVENT_OFF);
}

enum kc_status wire_caller_new(sd_event *event, int fd, wire_closed_fn on_closed, void *userdata,
			       struct wire_caller **ret_caller)
{
	struct wire_caller *caller = calloc(1, sizeof(*caller));

	if (!caller)
		close(fd);
	REQUIRE(caller, KC_ERR_ALLOCATE, "out of memory");
	stream_init(&caller->stream, fd);
	list_init(&caller->requests);
	caller->event = sd_event_ref(event);
	caller->on_closed = on_closed;
	caller->userdata = userdata;
	if (add_sources(caller) < 0) {
		wire_caller_free(caller);
		return fail(KC_ERR_ALLOCATE, "no event source for a connection");
	}
	*ret_caller = caller;
	return KC_OK;
}

enum kc_status wire_caller_hold_to(struct wire_caller *caller, const char *definition)
{
	return idl_parse(definition, &caller->definition);
}

/* "org.keycask.Driver.Sign" → "Sign" */
static const char *find_method(const struct idl *definition, const char *method)
{
	const char *dot = strrchr(method, '.');

	for (size_t i = 0; definition && dot && i < idl_method_count(definition); i++) {
		if (strcmp(idl_method_name(definition, i), dot + 1) == 0)
			return idl_method_name(definition, i);
	}
	return NULL;
}

static enum kc_status request_new(struct wire_caller *caller, unsigned deadline_ms,
				  struct request **ret_request)
{
	struct request *request = calloc(1, sizeof(*request));

	REQUIRE(request, KC_ERR_ALLOCATE, "out of memory");
	list_init(&request->link);
	request->caller = caller;
	if (deadline_ms == WIRE_NO_DEADLINE) {
		*ret_request = request;
		return KC_OK;
	}
	if (sd_event_add_time_relative(caller->event, &request->deadline, CLOCK_MONOTONIC,
				       (uint64_t)deadline_ms * US_PER_MS, 0, on_deadline,
				       request) < 0 ||
	    sd_event_source_set_priority(request->deadline, AFTER_ANSWERS) < 0) {
		request_free(request);
		return fail(KC_ERR_ALLOCATE, "no event source for a deadline");
	}
	*ret_request = request;
	return KC_OK;
}

/* A peer that is gone shows from the loop, not here. */
static void send_now(struct wire_caller *caller)
{
	if (stream_flush(&caller->stream) == KC_OK) {
		update_interest(caller);
		return;
	}
	error_clear();
	if (sd_event_source_set_enabled(caller->work, SD_EVENT_ONESHOT) < 0)
		log_error("stage=caller cannot schedule its end");
}

struct ask {
	const char *method;
	struct json_object *parameters; /* taken */
	int descriptor;
	unsigned deadline_ms;
	bool is_stream;
	wire_reply_fn on_reply;
	void *userdata;
};

static enum kc_status send_ask(struct wire_caller *caller, const struct ask *ask)
{
	CLEANUP(field_free) struct json_object *message = NULL;
	struct request *request = NULL;
	enum kc_status status = KC_OK;

	TRY(envelope_new_call(ask->method, ask->parameters, ask->is_stream, &message));
	REQUIRE(!caller->is_over, KC_ERR_NOT_AVAILABLE, "the connection is over");
	TRY(request_new(caller, ask->deadline_ms, &request));
	status = stream_put(&caller->stream, message, ask->descriptor);
	if (status != KC_OK) {
		request_free(request);
		return status;
	}
	request->is_stream = ask->is_stream;
	request->on_reply = ask->on_reply;
	request->userdata = ask->userdata;
	list_append(&caller->requests, &request->link);
	request->method = find_method(caller->definition, field_text(message, "method"));
	send_now(caller);
	return KC_OK;
}

enum kc_status wire_caller_call(struct wire_caller *caller, const char *method,
				struct json_object *parameters, int descriptor,
				unsigned deadline_ms, wire_reply_fn on_reply, void *userdata)
{
	return send_ask(caller, &(struct ask){.method = method,
					      .parameters = parameters,
					      .descriptor = descriptor,
					      .deadline_ms = deadline_ms,
					      .on_reply = on_reply,
					      .userdata = userdata});
}

enum kc_status wire_caller_stream(struct wire_caller *caller, const char *method,
				  struct json_object *parameters, wire_reply_fn on_reply,
				  void *userdata)
{
	return send_ask(caller, &(struct ask){.method = method,
					      .parameters = parameters,
					      .descriptor = -1,
					      .deadline_ms = WIRE_NO_DEADLINE,
					      .is_stream = true,
					      .on_reply = on_reply,
					      .userdata = userdata});
}
