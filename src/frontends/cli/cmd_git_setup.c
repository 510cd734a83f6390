/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* keycask git-setup: git signs with the keychain. "keycask setup git" is its simplest form. */
#include "base/cleanup.h"
#include "frontends/cli/git_setup.h"
#include "frontends/cli/options.h"

struct arguments {
	struct git_setup setup;
	bool is_global;
	bool x509;
	bool ssh;
	bool undo;
};

static enum kc_status check(struct context *context, struct arguments *arguments)
{
	struct git_setup *setup = &arguments->setup;

	if (arguments->is_global && setup->is_local)
		return usage_error(context, "--global or --local, not both");
	if (arguments->x509 && arguments->ssh)
		return usage_error(context, "--x509 or --ssh, not both");
	if (setup->ca && arguments->ssh)
		return usage_error(context, "--ca is for --x509");
	setup->format = arguments->x509 || setup->ca ? "x509" : arguments->ssh ? "ssh" : NULL;
	return KC_OK;
}

static enum kc_status run(struct context *context, char **words, int n_words)
{
	CLEANUP(setup_report_done) struct setup_report report = {.name = "git"};
	struct arguments arguments = {.undo = false};
	const struct option_row rows[] = {
		{"global", OPTION_FLAG, &arguments.is_global},
		{"local", OPTION_FLAG, &arguments.setup.is_local},
		{"x509", OPTION_FLAG, &arguments.x509},
		{"ssh", OPTION_FLAG, &arguments.ssh},
		{"key", OPTION_TEXT, &arguments.setup.key},
		{"ca", OPTION_TEXT, &arguments.setup.ca},
		{"sign", OPTION_FLAG, &arguments.setup.signs},
		{"undo", OPTION_FLAG, &arguments.undo},
	};

	TRY(options_parse(context, rows, ARRAY_LEN(rows), words, &n_words));
	if (context->wants_help)
		return KC_OK;
	TRY(options_no_words(context, words, n_words));
	TRY(check(context, &arguments));
	TRY(arguments.undo ? git_setup_undo(&arguments.setup, &report)
			   : git_setup_apply(&arguments.setup, &report));
	return setup_print(context, &report);
}

const struct command cmd_git_setup = {
	.name = "git-setup",
	.arguments = "[--global|--local] [--x509|--ssh] [--key KEY] [--ca FILE] [--sign] [--undo]",
	.summary = "have git sign commits and tags with the keychain",
	.help = "Tells git, by git config, to sign with a certificate (X.509) or with a key for "
		"ssh;\n"
		"with neither, with a certificate if one has the committer's address. Nothing is\n"
		"signed without git commit -S, unless --sign is given. A PIN is asked for once in\n"
		"a run of git, however many commits a rebase makes.\n"
		"\n"
		"  --global         your settings (the default); --local: this repository's\n"
		"  --key KEY        x509: a label, the first digits of a hash, a keycask: URI, a\n"
		"                   persistent reference or an address; default: the committer's\n"
		"                   address. ssh: a label, or what keycask ssh-agent list shows\n"
		"                   behind the hash, or the key; default: the only one\n"
		"  --ca FILE        x509: certificates in PEM that are trusted to verify, beside\n"
		"                   the system's\n"
		"  --sign           sign all commits and tags from now on\n"
		"  --undo           everything as it was before\n",
	.run = run,
};
