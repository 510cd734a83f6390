/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef WIRE_SERVICE_H
#define WIRE_SERVICE_H

/*
 * The answering side of Varlink, without a transport: a service is a set of interfaces, each a
 * table of methods held to its IDL; a call is one request on its way to an answer. server.h puts
 * a service on a listening socket and an event loop, serve.h on one inherited blocking socket.
 */

#include <stdbool.h>

#include "wire/field.h"

struct wire_service;
struct wire_call;

typedef void (*wire_handler_fn)(struct wire_call *call);

/* One row: @right is the daemon's business (what a peer needs to be allowed this). */
struct wire_method {
	const char *name; /* without the interface: "Sign" */
	wire_handler_fn handler;
	unsigned right;
};

struct wire_interface {
	const char *description; /* the text of protocol/NAME.varlink */
	const struct wire_method *methods;
	size_t n_methods;
};

/* Runs before a handler; anything but KC_OK answers the call with Failed and this status. */
typedef enum kc_status (*wire_admit_fn)(struct wire_call *call, const struct wire_method *method);

struct wire_service_options {
	const char *product; /* for org.varlink.service.GetInfo; static */
	const char *version;
	void *context;	     /* wire_call_context() */
	wire_admit_fn admit; /* may be NULL */
};

KC_MUST_CHECK enum kc_status wire_service_new(const struct wire_service_options *options,
					      struct wire_service **ret_service);
struct wire_service *wire_service_free(struct wire_service *service);
DEFINE_FREEP(wire_service)

/*
 * Add an interface; its table and IDL must have the same methods. What @interface points to must
 * outlive the service.
 * Expected: KC_ERR_DECODE  the IDL is wrong; KC_ERR_INTERNAL  table and IDL differ, naming where
 */
KC_MUST_CHECK enum kc_status wire_service_add(struct wire_service *service,
					      const struct wire_interface *interface);

/* --- in a handler -------------------------------------------------------------------------- */

/*
 * A handler owns its call until it ends it with exactly one of wire_call_reply(),
 * wire_call_fail() or wire_call_drop(), in the handler or later. Ending a call whose peer has
 * gone is fine and does nothing more than free it.
 */

/* Checked against the IDL; never NULL; lives as long as the call. */
struct json_object *wire_call_parameters(struct wire_call *call);
void *wire_call_context(struct wire_call *call);
/* What the transport's admit hook returned for this connection; NULL with serve.h, and once the
 * peer has gone (but not yet in on_gone). */
void *wire_call_peer(struct wire_call *call);
/* "org.keycask.Keys.Sign" */
const char *wire_call_method(struct wire_call *call);
/* Unique in this process, in every log line of the request's path. */
uint64_t wire_call_id(struct wire_call *call);
/* The caller takes several replies ("more"). */
bool wire_call_wants_more(struct wire_call *call);
/* The oldest descriptor that came with this connection's messages; -1 when there is none. */
int wire_call_take_descriptor(struct wire_call *call);
/* Another process than the one that connected has sent something on this connection: it has
 * inherited it, or been given it, and is not who wire_call_peer() is. */
bool wire_call_is_forwarded(struct wire_call *call);

/* @on_gone runs once if the peer leaves while the call is pending; the call must still be ended
 * (there or later). Replaces an earlier one; NULL: none. */
typedef void (*wire_gone_fn)(void *userdata);
void wire_call_on_gone(struct wire_call *call, wire_gone_fn on_gone, void *userdata);

/*
 * This stream comes to an end by itself: a server that is drained waits for it as for any other
 * call, as long as its peer reads.
 */
void wire_call_will_end(struct wire_call *call);
/*
 * @on_drained runs once, from the loop, when the peer has been sent all that there was to send: the
 * moment to make the next of many replies. It may end the call. Never in a program on serve.h.
 */
typedef void (*wire_drained_fn)(void *userdata);
void wire_call_on_drained(struct wire_call *call, wire_drained_fn on_drained, void *userdata);

/* Last or only reply; takes @parameters (NULL: empty) and @call. */
void wire_call_reply(struct wire_call *call, struct json_object *parameters);
/* One reply of several ("continues"); takes @parameters, not @call. */
void wire_call_continue(struct wire_call *call, struct json_object *parameters);
/* Failed, with @status and this thread's error record; takes @call. */
void wire_call_fail(struct wire_call *call, enum kc_status status);
/* The answer of a stream's handler to a caller that did not say "more"; takes @call. */
void wire_call_expect_more(struct wire_call *call);
/* End it without an answer: only for peers that are being closed. */
void wire_call_drop(struct wire_call *call);

/* --- for transports (server.c, serve.c) ------------------------------------------------------ */

struct wire_transport {
	/* Send one message; takes it. Expected: KC_ERR_PARAM  longer than a message may be, and
	 * nothing was sent; other trouble is the connection's own to deal with. */
	enum kc_status (*send)(void *connection, struct json_object *message);
	/* The call is over: the connection may start the next one. */
	void (*ended)(void *connection);
	int (*take_descriptor)(void *connection);
	bool (*is_forwarded)(void *connection); /* NULL: never */
	/* A call waits for wire_call_drained(). NULL: whatever was sent has gone out. */
	void (*await_drained)(void *connection);
};

/*
 * Answer @message (borrowed): find method, check parameters, run the handler. The handler may end
 * the call before this returns; then *ret_pending is NULL. Expected: KC_ERR_DECODE  not a call at
 * all: close the peer.
 */
KC_MUST_CHECK enum kc_status wire_service_dispatch(struct wire_service *service,
						   struct json_object *message,
						   const struct wire_transport *transport,
						   void *connection, void *peer,
						   struct wire_call **ret_pending);

/* All that @call (a pending one) has sent is gone out; it may end now. */
void wire_call_drained(struct wire_call *call);
/* Is it a stream without an end of its own? */
bool wire_call_is_endless(const struct wire_call *call);

/* The connection of @call (a pending one from wire_service_dispatch()) is gone. */
void wire_call_orphan(struct wire_call *call);

#endif
