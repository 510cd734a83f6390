/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CLIENT_LINE_H
#define CLIENT_LINE_H

/*
 * The process's line to its daemon: one connection, opened when first needed, shared by all
 * threads, never by a child; and a few more for what need not wait until it is free. It starts the
 * daemon when none listens, and comes back after the daemon was restarted. No threads, no signals,
 * nothing before first use.
 */

#include "client/context_use.h"
#include "wire/client.h"

enum {
	LINE_QUERY_MS = 15 * 1000,	/* the daemon itself gives up before */
	LINE_OPERATION_MS = 180 * 1000, /* a person, then a slow card */
};

struct line_call {
	const char *method;
	struct json_object *parameters; /* taken by line_call(); NULL: empty */
	int descriptor;			/* sent along, borrowed; -1: none */
	int timeout_ms;			/* -1: no limit */
	bool is_repeatable; /* reads only: may be asked again when the connection broke meanwhile */
	/* Reads that have nothing to do with this connection: with a PIN given on it, a context or
	 * a key of it. */
	bool may_go_aside;
	bool is_change;	   /* when its answer is lost, say that it may have been made */
	bool never_starts; /* do not start a daemon for this */
	/* It answers in several replies ("more"): each of them, borrowed. The first one may come
	 * twice: what came before is void then. NULL: it answers in one. */
	enum kc_status (*take_page)(void *userdata, struct json_object *page, bool is_first);
	void *userdata;
};

/*
 * Call and wait. A call that is not repeatable is sent at most once, on a connection that stands.
 * With take_page *ret_answer stays as it is.
 * Expected: KC_ERR_NOT_AVAILABLE  no daemon, or it left before it answered
 *           whatever the daemon failed with, with its record
 */
KC_MUST_CHECK enum kc_status line_call(const struct line_call *call,
				       struct json_object **ret_answer);

/*
 * A connection of its own, for streams.
 * Expected: KC_ERR_NOT_AVAILABLE  nobody listens and @may_start is false, or starting failed
 */
KC_MUST_CHECK enum kc_status line_open(bool may_start, struct wire_client **ret_client);

/* Wait until the daemon at the other end of the line has closed it. */
KC_MUST_CHECK enum kc_status line_await_end(int timeout_ms);

/*
 * Hold the line, so that no call is made meanwhile, for what belongs to this connection. The client
 * is NULL when there is none; it may be over.
 */
struct context_line line_hold(void);
void line_release(void);

/* Close the process's connection, if there is one. */
void line_close(void);

#endif
