/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* keycask-vcard new: a factory card in a file, or one personalised by a profile. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <unistd.h>

#include "base/try.h"
#include "vcard/card_file.h"
#include "vcard/command.h"
#include "vcard/profile.h"

enum {
	CA_PEM_MAX = 4096,
};

struct new_options {
	const char *path;
	const char *pin;
	const char *ca_path;
	struct profile profile;
	bool has_profile;
	bool is_forced;
};

static enum kc_status take_option(int option, struct new_options *options)
{
	switch (option) {
	case 'p':
		options->has_profile = true;
		return profile_parse(optarg, &options->profile);
	case 'P':
		options->pin = optarg;
		return KC_OK;
	case 'c':
		options->ca_path = optarg;
		return KC_OK;
	case 'f':
		options->is_forced = true;
		return KC_OK;
	default:
		return fail(KC_ERR_PARAM, "new: an unknown option, or one without its value");
	}
}

static enum kc_status read_options(int argc, char **argv, struct new_options *ret_options)
{
	static const struct option known[] = {
		{"profile", required_argument, NULL, 'p'},
		{"pin", required_argument, NULL, 'P'},
		{"ca", required_argument, NULL, 'c'},
		{"force", no_argument, NULL, 'f'},
		{0},
	};
	struct new_options options = {0};

	for (int option = getopt_long(argc, argv, "", known, NULL); option != -1;
	     option = getopt_long(argc, argv, "", known, NULL))
		TRY(take_option(option, &options));
	REQUIRE(optind == argc - 1, KC_ERR_PARAM, "new takes one file");
	REQUIRE(!options.ca_path || options.has_profile, KC_ERR_PARAM,
		"--ca needs a --profile: without certificates there is no test CA");
	options.path = argv[optind];
	*ret_options = options;
	return KC_OK;
}

static enum kc_status make_state(const struct new_options *options, struct bytes *ca_pem,
				 struct card_state *ret_state)
{
	CLEANUP(card_state_done) struct card_state state = {0};

	TRY(card_state_init(&state));
	if (options->has_profile)
		TRY(profile_apply(&options->profile, &state, ca_pem));
	if (options->pin)
		TRY(card_state_set_user_pin(&state, options->pin));
	*ret_state = state;
	memset(&state, 0, sizeof(state));
	return KC_OK;
}

/* --force replaces a card, and nothing that is not one. */
static enum kc_status replace_card(const char *path, const struct card_state *state)
{
	CLEANUP(card_file_close) struct card_file file = CARD_FILE_INIT;
	CLEANUP(card_state_done) struct card_state old = {0};

	TRY(card_file_open(path, &file, &old));
	return card_file_save(&file, state);
}

static enum kc_status write_card(const struct new_options *options, const struct card_state *state)
{
	CLEANUP(card_file_close) struct card_file file = CARD_FILE_INIT;

	if (options->is_forced && access(options->path, F_OK) == 0)
		return replace_card(options->path, state);
	if (card_file_create(options->path, state, &file) == KC_OK)
		return KC_OK;
	if (error_get()->status == KC_ERR_DUPLICATE_ITEM)
		error_set_hint("Use --force to replace the card in it.");
	return error_get()->status;
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static enum kc_status write_ca(const char *path, struct kc_view pem)
{
	CLEANUP(close_fd) int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	REQUIRE(fd >= 0 && write(fd, pem.data, pem.len) == (ssize_t)pem.len, KC_ERR_READ_ONLY,
		"cannot write %s: %s", path, strerror(errno));
	return KC_OK;
}

static enum kc_status make_card(const struct new_options *options)
{
	CLEANUP(bytes_done) struct bytes ca_pem = BYTES_INIT(CA_PEM_MAX);
	CLEANUP(card_state_done) struct card_state state = {0};
	size_t n_keys = 0;

	TRY(make_state(options, &ca_pem, &state));
	TRY(write_card(options, &state));
	if (options->ca_path)
		TRY(write_ca(options->ca_path, bytes_view(&ca_pem)));
	n_keys = profile_count(&options->profile);
	printf("%s: new %s card, serial %u, %zu key%s\n", options->path, card_state_name(&state),
	       state.serial, n_keys, n_keys == 1 ? "" : "s");
	return KC_OK;
}

int command_new(int argc, char **argv)
{
	struct new_options options;
	enum kc_status status = read_options(argc, argv, &options);

	if (status == KC_OK)
		status = make_card(&options);
	return command_exit_for(status);
}
