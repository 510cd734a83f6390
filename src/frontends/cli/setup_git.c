/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* git, as a row of keycask setup: the user's settings, with what fits. */
#include "frontends/cli/git_setup.h"

static enum kc_status look(const struct setup_options *options, struct setup_report *report)
{
	const struct git_setup setup = {.key = options->key};

	return git_setup_look(&setup, report);
}

static enum kc_status apply(const struct setup_options *options, struct setup_report *report)
{
	const struct git_setup setup = {.key = options->key};

	return git_setup_apply(&setup, report);
}

static enum kc_status undo(const struct setup_options *options, struct setup_report *report)
{
	const struct git_setup setup = {.key = options->key};

	return git_setup_undo(&setup, report);
}

const struct setup_row setup_git = {
	.name = "git",
	.summary = "signs commits and tags with the keychain",
	.look = look,
	.apply = apply,
	.undo = undo,
};
