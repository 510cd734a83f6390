/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Starting, asking and stopping the daemon. */
#include <keycask/daemon.h>

#include "base/try.h"
#include "client/convert.h"
#include "client/line.h"

enum {
	STOP_MS = 15 * 1000, /* a card operation that is running may end first */
};

static enum kc_status ask(const char *method, bool is_repeatable, bool never_starts,
			  struct json_object **ret_answer)
{
	struct line_call call = {.method = method,
				 .descriptor = -1,
				 .timeout_ms = LINE_QUERY_MS,
				 .is_repeatable = is_repeatable,
				 .never_starts = never_starts};

	error_clear();
	return line_call(&call, ret_answer);
}

enum kc_status kc_daemon_start(void)
{
	CLEANUP(field_free) struct json_object *answer = NULL;

	return ask("org.keycask.Admin.Status", true, false, &answer);
}

enum kc_status kc_daemon_status(struct kc_dictionary **ret_status)
{
	CLEANUP(field_free) struct json_object *answer = NULL;

	TRY(ask("org.keycask.Admin.Status", true, true, &answer));
	return convert_dictionary_from_json(answer, ret_status);
}

enum kc_status kc_daemon_examine(struct kc_value **ret_findings)
{
	CLEANUP(field_free) struct json_object *answer = NULL;

	TRY(ask("org.keycask.Admin.Examine", true, true, &answer));
	return convert_from_json(NULL, field_get(answer, "findings"), ret_findings);
}

enum kc_status kc_daemon_stop(void)
{
	CLEANUP(field_free) struct json_object *answer = NULL;

	TRY(ask("org.keycask.Admin.Stop", false, true, &answer));
	return line_await_end(STOP_MS);
}

enum kc_status kc_daemon_lock(void)
{
	CLEANUP(field_free) struct json_object *answer = NULL;

	return ask("org.keycask.Admin.Lock", true, true, &answer);
}

void kc_daemon_disconnect(void)
{
	line_close();
}

const char *kc_version(void)
{
	return KEYCASK_VERSION;
}
