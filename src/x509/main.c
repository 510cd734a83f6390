/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * keycask-x509: the confined process in which certificates are parsed. Descriptor 3 is the socket
 * of the daemon that started it; it ends when that closes. No certificate is read before every
 * right is gone, except for those of the trust store: keycask-x509 --trust [PATH] judges chains.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/try.h"
#include "sys/child.h"
#include "x509/inspector.h"

enum {
	EXIT_USAGE = 2,
};

static bool is_usage(int argc, char **argv)
{
	return argc == 1 || (argc <= 3 && strcmp(argv[1], "--trust") == 0);
}

int main(int argc, char **argv)
{
	struct inspector_trust trust = {.path = argc > 2 ? argv[2] : NULL};
	enum kc_status status = KC_OK;

	if (child_die_with_parent() != KC_OK)
		return EXIT_FAILURE;
	log_setup("keycask-x509",
		  log_level_from_name(secure_getenv("KEYCASK_LOG"), LOG_LEVEL_WARNING));
	if (!is_usage(argc, argv) || fcntl(INSPECTOR_FD, F_GETFD) < 0) {
		(void)fputs("keycask-x509 is started by keycaskd; see keycaskd(8)\n", stderr);
		return EXIT_USAGE;
	}
	status = inspector_run(argc > 1 ? &trust : NULL);
	if (status == KC_OK)
		return EXIT_SUCCESS;
	log_error("stage=x509 %s (%s)", error_get()->message, kc_status_name(status));
	return EXIT_FAILURE;
}
