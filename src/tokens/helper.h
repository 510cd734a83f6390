/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TOKENS_HELPER_H
#define TOKENS_HELPER_H

/*
 * A helper: one of our child processes (slot, driver, x509) with the control socket we call it
 * on. It is over when it ends, closes its socket, answers nonsense or misses a deadline; whichever
 * it is, the process is killed and reaped before its owner hears of it.
 */

#include <systemd/sd-event.h>

#include "base/cleanup.h"
#include "wire/caller.h"

struct helper;

/* @wait_status is waitpid()'s. May free the helper. */
typedef void (*helper_ended_fn)(void *userdata, int wait_status);

struct helper_options {
	const char *program;	      /* file name in the helper folder, or a path */
	const char *const *arguments; /* NULL-terminated, argv[0] first */
	int descriptor;		      /* becomes 4 in the child, borrowed; -1: none */
	const char *definition;	      /* what its answers are held to: wire/protocol.h */
	helper_ended_fn on_ended;
	void *userdata;
};

KC_MUST_CHECK enum kc_status helper_new(sd_event *event, const struct helper_options *options,
					struct helper **ret_helper);

/* Kill and reap; on_ended does not run, pending calls are forgotten. */
struct helper *helper_free(struct helper *helper);
DEFINE_FREEP(helper)

/* As wire_caller_call(): takes @parameters, on_reply runs once unless this fails or the helper is
 * freed. */
KC_MUST_CHECK enum kc_status helper_call(struct helper *helper, const char *method,
					 struct json_object *parameters, int descriptor,
					 unsigned deadline_ms, wire_reply_fn on_reply,
					 void *userdata);

/* As wire_caller_stream(). */
KC_MUST_CHECK enum kc_status helper_stream(struct helper *helper, const char *method,
					   wire_reply_fn on_reply, void *userdata);

#endif
