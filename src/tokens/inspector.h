/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TOKENS_INSPECTOR_H
#define TOKENS_INSPECTOR_H

/*
 * keycask-x509 as the daemon sees it: one confined process that parses certificates and public
 * keys, started when it is first needed and again after it ended.
 */

#include <systemd/sd-event.h>

#include "base/cleanup.h"
#include "wire/caller.h"

struct inspector;

KC_MUST_CHECK enum kc_status inspector_new(sd_event *event, unsigned deadline_ms,
					   struct inspector **ret_inspector);
struct inspector *inspector_free(struct inspector *inspector);
DEFINE_FREEP(inspector)

/*
 * One that has read what is trusted first: @trust_path, or OpenSSL's own when NULL. It is borrowed.
 * The process ends when nothing was asked for @idle_s, since it is a few megabytes.
 */
KC_MUST_CHECK enum kc_status inspector_new_trusting(sd_event *event, unsigned deadline_ms,
						    const char *trust_path, unsigned idle_s,
						    struct inspector **ret_inspector);

/* One question under way. */
struct inspection;

/* Call @method of org.keycask.X509; on_reply gets the answer and ends *ret_inspection. It runs
 * once, later, unless this fails or the question is cancelled. Takes @parameters. */
KC_MUST_CHECK enum kc_status inspector_ask(struct inspector *inspector, const char *method,
					   struct json_object *parameters, wire_reply_fn on_reply,
					   void *userdata, struct inspection **ret_inspection);

/* on_reply will not run. NULL is fine. */
void inspector_cancel(struct inspection *inspection);

#endif
