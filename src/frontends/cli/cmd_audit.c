/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* keycask audit: the daemon's log of what was done with keys and items, for people. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <keycask/keychain.h>

#include "base/cleanup.h"
#include "frontends/cli/options.h"
#include "frontends/cli/page.h"
#include "frontends/owned.h"

enum {
	AUDIT_PATH_MAX = 1024,
};

/* It stands beside the keychain's file. */
static enum kc_status find_log(char *ret_path, size_t size)
{
	CLEANUP(kc_dictionary_freep) struct kc_dictionary *state = NULL;
	const char *path = NULL;
	const char *slash = NULL;
	int len = 0;

	TRY(kc_keychain_state(&state));
	path = kc_dictionary_text(state, KC_KEYCHAIN_PATH);
	slash = path ? strrchr(path, '/') : NULL;
	REQUIRE(slash, KC_ERR_NOT_AVAILABLE, "the daemon does not say where its log is");
	len = snprintf(ret_path, size, "%.*s/audit.log", (int)(slash - path), path);
	REQUIRE(len > 0 && (size_t)len < size, KC_ERR_NOT_AVAILABLE, "the path is too long");
	return KC_OK;
}

/* --- one line -------------------------------------------------------------------------------- */

/* Everything in it may be a program's own words. */
static void print_text(const char *text)
{
	CLEANUP(freep) char *safe = page_safe(text);

	(void)fputs(safe, stdout);
}

static const char *name_of(const char *path)
{
	const char *slash = path ? strrchr(path, '/') : NULL;

	return slash && slash[1] ? slash + 1 : path;
}

static void print_who(const struct kc_dictionary *line)
{
	const char *application = kc_dictionary_text(line, "application");
	const char *program = name_of(kc_dictionary_text(line, "executable"));
	int64_t pid = kc_dictionary_number(line, "pid", 0);

	if (application)
		print_text(application);
	else if (pid == 0)
		(void)fputs("nobody", stdout);
	else
		print_text(program && program[0] ? program : "an unknown program");
	if (pid != 0)
		(void)printf(" (%lld)", (long long)pid);
}

static void print_what(const struct kc_dictionary *line)
{
	static const char *const names[] = {"class",	"key_label",	  "algorithm",
					    "token_id", "persistent_ref", "slot"};
	int64_t n = kc_dictionary_number(line, "n_items", 0);

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		const char *text = kc_dictionary_text(line, names[i]);

		if (!text)
			continue;
		(void)putchar(' ');
		print_text(text);
	}
	if (n > 1)
		(void)printf(" (%lld items)", (long long)n);
}

static void print_line(const struct kc_dictionary *line)
{
	const char *time = kc_dictionary_text(line, "time");
	const char *operation = kc_dictionary_text(line, "operation");
	const char *result = kc_dictionary_text(line, "result");

	print_text(time ? time : "");
	(void)fputs("  ", stdout);
	print_who(line);
	(void)fputs("  ", stdout);
	print_text(operation ? operation : "");
	print_what(line);
	(void)fputs("  ", stdout);
	print_text(result ? result : "");
	(void)putchar('\n');
}

/* A line that was cut off, as by a full disk, is shown to nobody. */
static enum kc_status show_line(const struct context *context, const char *text, size_t len)
{
	CLEANUP(kc_dictionary_freep) struct kc_dictionary *line = NULL;

	if (kc_dictionary_from_json((struct kc_view){(const uint8_t *)text, len}, &line) != KC_OK)
		return KC_OK;
	if (context->json)
		return page_json_dictionary(line);
	print_line(line);
	return KC_OK;
}

/* --- the files ------------------------------------------------------------------------------- */

static enum kc_status show_file(const struct context *context, const char *path)
{
	FILE *file = fopen(path, "re");
	enum kc_status status = KC_OK;
	char *text = NULL;
	size_t size = 0;
	ssize_t len = 0;

	if (!file && errno == ENOENT)
		return KC_OK;
	REQUIRE(file, KC_ERR_NOT_AVAILABLE, "cannot read %s: %s", path, strerror(errno));
	while (status == KC_OK && (len = getline(&text, &size, file)) > 0)
		status = show_line(context, text, (size_t)len);
	free(text);
	ignore(fclose(file));
	return status;
}

static enum kc_status run_audit(struct context *context, char **words, int n_words)
{
	char path[AUDIT_PATH_MAX];
	char old[AUDIT_PATH_MAX + 2];

	TRY(options_parse(context, NULL, 0, words, &n_words));
	TRY(options_no_words(context, words, n_words));
	if (context->wants_help)
		return KC_OK;
	TRY(find_log(path, sizeof(path)));
	(void)snprintf(old, sizeof(old), "%s.1", path);
	TRY(show_file(context, old));
	TRY(show_file(context, path));
	return page_finish();
}

const struct command cmd_audit = {
	.name = "audit",
	.arguments = "",
	.summary = "show what was done with keys and items, and by whom",
	.help = "Each use of a private key, each reading of an item's content, each change, and "
		"what\n"
		"was refused; when the keychain was locked, unlocked, backed up or restored. "
		"Never\n"
		"content. The log keeps the last four to eight megabytes.\n",
	.run = run_audit,
};
