/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * keycask-slot: the process that blocks on cards and readers, so that the daemon never does.
 *   keycask-slot embedded DEADLINE_MS KEYPAD_S      the card on descriptor 4
 *   keycask-slot pcsc READER DEADLINE_MS KEYPAD_S   the card in a reader of pcscd
 *   keycask-slot watch                              the readers of pcscd, what comes and goes
 * KEYPAD_S is how long a person may type on the reader's keypad; with 0 it is not used.
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
	HOUR_S = 3600,
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

/* From the command line. */
struct limits {
	struct port_deadlines deadlines; /* of each use of the card */
	unsigned keypad_s;		 /* for typing on the reader's keypad, 0: it is not used */
};

static enum kc_status serve_embedded(struct limits limits, enum slothost_end *ret_end)
{
	CLEANUP(port_freep) struct port *port = NULL;

	TRY(child_die_with_parent());
	TRY(sandbox_enter(&embedded_profile));
	TRY(embedded_open(CARD_FD, limits.deadlines, &port));
	*ret_end = serve_slot(CONTROL_FD, port, limits.keypad_s);
	return KC_OK;
}

static enum kc_status serve_pcsc(const char *reader, struct limits limits,
				 enum slothost_end *ret_end)
{
	CLEANUP(port_freep) struct port *port = NULL;
	struct pcsc_options options = {.reader = reader,
				       .deadlines = limits.deadlines,
				       .exit_mute = SLOTHOST_MUTE,
				       .exit_waiting = SLOTHOST_WAITING};
	enum kc_status status = KC_OK;

	TRY(child_die_with_parent());
	TRY(sandbox_enter(&pcsc_profile));
	status = pcsc_open(&options, &port);
	if (status == KC_ERR_TOKEN_NOT_FOUND)
		*ret_end = SLOTHOST_GONE;
	TRY(status);
	*ret_end = serve_slot(CONTROL_FD, port, limits.keypad_s);
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

static unsigned read_number(const char *text, unsigned long least, unsigned long most)
{
	char *end = NULL;
	unsigned long number = strtoul(text, &end, 10);

	if (end == text || *end || number < least || number > most)
		refuse_usage();
	return (unsigned)number;
}

static struct limits read_limits(char **texts)
{
	return (struct limits){
		.deadlines = {.card_ms = read_number(texts[0], 1, HOUR_S * 1000UL),
			      .generation_ms = read_number(texts[1], 1, HOUR_S * 1000UL)},
		.keypad_s = read_number(texts[2], 0, HOUR_S),
	};
}

static enum kc_status run(int argc, char **argv, enum slothost_end *ret_end)
{
	const char *mode = argc > 1 ? argv[1] : "";

	if (argc == 5 && strcmp(mode, "embedded") == 0)
		return serve_embedded(read_limits(argv + 2), ret_end);
	if (argc == 6 && strcmp(mode, "pcsc") == 0)
		return serve_pcsc(argv[2], read_limits(argv + 3), ret_end);
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
