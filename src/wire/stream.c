/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Buffers of one connection. What has been used is wiped at once but moved out of the way only
 * before the next read: a peer that sends thousands of small messages in one block would otherwise
 * make us move the rest of the block thousands of times.
 */
#include "wire/stream_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/try.h"

enum {
	RECEIVE_BYTES = 4 * 1024, /* at first; then as much again as is there */
	RECEIVE_BYTES_MAX = 64 * 1024,
	INPUT_MAX = WIRE_MESSAGE_MAX + 1, /* one message and its NUL */
	NS_PER_MS = 1000 * 1000,
	MS_PER_S = 1000,
};

void stream_init(struct stream *stream, int fd)
{
	*stream = (struct stream){
		.fd = fd,
		.input = BYTES_INIT(INPUT_MAX),
		.output = BYTES_INIT(WIRE_OUTPUT_MAX),
	};
}

void stream_done(struct stream *stream)
{
	for (size_t i = 0; i < stream->n_received; i++)
		close(stream->received[i]);
	for (size_t i = 0; i < stream->n_to_send; i++)
		close(stream->to_send[i].fd);
	bytes_done(&stream->input);
	bytes_done(&stream->output);
	if (stream->fd >= 0)
		close(stream->fd);
	stream_init(stream, -1);
}

/* --- in -------------------------------------------------------------------------------------- */

union control {
	char space[CMSG_SPACE(sizeof(int) * WIRE_DESCRIPTORS_MAX) +
		   CMSG_SPACE(sizeof(struct ucred))];
	struct cmsghdr align;
};

/* Keep or close; false when there was no room for all. */
static bool keep_descriptors(struct stream *stream, const struct cmsghdr *header)
{
	size_t n = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
	bool fit = n <= WIRE_DESCRIPTORS_MAX - stream->n_received;

	for (size_t i = 0; i < n; i++) {
		int fd = -1;

		memcpy(&fd, CMSG_DATA(header) + i * sizeof(int), sizeof(int));
		if (fit)
			stream->received[stream->n_received++] = fd;
		else
			close(fd);
	}
	return fit;
}

/* Who sent this, as the kernel says; what comes from two processes comes in two reads. */
static void note_sender(struct stream *stream, const struct cmsghdr *header)
{
	struct ucred sender;

	memcpy(&sender, CMSG_DATA(header), sizeof(sender));
	if (stream->owner != 0 && sender.pid != stream->owner)
		stream->is_forwarded = true;
}

static enum kc_status take_control(struct stream *stream, struct msghdr *message)
{
	bool fit = (message->msg_flags & MSG_CTRUNC) == 0;

	for (struct cmsghdr *header = CMSG_FIRSTHDR(message); header;
	     header = CMSG_NXTHDR(message, header)) {
		if (header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS)
			fit = keep_descriptors(stream, header) && fit;
		if (header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_CREDENTIALS)
			note_sender(stream, header);
	}
	REQUIRE(fit, KC_ERR_DECODE, "more descriptors than we keep");
	return KC_OK;
}

static size_t input_length(const struct stream *stream)
{
	return stream->input.len - stream->n_used;
}

/* Room for the next read, at least a byte of it. */
static enum kc_status make_room(struct stream *stream, size_t *ret_room)
{
	size_t room = RECEIVE_BYTES;

	bytes_consume(&stream->input, stream->n_used);
	stream->n_used = 0;
	if (room < stream->input.len)
		room = stream->input.len;
	if (room > RECEIVE_BYTES_MAX)
		room = RECEIVE_BYTES_MAX;
	if (room > INPUT_MAX - stream->input.len)
		room = INPUT_MAX - stream->input.len;
	TRY(bytes_reserve(&stream->input, room));
	*ret_room = room;
	return KC_OK;
}

static bool is_no_error(int error)
{
	return error == EAGAIN || error == EWOULDBLOCK || error == EINTR;
}

static void count_messages(struct stream *stream, struct kc_view added)
{
	for (size_t i = 0; i < added.len; i++)
		stream->n_waiting += added.data[i] == 0;
}

enum kc_status stream_receive(struct stream *stream)
{
	union control control;
	struct iovec block = {0};
	struct msghdr message = {.msg_iov = &block, .msg_iovlen = 1};
	ssize_t n = 0;

