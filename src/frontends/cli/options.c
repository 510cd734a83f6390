/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading the command line. Nothing here knows what an option means. */
#include "frontends/cli/options.h"
#include "base/nearest.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

static const struct option_row *find(const struct option_row *rows, size_t n_rows, const char *name,
				     size_t len)
{
	for (size_t i = 0; i < n_rows; i++)
		if (strlen(rows[i].name) == len && strncmp(rows[i].name, name, len) == 0)
			return &rows[i];
	return NULL;
}

static enum kc_status refuse(struct context *context, const struct option_row *rows, size_t n_rows,
			     const char *name, size_t len)
{
	struct nearest nearest = nearest_begin(view_of(name, len));

	/* The two that every command has came without "=", or they would not be here. */
	if (view_equal(view_of(name, len), view_of_text("json")) ||
	    view_equal(view_of(name, len), view_of_text("help")))
		return usage_error(context, "--%.*s takes no value", (int)len, name);
	for (size_t i = 0; i < n_rows; i++)
		nearest_offer(&nearest, rows[i].name);
	nearest_offer(&nearest, "json");
	nearest_offer(&nearest, "help");
	if (nearest.best)
		error_set_hint("did you mean --%s?", nearest.best);
	return usage_error(context, "unknown option --%.*s", (int)len, name);
}

static enum kc_status read_number(struct context *context, const struct option_row *row,
				  const char *text)
{
	char *end = NULL;
	long number = 0;

	errno = 0;
	number = strtol(text, &end, 10);
	if (errno != 0 || end == text || *end != '\0' || number < 0 || number > INT_MAX)
		return usage_error(context, "--%s wants a number, not '%s'", row->name, text);
	*(int *)row->target = (int)number;
	return KC_OK;
}

static enum kc_status add_text(struct context *context, const struct option_row *row,
			       const char *text)
{
	struct option_texts *texts = row->target;

	if (texts->n == OPTION_TEXTS_MAX)
		return usage_error(context, "--%s comes more than %d times", row->name,
				   OPTION_TEXTS_MAX);
	texts->texts[texts->n++] = text;
	return KC_OK;
}

static enum kc_status set(struct context *context, const struct option_row *row, const char *value)
{
	if (row->kind == OPTION_FLAG) {
		*(bool *)row->target = true;
		return KC_OK;
	}
	if (row->kind == OPTION_NUMBER)
		return read_number(context, row, value);
	if (row->kind == OPTION_TEXTS)
		return add_text(context, row, value);
	*(const char **)row->target = value;
	return KC_OK;
}

/* One option, "name" or "name=value"; @next is the word behind it, *ret_used whether it was its
 * value. */
static enum kc_status read_option(struct context *context, const struct option_row *rows,
				  size_t n_rows, const char *option, const char *next,
				  bool *ret_used)
{
	const char *equals = strchr(option, '=');
	size_t len = equals ? (size_t)(equals - option) : strlen(option);
	const struct option_row *row = find(rows, n_rows, option, len);

	*ret_used = false;
	if (!row)
		return refuse(context, rows, n_rows, option, len);
	if (row->kind == OPTION_FLAG) {
		if (equals)
			return usage_error(context, "--%s takes no value", row->name);
		return set(context, row, NULL);
	}
	if (equals)
		return set(context, row, equals + 1);
	if (!next)
		return usage_error(context, "--%s wants a value", row->name);
	*ret_used = true;
	return set(context, row, next);
}

static bool is_common(struct context *context, const char *word)
{
	if (strcmp(word, "--json") == 0)
		context->json = true;
	else if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0)
		context->wants_help = true;
	else
		return false;
	return true;
}

enum kc_status options_parse(struct context *context, const struct option_row *rows, size_t n_rows,
			     char **words, int *n_words)
{
	int n_kept = 0;
	int i = 0;

	for (; i < *n_words && strcmp(words[i], "--") != 0; i++) {
		bool used = false;

		if (is_common(context, words[i]))
			continue;
		if (words[i][0] != '-' || words[i][1] == '\0') {
			words[n_kept++] = words[i];
			continue;
		}
		if (words[i][1] != '-')
			return usage_error(context, "unknown option %s", words[i]);
		TRY(read_option(context, rows, n_rows, words[i] + 2,
				i + 1 < *n_words ? words[i + 1] : NULL, &used));
		i += used ? 1 : 0;
	}
	for (i++; i < *n_words; i++)
		words[n_kept++] = words[i];
	*n_words = n_kept;
	return KC_OK;
}

enum kc_status options_one_word(struct context *context, const char *what, bool is_needed,
				char **words, int n_words, const char **ret_word)
{
	if (n_words > 1)
		return usage_error(context, "one word too many: '%s'", words[1]);
	if (n_words == 0 && is_needed)
		return usage_error(context, "%s is missing", what);
	*ret_word = n_words == 1 ? words[0] : NULL;
	return KC_OK;
}

enum kc_status options_no_words(struct context *context, char **words, int n_words)
{
	if (n_words > 0)
		return usage_error(context, "one word too many: '%s'", words[0]);
	return KC_OK;
}
