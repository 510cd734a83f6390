/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* keycask lock: what locking the screen does, by hand. */
#include <stdio.h>

#include <keycask/daemon.h>

#include "frontends/cli/options.h"
#include "frontends/cli/page.h"

/* A daemon that is not running knows no PIN. */
static enum kc_status run_lock(struct context *context, char **words, int n_words)
{
	enum kc_status status = KC_OK;

	TRY(options_parse(context, NULL, 0, words, &n_words));
	TRY(options_no_words(context, words, n_words));
	if (context->wants_help)
		return KC_OK;
	status = kc_daemon_lock();
	if (status != KC_ERR_NOT_AVAILABLE)
		TRY(status);
	if (context->json)
		return page_json_take(KC_DICTIONARY({"was_running", KC_FLAG(status == KC_OK)}));
	(void)puts(status == KC_OK ? "Every PIN is forgotten."
				   : "keycaskd is not running: it knows no PIN.");
	return page_finish();
}

const struct command cmd_lock = {
	.name = "lock",
	.arguments = "",
	.summary = "forget every PIN now",
	.help = "Programs that have given a PIN must give it again, and cards that were used with\n"
		"one are reset. Locking the screen and suspending do the same.\n",
	.run = run_lock,
};