	message.msg_control = &control;
	message.msg_controllen = sizeof(control);
	TRY(make_room(stream, &block.iov_len));
	block.iov_base = stream->input.data + stream->input.len;
	n = recvmsg(stream->fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	if (n < 0 && is_no_error(errno))
		return KC_OK;
	if (n <= 0) {
		stream->has_ended = true;
		return KC_OK;
	}
	count_messages(stream, view_of(block.iov_base, (size_t)n));
	stream->input.len += (size_t)n;
	TRY(take_control(stream, &message));
	REQUIRE(stream->n_waiting > 0 || input_length(stream) < INPUT_MAX, KC_ERR_DECODE,
		"message too long");
	return KC_OK;
}

bool stream_may_receive(const struct stream *stream)
{
	return !stream->has_ended && stream->n_waiting < WIRE_CALLS_MAX &&
	       input_length(stream) < INPUT_MAX;
}

bool stream_has_message(const struct stream *stream)
{
	return stream->n_waiting > 0;
}

/* Most streams wait most of the time: they keep no large buffer meanwhile. */
static void rest(struct stream *stream)
{
	if (stream->n_used < stream->input.len || stream->input.capacity <= RECEIVE_BYTES)
		return;
	bytes_done(&stream->input);
	stream->n_used = 0;
}

enum kc_status stream_next(struct stream *stream, struct json_object **ret_message)
{
	struct kc_view text;
	size_t used = 0;
	enum kc_status status = KC_OK;

	REQUIRE(message_find(view_slice(bytes_view(&stream->input), stream->n_used, INPUT_MAX),
			     &text, &used),
		KC_ERR_INTERNAL, "no message is waiting");
	status = message_parse(text, ret_message);
	explicit_bzero(stream->input.data + stream->n_used, used);
	stream->n_used += used;
	stream->n_waiting--;
	rest(stream);
	return status;
}

int stream_take_descriptor(struct stream *stream)
{
	int fd = -1;

	if (stream->n_received == 0)
		return -1;
	fd = stream->received[0];
	stream->n_received--;
	memmove(stream->received, stream->received + 1, stream->n_received * sizeof(int));
	return fd;
}

void stream_drop_stray_descriptors(struct stream *stream)
{
	int fd = -1;

	if (stream->n_used < stream->input.len)
		return;
	while ((fd = stream_take_descriptor(stream)) >= 0)
		ignore(close(fd));
}

/* --- out ------------------------------------------------------------------------------------- */

/* Move what is left to the front: when that is little, or the room is needed. */
static void pack_output(struct stream *stream, size_t extra)
{
	if (stream->n_sent < stream_unsent(stream) && stream->output.len + extra <= WIRE_OUTPUT_MAX)
		return;
	for (size_t i = 0; i < stream->n_to_send; i++)
		stream->to_send[i].offset -= stream->n_sent;
	bytes_consume(&stream->output, stream->n_sent);
	stream->n_sent = 0;
}

static enum kc_status copy_descriptor(struct stream *stream, int descriptor)
{
	int fd = -1;

	REQUIRE(stream->n_to_send < WIRE_DESCRIPTORS_MAX, KC_ERR_NOT_AVAILABLE,
		"too many descriptors on their way");
	fd = fcntl(descriptor, F_DUPFD_CLOEXEC, 3);
	REQUIRE(fd >= 0, KC_ERR_NOT_AVAILABLE, "cannot pass a descriptor on: %s", strerror(errno));
	stream->to_send[stream->n_to_send++] = (struct stream_descriptor){fd, stream->output.len};
	return KC_OK;
}

enum kc_status stream_put_descriptor(struct stream *stream, int descriptor)
{
	return copy_descriptor(stream, descriptor);
}

/* A message is rendered on its own: how much room is left must not decide whether it is one. */
enum kc_status stream_put(struct stream *stream, struct json_object *message, int descriptor)
{
	CLEANUP(bytes_done) struct bytes text = BYTES_INIT(WIRE_MESSAGE_MAX + 1);

