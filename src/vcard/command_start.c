/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* keycask-vcard start: the card in a file goes into a reader and stays until it is stopped. */
#include <getopt.h>
#include <stdio.h>
#include <unistd.h>

#include "base/try.h"
#include "vcard/card_file.h"
#include "vcard/command.h"
#include "vcard/insertion.h"

struct start_options {
	const char *path;
	const char *socket;
	const char *vpcd;
	const char *log;
	struct faults faults;
	struct touch touch;
	const char *keypad;
};

static enum kc_status take_option(int option, struct start_options *options)
{
	switch (option) {
	case 's':
		options->socket = optarg;
		return KC_OK;
	case 'v':
		options->vpcd = optarg;
		return KC_OK;
	case 'l':
		options->log = optarg;
		return KC_OK;
	case 'f':
		return faults_add(&options->faults, optarg);
	case 't':
		return touch_parse(optarg, &options->touch);
	case 'k':
		options->keypad = optarg;
		return KC_OK;
	default:
		return fail(KC_ERR_PARAM, "start: an unknown option, or one without its value");
	}
}

static enum kc_status read_options(int argc, char **argv, struct start_options *ret_options)
{
	static const struct option known[] = {
		{"socket", required_argument, NULL, 's'},
		{"vpcd", required_argument, NULL, 'v'},
		{"log", required_argument, NULL, 'l'},
		{"fault", required_argument, NULL, 'f'},
		{"touch", required_argument, NULL, 't'},
		{"keypad", required_argument, NULL, 'k'},
		{0},
	};
	struct start_options options = {0};

	for (int option = getopt_long(argc, argv, "", known, NULL); option != -1;
	     option = getopt_long(argc, argv, "", known, NULL))
		TRY(take_option(option, &options));
	REQUIRE(optind == argc - 1, KC_ERR_PARAM, "start takes one file");
	REQUIRE(!options.socket != !options.vpcd, KC_ERR_PARAM,
		"start needs a reader: either --socket PATH or --vpcd HOST:PORT");
	REQUIRE(options.socket || !options.keypad, KC_ERR_PARAM,
		"--keypad goes with --socket: vpcd's readers have none");
	options.path = argv[optind];
	*ret_options = options;
	return KC_OK;
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static enum kc_status connect_reader(const struct start_options *options, int stop_fd,
				     struct link *ret_link)
{
	if (options->socket)
		return link_connect_unix(options->socket, stop_fd, ret_link);
	return link_connect_tcp(options->vpcd, stop_fd, ret_link);
}

static void say_end(enum insertion_end end)
{
	switch (end) {
	case INSERTION_STOPPED:
		puts("card removed");
		return;
	case INSERTION_CLOSED:
		puts("card removed: the reader closed the connection");
		return;
	case INSERTION_PULLED:
		puts("card removed: the fault remove came due");
		return;
	}
}

static enum kc_status stay_inserted(struct start_options *options, struct card *card,
				    const struct transcript *transcript)
{
	CLEANUP(close_fd) int stop_fd = command_catch_stop();
	CLEANUP(close_fd) int touch_fd = command_catch_touch();
	CLEANUP(link_close) struct link link = {.fd = -1};
	CLEANUP(pinpad_close) struct pinpad pinpad = PINPAD_INIT;
	struct insertion insertion = {
		.card = card,
		.link = &link,
		.faults = &options->faults,
		.transcript = transcript,
		.touch = &options->touch,
		.pinpad = &pinpad,
	};

	options->touch.fd = touch_fd;
	REQUIRE(stop_fd >= 0 && touch_fd >= 0, KC_ERR_INTERNAL, "cannot listen to signals");
	if (options->keypad)
		TRY(pinpad_open(options->keypad, &pinpad));
	TRY(connect_reader(options, stop_fd, &link));
	printf("card inserted: %s, serial %u, in %s\n", card_state_name(&card->state),
	       card->state.serial, options->socket ? options->socket : options->vpcd);
	fflush(stdout);
	say_end(insertion_run(&insertion));
	return KC_OK;
}

static enum kc_status start_card(struct start_options *options)
{
	CLEANUP(card_file_close) struct card_file file = CARD_FILE_INIT;
	CLEANUP(transcript_close) struct transcript transcript = TRANSCRIPT_INIT;
	CLEANUP(card_done) struct card card = {0};
	struct card_state state = {0};

	TRY(card_file_open(options->path, &file, &state));
	card_init(&card, &state, card_file_save, &file);
	if (options->log)
		TRY(transcript_open(options->log, &transcript));
	return stay_inserted(options, &card, &transcript);
}

int command_start(int argc, char **argv)
{
	struct start_options options;
	enum kc_status status = read_options(argc, argv, &options);

	if (status == KC_OK)
		status = start_card(&options);
	return command_exit_for(status);
}
