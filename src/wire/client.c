/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One call at a time over a connection, or one stream. Sending reads too, so that two sides that
 * both have much to say never wait for each other.
 */
#include "wire/client.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/try.h"
#include "wire/envelope_impl.h"
#include "wire/failure.h"
#include "wire/stream_impl.h"

struct wire_client {
	struct stream stream;
	dev_t device; /* which descriptor it is, whatever its number comes to mean */
	ino_t inode;
	bool is_over;
	bool is_streaming; /* more replies are to come */
};

static void note_descriptor(struct wire_client *client)
{
	struct stat info = {0};

	ignore(fstat(client->stream.fd, &info));
	client->device = info.st_dev;
	client->inode = info.st_ino;
}

bool wire_client_has_descriptor(const struct wire_client *client)
{
	struct stat info;

	return fstat(client->stream.fd, &info) == 0 && info.st_dev == client->device &&
	       info.st_ino == client->inode;
}

enum kc_status wire_client_adopt(int fd, struct wire_client **ret_client)
{
	struct wire_client *client = calloc(1, sizeof(*client));

	if (!client)
		close(fd);
	REQUIRE(client, KC_ERR_ALLOCATE, "out of memory");
	stream_init(&client->stream, fd);
	note_descriptor(client);
	*ret_client = client;
	return KC_OK;
}

static void close_descriptor(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

/* An interrupted connect() of a UNIX socket has not happened: it can be repeated. */
static int connect_to(int fd, const struct sockaddr_un *address)
{
	int error = 0;

	do
		error = connect(fd, (const struct sockaddr *)address, sizeof(*address));
	while (error != 0 && errno == EINTR);
	return error;
}

enum kc_status wire_client_connect(const char *path, struct wire_client **ret_client)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	CLEANUP(close_descriptor) int fd = -1;

	REQUIRE(strlen(path) < sizeof(address.sun_path), KC_ERR_PARAM,
		"path of a socket is too long: %s", path);
	memcpy(address.sun_path, path, strlen(path));
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	REQUIRE(fd >= 0, KC_ERR_NOT_AVAILABLE, "socket: %s", strerror(errno));
	REQUIRE(connect_to(fd, &address) == 0, KC_ERR_NOT_AVAILABLE, "cannot connect to %s: %s",
		path, strerror(errno));
	return wire_client_adopt(take_fd(fd), ret_client);
}

struct wire_client *wire_client_free(struct wire_client *client)
{
	if (!client)
		return NULL;
	if (!wire_client_has_descriptor(client))
		client->stream.fd = -1;
	stream_done(&client->stream);
	free(client);
	return NULL;
}

int wire_client_fd(const struct wire_client *client)
{
	return client->stream.fd;
}

bool wire_client_is_over(const struct wire_client *client)
{
	return client->is_over;
}

/* Trouble on the connection: what comes after it cannot be told apart any more. */
static enum kc_status give_up(struct wire_client *client, enum kc_status status)
{
	client->is_over = true;
	if (status == KC_ERR_ALLOCATE || status == KC_ERR_INTERNAL)
		return status;
	return error_remap(KC_ERR_NOT_AVAILABLE);
}

static enum kc_status exchange(struct wire_client *client, int64_t deadline)
{
	struct stream *stream = &client->stream;
	short events = POLLIN;

	if (stream_unsent(stream) > 0)
		events |= POLLOUT;
	TRY(stream_wait(stream, events, deadline));
	TRY(stream_receive(stream));
	TRY(stream_flush(stream));
	REQUIRE(!stream->has_ended || stream_has_message(stream), KC_ERR_NOT_AVAILABLE,
		"the service has closed the connection");
	return KC_OK;
}

/* Until a reply is there. */
static enum kc_status await(struct wire_client *client, int64_t deadline)
{
	while (!stream_has_message(&client->stream))
		TRY(exchange(client, deadline));
	return KC_OK;
}

static enum kc_status send_call(struct wire_client *client, const char *method,
				struct json_object *parameters, bool wants_more, int descriptor)
{
	CLEANUP(field_free) struct json_object *message = NULL;
	enum kc_status status = KC_OK;

	error_clear();
	TRY(envelope_new_call(method, parameters, wants_more, &message));
	REQUIRE(!client->is_over, KC_ERR_NOT_AVAILABLE, "the connection is over");
	REQUIRE(!client->is_streaming, KC_ERR_PARAM, "a stream is under way on this connection");
	TRY(stream_put(&client->stream, message, descriptor));
	status = stream_flush(&client->stream);
	return status == KC_OK ? KC_OK : give_up(client, status);
}

/* The reply that is there. What a service fails with is no trouble on the connection. */
static enum kc_status read_reply(struct wire_client *client, struct json_object **ret_parameters,
				 bool *ret_continues)
{
	CLEANUP(field_free) struct json_object *message = NULL;
	struct envelope_reply reply;
	enum kc_status status = stream_next(&client->stream, &message);

	if (status == KC_OK)
		status = envelope_read_reply(message, &reply);
	if (status != KC_OK)
		return give_up(client, status);
	client->is_streaming = reply.continues;
	if (reply.error)
		return failure_adopt(reply.error, reply.parameters);
	TRY(envelope_keep_parameters(&reply, ret_parameters));
	*ret_continues = reply.continues;
	return KC_OK;
}

enum kc_status wire_client_attach(struct wire_client *client, int descriptor)
{
	return stream_put_descriptor(&client->stream, descriptor);
}

enum kc_status wire_client_call(struct wire_client *client, const char *method,
				struct json_object *parameters, int descriptor, int timeout_ms,
				struct json_object **ret_parameters)
{
	CLEANUP(field_free) struct json_object *answer = NULL;
	enum kc_status status = KC_OK;
	bool continues = false;

	TRY(send_call(client, method, parameters, false, descriptor));
	status = await(client, stream_deadline(timeout_ms));
	if (status != KC_OK)
		return give_up(client, status);
	TRY(read_reply(client, &answer, &continues));
	if (continues)
		return give_up(client, fail(KC_ERR_DECODE, "a stream as answer to one call"));
	*ret_parameters = take(answer);
	return KC_OK;
}

enum kc_status wire_client_start(struct wire_client *client, const char *method,
				 struct json_object *parameters)
{
	TRY(send_call(client, method, parameters, true, -1));
	client->is_streaming = true;
	return KC_OK;
}

enum kc_status wire_client_next(struct wire_client *client, int timeout_ms,
				struct json_object **ret_parameters, bool *ret_continues)
{
	enum kc_status status = KC_OK;

	error_clear();
	REQUIRE(!client->is_over, KC_ERR_NOT_AVAILABLE, "the connection is over");
	REQUIRE(client->is_streaming, KC_ERR_PARAM, "no stream has been started");
	status = await(client, stream_deadline(timeout_ms));
	if (status == KC_ERR_COMMUNICATION)
		return status;
	if (status != KC_OK)
		return give_up(client, status);
	return read_reply(client, ret_parameters, ret_continues);
}
