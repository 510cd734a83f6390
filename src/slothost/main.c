/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * keycask-slot: the process that blocks on cards and readers, so that the daemon never does.
 *   keycask-slot embedded DEADLINE_MS      the card on descriptor 4
 *   keycask-slot pcsc READER DEADLINE_MS   the card in a reader of pcscd
 *   keycask-slot watch                     the readers of pcscd, what comes and goes
 * Descriptor 3 is the control socket. Started by keycaskd only.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/try.h"
#include "slothost/serve.h"
#include "slothost/watch.h"
#include "slots/embedded.h"
#include "slots/pcsc.h"
#include "sys/child.h"
#include "sys/sandbox.h"

enum {
	CONTROL_FD = CHILD_FIRST_DESCRIPTOR,
	CARD_FD,
	INHERITED_BY_EMBEDDED,
	INHERITED_BY_PCSC = CARD_FD,
	INHERITED_BY_WATCH = CARD_FD + 1, /* its look at the folder of pcscd's socket */
	DESCRIPTORS_MAX = 32,		  /* card channels come later, by message */
	EXIT_USAGE = 2,
};

/* pcsc-lite opens one UNIX socket per context, which is all that its part of this may connect. */
static const struct sandbox_profile embedded_profile = {
	.name = "slot",
	.inherited = INHERITED_BY_EMBEDDED,
	.descriptors_max = DESCRIPTORS_MAX,
	.allowances = SANDBOX_ALLOW_NOTHING,
};

static const struct sandbox_profile pcsc_profile = {
	.name = "slot",
	.inherited = INHERITED_BY_PCSC,
	.descriptors_max = DESCRIPTORS_MAX,
	.allowances = SANDBOX_ALLOW_CONNECT | SANDBOX_ALLOW_ALARM,
};

static const struct sandbox_profile watch_profile = {
	.name = "watch",
	.inherited = INHERITED_BY_WATCH,
	.descriptors_max = DESCRIPTORS_MAX,
	.allowances = SANDBOX_ALLOW_CONNECT,
};

static enum kc_status serve_embedded(unsigned deadline_ms, enum slothost_end *ret_end)
{
	CLEANUP(port_freep) struct port *port = NULL;

	TRY(child_die_with_parent());
	TRY(sandbox_enter(&embedded_profile));
	TRY(embedded_open(CARD_FD, deadline_ms, &port));
	*ret_end = serve_slot(CONTROL_FD, port);
	return KC_OK;
}

static enum kc_status serve_pcsc(const char *reader, unsigned deadline_ms,
				 enum slothost_end *ret_end)
{
	CLEANUP(port_freep) struct port *port = NULL;
	struct pcsc_options options = {.reader = reader,
				       .deadline_ms = deadline_ms,
				       .exit_mute = SLOTHOST_MUTE,
				       .exit_waiting = SLOTHOST_WAITING};
	enum kc_status status = KC_OK;

	TRY(child_die_with_parent());
	TRY(sandbox_enter(&pcsc_profile));
	status = pcsc_open(&options, &port);
	if (status == KC_ERR_TOKEN_NOT_FOUND)
		*ret_end = SLOTHOST_GONE;
	TRY(status);
	*ret_end = serve_slot(CONTROL_FD, port);
	return KC_OK;
}

static enum kc_status watch(enum slothost_end *ret_end)
{
	CLEANUP(pcscd_freep) struct pcscd *pcscd = NULL;

	TRY(child_die_with_parent());
	TRY(pcscd_new(PCSCD_FOLDER, PCSCD_SLOWEST_MS, &pcscd));
	TRY(sandbox_enter(&watch_profile));
	*ret_end = watch_readers(CONTROL_FD, pcscd);
	return KC_OK;
}

static _Noreturn void refuse_usage(void)
{
	fputs("keycask-slot is started by keycaskd; see keycaskd(8)\n", stderr);
	exit(EXIT_USAGE);
}

static unsigned read_deadline(const char *text)
{
	unsigned long deadline_ms = strtoul(text, NULL, 10);

	if (deadline_ms == 0 || deadline_ms > 3600UL * 1000)
		refuse_usage();
	return (unsigned)deadline_ms;
}

static enum kc_status run(int argc, char **argv, enum slothost_end *ret_end)
{
	const char *mode = argc > 1 ? argv[1] : "";

	if (argc == 3 && strcmp(mode, "embedded") == 0)
		return serve_embedded(read_deadline(argv[2]), ret_end);
	if (argc == 4 && strcmp(mode, "pcsc") == 0)
		return serve_pcsc(argv[2], read_deadline(argv[3]), ret_end);
	if (argc == 2 && strcmp(mode, "watch") == 0)
		return watch(ret_end);
	refuse_usage();
}

int main(int argc, char **argv)
{
	enum slothost_end end = SLOTHOST_ERROR;

	log_setup("keycask-slot", LOG_LEVEL_WARNING);
	if (run(argc, argv, &end) != KC_OK)
		log_error("%s (%s)", error_get()->message, error_get()->origin);
	return (int)end;
}
