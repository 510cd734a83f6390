/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * kc_driver_main(): die with the daemon, lose every right, then serve. The order matters: nothing
 * that a card or the daemon says is read before this process is confined.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/try.h"
#include "driverkit/channel.h"
#include "driverkit/confine.h"
#include "driverkit/serve.h"
#include "sys/child.h"

enum {
	EXIT_NOT_STARTED_RIGHT = 2,
};

static bool has_descriptors(void)
{
	return fcntl(CONFINE_CONTROL_FD, F_GETFD) >= 0 && fcntl(CONFINE_CARD_FD, F_GETFD) >= 0;
}

static enum kc_status run(const struct kc_driver *driver)
{
	CLEANUP(channel_done) struct channel channel = {.fd = -1};
	CLEANUP(token_done) struct kc_token token = {0};

	TRY(confine_enter());
	TRY(channel_init(&channel, CONFINE_CARD_FD));
	TRY(token_init(&token, driver, channel_exchange, &channel));
	return serve_token(&token, CONFINE_CONTROL_FD);
}

int kc_driver_main(int argc, char **argv, const struct kc_driver *driver)
{
	const char *program = argc > 0 ? argv[0] : driver->class_id;
	enum kc_status status = KC_OK;

	/* Decision 2: children end with their daemon, also when it is killed. */
	if (child_die_with_parent() != KC_OK)
		return EXIT_FAILURE;
	if (!has_descriptors()) {
		(void)fprintf(stderr, "%s: the %s driver of keycask; keycaskd starts it\n", program,
			      driver->name);
		return EXIT_NOT_STARTED_RIGHT;
	}
	log_setup(driver->class_id,
		  log_level_from_name(secure_getenv("KEYCASK_LOG"), LOG_LEVEL_WARNING));
	status = run(driver);
	if (status == KC_OK)
		return EXIT_SUCCESS;
	log_error("stage=driver %s (%s)", error_get()->message, kc_status_name(status));
	return EXIT_FAILURE;
}
