/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * keycask-slot: the process that has one card, so that the daemon never blocks on it.
 *   keycask-slot embedded DEADLINE_MS
 * Descriptor 3 is the control socket, 4 the embedded card. Started by keycaskd only.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/try.h"
#include "slothost/serve.h"
#include "slots/embedded.h"
#include "sys/child.h"
#include "sys/sandbox.h"

enum {
	CONTROL_FD = CHILD_FIRST_DESCRIPTOR,
	CARD_FD,
	INHERITED,
	DESCRIPTORS_MAX = 32, /* card channels come later, by message */
	EXIT_USAGE = 2,
};

static const struct sandbox_profile profile = {
	.name = "slot",
	.inherited = INHERITED,
	.descriptors_max = DESCRIPTORS_MAX,
	.allowances = SANDBOX_ALLOW_NOTHING,
};

static enum kc_status serve_embedded(unsigned deadline_ms, enum slothost_end *ret_end)
{
	CLEANUP(port_freep) struct port *port = NULL;

	TRY(child_die_with_parent());
	TRY(sandbox_enter(&profile));
	TRY(embedded_open(CARD_FD, deadline_ms, &port));
	*ret_end = serve_slot(CONTROL_FD, port);
	return KC_OK;
}

int main(int argc, char **argv)
{
	enum slothost_end end = SLOTHOST_ERROR;
	unsigned long deadline_ms = argc == 3 ? strtoul(argv[2], NULL, 10) : 0;

	log_setup("keycask-slot", LOG_LEVEL_WARNING);
	if (argc != 3 || strcmp(argv[1], "embedded") != 0 || deadline_ms == 0) {
		fputs("keycask-slot is started by keycaskd; see keycaskd(8)\n", stderr);
		return EXIT_USAGE;
	}
	if (serve_embedded((unsigned)deadline_ms, &end) != KC_OK)
		log_error("%s (%s)", error_get()->message, error_get()->origin);
	return (int)end;
}
