/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * keycask setup: tells other programs where the keychain is, and takes it back. Each program is a
 * row of the table; what p11-kit does for all by itself needs none.
 */
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/nearest.h"
#include "frontends/cli/options.h"
#include "frontends/cli/page.h"
#include "frontends/cli/setup.h"

static const struct setup_row *const rows[] = {
	&setup_nss,
	&setup_ssh,
	&setup_git,
};

static enum kc_status find_row(struct context *context, const char *name,
			       const struct setup_row **ret_row)
{
	struct nearest nearest = nearest_begin(view_of_text(name));

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (strcmp(rows[i]->name, name) == 0) {
			*ret_row = rows[i];
			return KC_OK;
		}
		nearest_offer(&nearest, rows[i]->name);
	}
	if (nearest.best)
		error_set_hint("did you mean: keycask setup %s", nearest.best);
	else
		error_set_hint("see what there is with: keycask setup");
	return usage_error(context, "nothing called '%s' can be set up", name);
}

/* All rows, and nothing is changed. */
static enum kc_status look(const struct setup_options *options, struct setup_report *report)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		error_clear(); /* what one misses is no trouble of the next */
		report->name = rows[i]->name;
		TRY(rows[i]->look(options, report));
	}
	return KC_OK;
}

static enum kc_status change(struct context *context, const char *name, bool undo,
			     const struct setup_options *options, struct setup_report *report)
{
	const struct setup_row *row = NULL;

	TRY(find_row(context, name, &row));
	report->name = row->name;
	report->is_change = true;
	return undo ? row->undo(options, report) : row->apply(options, report);
}

static bool is_on(const struct setup_row *row, const struct setup_options *options)
{
	CLEANUP(setup_report_done) struct setup_report report = {.name = row->name};
	bool found = false;

	if (row->look(options, &report) != KC_OK)
		error_clear();
	for (size_t i = 0; i < report.n; i++)
		found |= report.lines[i].state == SETUP_ON;
	return found;
}

/* Where one fails the others go on; where nothing was set up nothing can fail. */
static enum kc_status undo_all(const struct setup_options *options, struct setup_report *report)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		report->name = rows[i]->name;
		report->is_change = is_on(rows[i], options);
		if (rows[i]->undo(options, report) == KC_OK)
			continue;
		TRY(setup_tell_failure(report, NULL));
		error_clear();
	}
	return KC_OK;
}

static enum kc_status run(struct context *context, char **words, int n_words)
{
	CLEANUP(setup_report_done) struct setup_report report = {0};
	struct setup_options options = {0};
	const char *name = NULL;
	bool undo = false;
	const struct option_row option_rows[] = {
		{"undo", OPTION_FLAG, &undo},
		{"profile", OPTION_TEXT, &options.profile},
		{"key", OPTION_TEXT, &options.key},
	};

	TRY(options_parse(context, option_rows, ARRAY_LEN(option_rows), words, &n_words));
	if (context->wants_help)
		return KC_OK;
	TRY(options_one_word(context, "what is to be set up", false, words, n_words, &name));
	if (name)
		TRY(change(context, name, undo, &options, &report));
	else
		TRY(undo ? undo_all(&options, &report) : look(&options, &report));
	context->exit_status = setup_has_failed(&report) ? CLI_EXIT_FAILED : CLI_EXIT_OK;
	return setup_print(context, &report);
}

const struct command cmd_setup = {
	.name = "setup",
	.arguments = "[NAME] [--undo] [--profile DIRECTORY] [--key KEY]",
	.summary = "tell other programs of the keychain, or take that back",
	.help = "Alone it lists what can be set up, and where it is. With a NAME it is done, and\n"
		"with --undo taken back; what is so already stays as it is. --undo alone takes\n"
		"back all of it. Programs on p11-kit (GnuTLS, and many more) need nothing.\n"
		"  nss              the PKCS#11 module, in ~/.pki/nssdb (Chromium and others) and "
		"in\n"
		"                   all profiles of Firefox and Thunderbird\n"
		"  ssh              the agent, in ~/.ssh/config and for the next login\n"
		"  git              signed commits and tags; see keycask git-setup\n"
		"  --key KEY        git: as in keycask git-setup\n"
		"  --profile DIRECTORY  nss: in this profile or database alone\n",
	.run = run,
};
