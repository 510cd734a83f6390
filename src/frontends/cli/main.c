/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * keycask: find the command, let it run, say what went wrong. The only file that looks at the
 * environment, and only for how a page should look.
 */
#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <keycask/daemon.h>

#include "base/cleanup.h"
#include "base/nearest.h"
#include "frontends/cli/help.h"
#include "frontends/cli/page.h"

static const struct command *const commands[] = {
	&cmd_tokens,
	&cmd_list,
	&cmd_show,
	&cmd_watch,
	&cmd_password_set,
	&cmd_password_get,
	&cmd_password_list,
	&cmd_password_delete,
	&cmd_choose,
	&cmd_sign,
	&cmd_verify,
	&cmd_encrypt,
	&cmd_decrypt,
	&cmd_derive,
	&cmd_key_create,
	&cmd_key_import,
	&cmd_key_export,
	&cmd_key_delete,
	&cmd_card_apdu,
	&cmd_card_send,
	&cmd_card_reset,
	&cmd_card_reprobe,
	&cmd_card_who_holds,
	&cmd_card_atr,
	&cmd_card_forget,
	&cmd_cert_export,
	&cmd_cert_import,
	&cmd_cert_delete,
	&cmd_pin_verify,
	&cmd_pin_status,
	&cmd_pin_list,
	&cmd_pin_change,
	&cmd_pin_unblock,
	&cmd_git_setup,
	&cmd_lock,
	&cmd_unlock,
	&cmd_passwd,
	&cmd_backup,
	&cmd_restore,
	&cmd_import,
	&cmd_export,
	&cmd_audit,
	&cmd_slots,
	&cmd_driver_list,
	&cmd_driver_enable,
	&cmd_driver_disable,
	&cmd_driver_validate,
	&cmd_driver_new,
	&cmd_driver_test,
	&cmd_doctor,
	&cmd_setup,
	&cmd_daemon_start,
	&cmd_daemon_stop,
	&cmd_daemon_status,
	&cmd_item_add,
	&cmd_item_copy_matching,
	&cmd_item_update,
	&cmd_item_delete,
	&cmd_ssh_agent,
	&cmd_vcard,
};

/* Does @name consist of the first words? Returns how many, 0 if not. */
static int match(const char *name, char **words, int n_words)
{
	const char *space = strchr(name, ' ');
	size_t len = space ? (size_t)(space - name) : strlen(name);

	if (n_words < 1 || strlen(words[0]) != len || strncmp(name, words[0], len) != 0)
		return 0;
	if (!space)
		return 1;
	return n_words >= 2 && strcmp(space + 1, words[1]) == 0 ? 2 : 0;
}

static const struct command *find(char **words, int n_words, int *ret_used)
{
	for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
		*ret_used = match(commands[i]->name, words, n_words);
		if (*ret_used > 0)
			return commands[i];
	}
	return NULL;
}

/* "pin" alone: the commands that begin with it. */
static bool is_group(const char *word)
{
	size_t len = strlen(word);

	for (size_t i = 0; i < ARRAY_LEN(commands); i++)
		if (strncmp(commands[i]->name, word, len) == 0 && commands[i]->name[len] == ' ')
			return true;
	return false;
}

static void suggest_command(char **words, int n_words)
{
	char joined[NEAREST_NAME_MAX + 1];
	struct nearest nearest;

	(void)snprintf(joined, sizeof(joined), "%s%s%s", words[0],
		       n_words > 1 && is_group(words[0]) ? " " : "",
		       n_words > 1 && is_group(words[0]) ? words[1] : "");
	nearest = nearest_begin(view_of_text(joined));
	for (size_t i = 0; i < ARRAY_LEN(commands); i++)
		nearest_offer(&nearest, commands[i]->name);
	if (nearest.best)
		error_set_hint("did you mean: keycask %s", nearest.best);
	else
		error_set_hint("see what there is with: keycask help");
}

