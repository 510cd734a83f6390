/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The card of a run: in memory only, served by a process of its own. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/try.h"
#include "vcard/command.h"
#include "vcard/insertion.h"
#include "vcard/run.h"

enum {
	CA_PEM_MAX = 4096,
};

static enum kc_status make_state(struct run *run)
{
	CLEANUP(bytes_done) struct bytes pem = BYTES_INIT(CA_PEM_MAX);
	char path[RUN_PATH_BYTES];
	FILE *file = NULL;
	bool is_written = false;

	TRY(card_state_init(&run->state));
	TRY(profile_apply(&run->options->profile, &run->state, &pem));
	if (run->options->pin)
		TRY(card_state_set_user_pin(&run->state, run->options->pin));
	run_path(run, "ca.pem", path);
	file = fopen(path, "we");
	is_written = file && fwrite(pem.data, 1, pem.len, file) == pem.len;
	if (file)
		is_written = fclose(file) == 0 && is_written;
	REQUIRE(is_written, KC_ERR_READ_ONLY, "cannot write %s: %s", path, strerror(errno));
	return KC_OK;
}

struct card_place {
	struct run *run;
	struct link *link;
	const struct transcript *transcript;
};

static int be_card(void *context)
{
	struct card_place *place = context;
	struct touch touch = place->run->options->touch;
	struct card card;
	struct insertion insertion = {
		.card = &card,
		.link = place->link,
		.faults = &place->run->options->faults,
		.transcript = place->transcript,
		.touch = &touch,
		.pinpad = &place->run->pinpad,
	};

	card_init(&card, &place->run->state, NULL, NULL);
	place->link->stop_fd = command_catch_stop();
	touch.fd = command_catch_touch();
	ignore(insertion_run(&insertion));
	card_done(&card);
	return EXIT_SUCCESS;
}

enum kc_status run_card_insert(struct run *run)
{
	CLEANUP(link_close) struct link link = {.fd = -1};
	CLEANUP(transcript_close) struct transcript transcript = TRANSCRIPT_INIT;
	struct card_place place = {run, &link, &transcript};

	if (run->options->log)
		TRY(transcript_open(run->options->log, &transcript));
	if (run->options->keypad)
		TRY(pinpad_open(run->options->keypad, &run->pinpad));
	TRY(make_state(run));
	TRY(run_daemon_open_slot(run, &link));
	return companion_start(&run->card, true, be_card, &place);
}
