/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef WIRE_STREAM_IMPL_H
#define WIRE_STREAM_IMPL_H

/*
 * Messages and descriptors over one connected UNIX stream socket, both ways, buffered. Nothing here
 * blocks but stream_wait(), whatever mode the socket is in; nothing raises a signal. The four users
 * (server, caller, client, serve) differ in how they wait.
 */

#include <stdbool.h>
#include <sys/types.h>

#include "wire/message.h"

struct stream_descriptor {
	int fd;
	size_t offset; /* in output, of the message that it goes with */
};

struct stream {
	int fd;
	bool has_ended; /* the peer will send nothing more */

	pid_t owner;	   /* who connected; 0: whoever sends is right */
	bool is_forwarded; /* something has come from another process */

	struct bytes input;
	size_t n_used;	  /* at the front of input: done with and wiped */
	size_t n_waiting; /* whole messages in input */
	int received[WIRE_DESCRIPTORS_MAX];
	size_t n_received;

	struct bytes output;
	size_t n_sent; /* at the front of output: gone and wiped */
	struct stream_descriptor to_send[WIRE_DESCRIPTORS_MAX];
	size_t n_to_send;
};

/* @fd is taken; -1 makes a stream that is only good for stream_done(). */
void stream_init(struct stream *stream, int fd);
void stream_done(struct stream *stream);

/*
 * Read once, what is there. KC_OK also when that is nothing or the end (has_ended).
 * Expected: KC_ERR_DECODE  a message too long or too many descriptors: be done with the peer
 */
KC_MUST_CHECK enum kc_status stream_receive(struct stream *stream);
/* False: has_ended, or enough is waiting already. */
bool stream_may_receive(const struct stream *stream);

bool stream_has_message(const struct stream *stream);
/* The next message, which must be there. Expected: KC_ERR_DECODE  be done with the peer */
KC_MUST_CHECK enum kc_status stream_next(struct stream *stream, struct json_object **ret_message);
/* The oldest descriptor that came, the caller's to close; -1 when there is none. */
int stream_take_descriptor(struct stream *stream);
/* A call is over. When nothing of the next has come, descriptors that it did not take are no
 * later call's either, and are closed. */
void stream_drop_stray_descriptors(struct stream *stream);

/*
 * Put @message (borrowed) into the output, with a copy of @descriptor (-1: none).
 * Expected: KC_ERR_PARAM	   cannot be a message, nothing was put
 *           KC_ERR_NOT_AVAILABLE  the peer leaves too much unread: be done with it
 */
KC_MUST_CHECK enum kc_status stream_put(struct stream *stream, struct json_object *message,
					int descriptor);
/* A copy of @descriptor goes with the next message, before what stream_put() gives it. */
KC_MUST_CHECK enum kc_status stream_put_descriptor(struct stream *stream, int descriptor);
size_t stream_unsent(const struct stream *stream);
/* Send what the socket takes now. Expected: KC_ERR_NOT_AVAILABLE  the peer is gone */
KC_MUST_CHECK enum kc_status stream_flush(struct stream *stream);

/* Nanoseconds of CLOCK_MONOTONIC at which @timeout_ms from now have passed; -1 stays -1. */
int64_t stream_deadline(int timeout_ms);
/* Wait until @events of poll() or the end. Expected: KC_ERR_COMMUNICATION  @deadline passed */
KC_MUST_CHECK enum kc_status stream_wait(const struct stream *stream, short events,
					 int64_t deadline);

#endif