	TRY(message_put(&text, message));
	REQUIRE(stream_unsent(stream) + text.len <= WIRE_OUTPUT_MAX, KC_ERR_NOT_AVAILABLE,
		"the peer does not read");
	pack_output(stream, text.len);
	TRY(bytes_reserve(&stream->output, text.len));
	if (descriptor >= 0)
		TRY(copy_descriptor(stream, descriptor));
	return bytes_append(&stream->output, bytes_view(&text));
}

size_t stream_unsent(const struct stream *stream)
{
	return stream->output.len - stream->n_sent;
}

/* What goes out with the next sendmsg(): up to the next message that has descriptors. */
static struct kc_view next_block(const struct stream *stream, size_t *ret_n_descriptors)
{
	struct kc_view unsent =
		view_slice(bytes_view(&stream->output), stream->n_sent, WIRE_OUTPUT_MAX);
	size_t n = 0;

	while (n < stream->n_to_send && stream->to_send[n].offset <= stream->n_sent)
		n++;
	*ret_n_descriptors = n;
	if (n == stream->n_to_send)
		return unsent;
	return view_slice(unsent, 0, stream->to_send[n].offset - stream->n_sent);
}

static void attach(const struct stream *stream, size_t n, struct msghdr *message,
		   union control *control)
{
	struct cmsghdr *header = NULL;

	message->msg_control = control;
	message->msg_controllen = CMSG_SPACE(n * sizeof(int));
	header = CMSG_FIRSTHDR(message);
	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(n * sizeof(int));
	for (size_t i = 0; i < n; i++)
		memcpy(CMSG_DATA(header) + i * sizeof(int), &stream->to_send[i].fd, sizeof(int));
}

static void forget_sent(struct stream *stream, size_t n, size_t n_descriptors)
{
	explicit_bzero(stream->output.data + stream->n_sent, n);
	stream->n_sent += n;
	for (size_t i = 0; i < n_descriptors; i++)
		close(stream->to_send[i].fd);
	stream->n_to_send -= n_descriptors;
	memmove(stream->to_send, stream->to_send + n_descriptors,
		stream->n_to_send * sizeof(stream->to_send[0]));
}

/* Expected: KC_OK with *ret_sent false: the socket is full */
static enum kc_status send_block(struct stream *stream, bool *ret_sent)
{
	union control control = {{0}};
	struct iovec block = {0};
	struct msghdr message = {.msg_iov = &block, .msg_iovlen = 1};
	size_t n_descriptors = 0;
	struct kc_view view = next_block(stream, &n_descriptors);
	ssize_t n = 0;

	block.iov_base = stream->output.data + stream->n_sent;
	block.iov_len = view.len;
	if (n_descriptors > 0)
		attach(stream, n_descriptors, &message, &control);
	n = sendmsg(stream->fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
	*ret_sent = n > 0;
	if (n < 0 && is_no_error(errno))
		return KC_OK;
	REQUIRE(n > 0, KC_ERR_NOT_AVAILABLE, "the peer is gone: %s", strerror(errno));
	forget_sent(stream, (size_t)n, n_descriptors);
	return KC_OK;
}

enum kc_status stream_flush(struct stream *stream)
{
	bool sent = true;

	while (sent && stream_unsent(stream) > 0)
		TRY(send_block(stream, &sent));
	return KC_OK;
}

/* --- time ------------------------------------------------------------------------------------ */

static int64_t now(void)
{
	struct timespec time = {0};

	(void)clock_gettime(CLOCK_MONOTONIC, &time);
	return (int64_t)time.tv_sec * MS_PER_S * NS_PER_MS + time.tv_nsec;
}

int64_t stream_deadline(int timeout_ms)
{
	return timeout_ms < 0 ? -1 : now() + (int64_t)timeout_ms * NS_PER_MS;
}

/* Rounded up, so that poll() never returns just before the deadline. */
static int milliseconds_until(int64_t deadline)
{
	int64_t left = deadline < 0 ? -1 : deadline - now();

	if (deadline < 0)
		return -1;
	return left <= 0 ? 0 : (int)((left + NS_PER_MS - 1) / NS_PER_MS);
}

enum kc_status stream_wait(const struct stream *stream, short events, int64_t deadline)
{
	struct pollfd wanted = {.fd = stream->fd, .events = events};
	int n = 0;

	do
		n = poll(&wanted, 1, milliseconds_until(deadline));
	while (n < 0 && errno == EINTR);
	REQUIRE(n != 0, KC_ERR_COMMUNICATION, "no answer in time");
	REQUIRE(n > 0, KC_ERR_INTERNAL, "poll: %s", strerror(errno));
	return KC_OK;
}