static enum kc_status refuse(struct context *context, char **words, int n_words)
{
	if (is_group(words[0]) && (n_words == 1 || words[1][0] == '-')) {
		error_set_hint("see: keycask help %s", words[0]);
		return usage_error(context, "'%s' of what? It needs a second word", words[0]);
	}
	suggest_command(words, n_words);
	if (is_group(words[0]))
		return usage_error(context, "there is no command '%s %s'", words[0], words[1]);
	return usage_error(context, "there is no command '%s'", words[0]);
}

/* help [COMMAND…] */
static enum kc_status show_help(struct context *context, char **words, int n_words)
{
	int used = 0;
	const struct command *command = find(words, n_words, &used);

	if (n_words == 0)
		help_overview(commands, ARRAY_LEN(commands), NULL, context->has_color);
	else if (used > 0)
		help_command(command, context->has_color);
	else if (is_group(words[0]))
		help_overview(commands, ARRAY_LEN(commands), words[0], context->has_color);
	else
		return refuse(context, words, n_words);
	return page_finish();
}

static bool is_any_of(const char *word, const char *a, const char *b)
{
	return strcmp(word, a) == 0 || strcmp(word, b) == 0;
}

static enum kc_status run_command(struct context *context, char **words, int n_words)
{
	int used = 0;

	context->command = find(words, n_words, &used);
	if (used == 0 && n_words == 2 && is_any_of(words[1], "--help", "-h"))
		return show_help(context, words, 1);
	if (used == 0)
		return refuse(context, words, n_words);
	TRY(context->command->run(context, words + used, n_words - used));
	if (!context->wants_help)
		return KC_OK;
	help_command(context->command, context->has_color);
	return page_finish();
}

static enum kc_status run(struct context *context, char **words, int n_words)
{
	if (n_words == 0) {
		help_welcome(context->has_color);
		return page_finish();
	}
	if (is_any_of(words[0], "--version", "-V")) {
		(void)printf("keycask %s\n", kc_version());
		return page_finish();
	}
	if (is_any_of(words[0], "--help", "-h"))
		return show_help(context, NULL, 0);
	if (strcmp(words[0], "help") == 0)
		return show_help(context, words + 1, n_words - 1);
	return run_command(context, words, n_words);
}

static bool wants_color(FILE *file)
{
	const char *refused = secure_getenv("NO_COLOR");
	const char *terminal = secure_getenv("TERM");

	return isatty(fileno(file)) && !(refused && *refused) && terminal &&
	       strcmp(terminal, "dumb") != 0;
}

/* A wrong call must be answered in JSON too, even before its options are read. */
static bool mentions_json(char **words, int n_words)
{
	for (int i = 0; i < n_words && strcmp(words[i], "--") != 0; i++)
		if (strcmp(words[i], "--json") == 0)
			return true;
	return false;
}

/* Otherwise the first thing opened, such as the daemon's socket, would be taken for the closed
 * standard input or output. open() gives the lowest free number. */
static bool fill_standard_descriptors(void)
{
	int fd = -1;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd > STDERR_FILENO)
		close(fd);
	return fd >= 0;
}

int main(int argc, char **argv)
{
	bool has_descriptors = fill_standard_descriptors();
	struct context context = {.has_color = wants_color(stdout),
				  .has_error_color = wants_color(stderr),
				  .json = mentions_json(argv + 1, argc - 1)};
	enum kc_status status = KC_OK;
	int exit_status = 0;

	if (!has_descriptors)
		return CLI_EXIT_FAILED;
	/* Widths of characters, whatever language the user has; see table.c. */
	if (!setlocale(LC_CTYPE, "C.UTF-8"))
		ignore(setlocale(LC_CTYPE, "") == NULL);
	status = run(&context, argv + 1, argc > 0 ? argc - 1 : 0);
	exit_status = status == KC_OK ? context.exit_status : page_failure(&context, status);
	inventory_done(&context.candidates);
	return exit_status;
}
