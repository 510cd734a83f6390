/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef WIRE_CALLER_H
#define WIRE_CALLER_H

/*
 * The asking side on an event loop: how the daemon calls its child processes. Every call has a
 * deadline. A child that misses it, answers nonsense or closes its end is over for good: its
 * pending calls fail, then on_closed runs once.
 */

#include <systemd/sd-event.h>

#include "wire/field.h"

struct wire_caller;

/*
 * The answer to one call. On KC_OK @parameters is the reply's, borrowed; otherwise NULL and this
 * thread's error record tells more. Never runs inside wire_caller_call().
 */
typedef void (*wire_reply_fn)(void *userdata, enum kc_status status,
			      struct json_object *parameters);
/* May free the caller. */
typedef void (*wire_closed_fn)(void *userdata);

/* The answer may take as long as the child lives. */
#define WIRE_NO_DEADLINE 0xffffffffU

/* @fd is taken. */
KC_MUST_CHECK enum kc_status wire_caller_new(sd_event *event, int fd, wire_closed_fn on_closed,
					     void *userdata, struct wire_caller **ret_caller);

/* Close; pending calls are forgotten without on_reply, on_closed does not run. */
struct wire_caller *wire_caller_free(struct wire_caller *caller);
DEFINE_FREEP(wire_caller)

/*
 * From now on an answer that does not fit @definition, the text of protocol/NAME.varlink, is
 * nonsense. Once, before the first call. Expected: KC_ERR_DECODE  the definition is wrong
 */
KC_MUST_CHECK enum kc_status wire_caller_hold_to(struct wire_caller *caller,
						 const char *definition);

/*
 * Call "org.keycask.Driver.Sign". Takes @parameters (NULL: empty); @descriptor (-1: none) is
 * borrowed and sent along. on_reply runs exactly once, unless the caller is freed before or this
 * call itself fails (KC_ERR_NOT_AVAILABLE once the connection is over). Failures of transport reach
 * it as KC_ERR_NOT_AVAILABLE, a missed deadline among them: the child is over either way. Nothing
 * else does: a child that answers so has failed with KC_ERR_INTERNAL.
 * @deadline_ms may be WIRE_NO_DEADLINE.
 */
KC_MUST_CHECK enum kc_status wire_caller_call(struct wire_caller *caller, const char *method,
					      struct json_object *parameters, int descriptor,
					      unsigned deadline_ms, wire_reply_fn on_reply,
					      void *userdata);

/*
 * A call with "more" and without a deadline, which stays the connection's last: on_reply runs for
 * each reply, and once with a failure when there will be none any more.
 */
KC_MUST_CHECK enum kc_status wire_caller_stream(struct wire_caller *caller, const char *method,
						struct json_object *parameters,
						wire_reply_fn on_reply, void *userdata);

#endif
