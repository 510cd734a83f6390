/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Help. The welcome looks at the keychain when a daemon runs, and starts none. */
#include "frontends/cli/help.h"

#include <stdio.h>
#include <string.h>

#include <keycask/daemon.h>
#include <keycask/token.h>

#include "base/cleanup.h"
#include "frontends/cli/page.h"
#include "frontends/owned.h"

static void print_tip(bool has_color, const char *command, const char *why)
{
	(void)printf("  %s%-35s%s %s\n", page_style(has_color, PAGE_STRONG), command,
		     page_style(has_color, PAGE_PLAIN), why);
}

static void print_tokens(const struct kc_value *tokens)
{
	for (size_t i = 0; i < kc_value_count(tokens); i++) {
		const struct kc_dictionary *token = kc_value_dictionary(kc_value_at(tokens, i));
		const char *label = kc_dictionary_text(token, KC_TOKEN_LABEL);
		CLEANUP(freep)
		char *safe = page_safe(label ? label : kc_dictionary_text(token, KC_TOKEN_ID));

		(void)printf("Present: %s\n", safe);
	}
}

/* True: a token is there. */
static bool print_state(void)
{
	CLEANUP(kc_dictionary_freep) struct kc_dictionary *status = NULL;
	CLEANUP(kc_value_freep) struct kc_value *tokens = NULL;

	if (kc_daemon_status(&status) != KC_OK || kc_token_list(&tokens) != KC_OK)
		return false;
	print_tokens(tokens);
	return kc_value_count(tokens) > 0;
}

void help_welcome(bool has_color)
{
	(void)printf(
		"%skeycask%s %s: your passwords, and the keys on your cards, in one keychain.\n\n",
		page_style(has_color, PAGE_STRONG), page_style(has_color, PAGE_PLAIN),
		kc_version());
	if (print_state()) {
		(void)puts("");
		print_tip(has_color, "keycask list", "what is on it");
		print_tip(has_color, "keycask sign FILE", "sign with a key of it");
	} else {
		print_tip(has_color, "keycask watch", "put a card in and see it appear");
		print_tip(has_color, "keycask list", "what is in the keychain");
	}
	print_tip(has_color, "keycask password set SERVICE", "keep a password");
	print_tip(has_color, "keycask vcard run -- keycask list", "try it with a card in software");
	print_tip(has_color, "keycask help", "all commands");
}

void help_overview(const struct command *const *commands, size_t n_commands, const char *group,
		   bool has_color)
{
	size_t len = group ? strlen(group) : 0;

	(void)printf("Usage: keycask %s%sCOMMAND … [--json]\n\n", group ? group : "",
		     group ? " " : "");
	for (size_t i = 0; i < n_commands; i++) {
		const char *name = commands[i]->name;

		if (group && (strncmp(name, group, len) != 0 || name[len] != ' '))
			continue;
		(void)printf("  %s%-20s%s %s\n", page_style(has_color, PAGE_STRONG), name,
			     page_style(has_color, PAGE_PLAIN), commands[i]->summary);
	}
	(void)puts(
		"\nEach command has --help, and each but vcard --json for programs. The manual:\n"
		"man keycask");
}

/* Those that have no end, or whose end may be far away. */
static bool is_stream(const struct command *command)
{
	return strcmp(command->name, "watch") == 0 || strcmp(command->name, "audit") == 0;
}

void help_command(const struct command *command, bool has_color)
{
	(void)printf("Usage: %skeycask %s%s%s%s\n\n%s\n", page_style(has_color, PAGE_STRONG),
		     command->name, page_style(has_color, PAGE_PLAIN),
		     command->arguments[0] ? " " : "", command->arguments, command->help);
	if (strcmp(command->name, "vcard") != 0)
		(void)printf("  --json           one JSON value %s\n",
			     is_stream(command) ? "a line" : "on standard output");
}
