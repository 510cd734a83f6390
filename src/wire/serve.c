/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Wait, answer, return: the whole loop of a child process. */
#include "wire/serve.h"

#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "base/try.h"
#include "wire/stream_impl.h"

struct wire_serve {
	struct stream stream;
	struct wire_service *service;
};

enum kc_status wire_serve_new(int fd, struct wire_service *service, struct wire_serve **ret_serve)
{
	struct wire_serve *serve = calloc(1, sizeof(*serve));

	if (!serve)
		close(fd);
	REQUIRE(serve, KC_ERR_ALLOCATE, "out of memory");
	stream_init(&serve->stream, fd);
	serve->service = service;
	*ret_serve = serve;
	return KC_OK;
}

struct wire_serve *wire_serve_free(struct wire_serve *serve)
{
	if (!serve)
		return NULL;
	stream_done(&serve->stream);
	free(serve);
	return NULL;
}

int wire_serve_fd(const struct wire_serve *serve)
{
	return serve->stream.fd;
}

static enum kc_status send_all(struct wire_serve *serve)
{
	TRY(stream_flush(&serve->stream));
	while (stream_unsent(&serve->stream) > 0) {
		TRY(stream_wait(&serve->stream, POLLOUT, -1));
		TRY(stream_flush(&serve->stream));
	}
	return KC_OK;
}

/*
 * wire_transport::send. At once, because a handler may go on after one reply of several. A peer
 * that is gone shows when its socket is read next.
 */
static enum kc_status put_reply(void *connection, struct json_object *message)
{
	CLEANUP(field_free) struct json_object *owned = message;
	struct wire_serve *serve = connection;

	TRY(stream_put(&serve->stream, owned, -1));
	if (send_all(serve) != KC_OK)
		error_clear();
	return KC_OK;
}

static void on_ended(void *connection)
{
	struct wire_serve *serve = connection;

	stream_drop_stray_descriptors(&serve->stream);
}

static int take_descriptor(void *connection)
{
	struct wire_serve *serve = connection;

	return stream_take_descriptor(&serve->stream);
}

static const struct wire_transport transport = {put_reply, on_ended, take_descriptor, NULL, NULL};

static enum kc_status answer_one(struct wire_serve *serve)
{
	CLEANUP(field_free) struct json_object *message = NULL;
	struct wire_call *pending = NULL;

	TRY(stream_next(&serve->stream, &message));
	TRY(wire_service_dispatch(serve->service, message, &transport, serve, NULL, &pending));
	if (pending) {
		log_error("method=%s returned without an answer", wire_call_method(pending));
		wire_call_orphan(pending);
		return fail(KC_ERR_INTERNAL, "a handler returned without an answer");
	}
	return send_all(serve); /* says it when one could not be sent */
}

enum kc_status wire_serve_step(struct wire_serve *serve)
{
	error_clear();
	TRY(stream_wait(&serve->stream, POLLIN, -1));
	TRY(stream_receive(&serve->stream));
	while (stream_has_message(&serve->stream))
		TRY(answer_one(serve));
	REQUIRE(!serve->stream.has_ended, KC_ERR_NOT_AVAILABLE, "the daemon has closed its end");
	return KC_OK;
}
