/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The page. Standard output carries results alone, so that it can be piped; what went wrong and
 * what to do about it goes to standard error, or with --json to standard output as one value.
 */
#include "frontends/cli/page.h"
#include "frontends/cli/reading.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <keycask/error.h>
#include <keycask/text.h>

#include "base/cleanup.h"

enum {
	SAFE_MAX = 1024,
};

const char *page_style(bool has_color, enum page_style style)
{
	static const char *const sequences[] = {
		[PAGE_PLAIN] = "\033[0m", [PAGE_STRONG] = "\033[1m", [PAGE_FAINT] = "\033[2m",
		[PAGE_GOOD] = "\033[32m", [PAGE_BAD] = "\033[31m",
	};

	return has_color ? sequences[style] : "";
}

char *page_safe(const char *text)
{
	char *safe = kc_text_for_display(text ? text : "", SAFE_MAX);

	if (!safe)
		abort();
	return safe;
}

/* --- JSON ---------------------------------------------------------------------------------- */

enum kc_status page_finish(void)
{
	REQUIRE(fflush(stdout) == 0 && !ferror(stdout), KC_ERR_NOT_AVAILABLE,
		"cannot write to standard output: %s", strerror(errno));
	return KC_OK;
}

static enum kc_status print_line(const char *text)
{
	REQUIRE(puts(text) >= 0, KC_ERR_NOT_AVAILABLE, "cannot write to standard output: %s",
		strerror(errno));
	return page_finish();
}

/* A password may be part of it. */
static void wipe_and_freep(char **text)
{
	if (*text)
		explicit_bzero(*text, strlen(*text));
	free(*text);
}

enum kc_status page_json(const struct kc_value *value)
{
	CLEANUP(wipe_and_freep) char *text = NULL;

	TRY(kc_value_to_json(value, &text));
	return print_line(text);
}

enum kc_status page_json_dictionary(const struct kc_dictionary *dictionary)
{
	CLEANUP(wipe_and_freep) char *text = NULL;

	TRY(kc_dictionary_to_json(dictionary, &text));
	return print_line(text);
}

enum kc_status page_json_take(struct kc_dictionary *dictionary)
{
	enum kc_status status = page_json_dictionary(dictionary);

	kc_dictionary_free(dictionary);
	return status;
}

void page_no_token(void)
{
	char slot[READING_SLOT_MAX];

	if (reading_slot(slot, sizeof(slot))) {
		(void)printf("The card in %s is being read; repeat in a moment.\n", slot);
		return;
	}
	(void)puts("No token is present. Insert a card, or try:\n"
		   "  keycask vcard run --profile piv -- keycask list");
}

/* --- failures ------------------------------------------------------------------------------ */

/* Copied: what is printed next makes calls that clear the records. */
struct failure {
	enum kc_status status;
	char message[ERROR_MESSAGE_MAX];
	char hint[ERROR_MESSAGE_MAX];
	char token_id[ERROR_NAME_MAX];
	char driver[ERROR_NAME_MAX];
	unsigned sw;
	int tries_left;
};

#define COPY_TEXT(array, text) ((void)snprintf((array), sizeof(array), "%s", (text)))

static void copy_ours(struct failure *failure, const struct error_record *record)
{
	COPY_TEXT(failure->message, record->message);
	COPY_TEXT(failure->token_id, record->token_id);
	COPY_TEXT(failure->driver, record->driver);
	failure->sw = record->sw;
	failure->tries_left = record->tries_left;
}

static void copy_theirs(struct failure *failure, const struct kc_error *error)
{
	COPY_TEXT(failure->message, kc_error_message(error));
	COPY_TEXT(failure->hint, kc_error_hint(error));
	COPY_TEXT(failure->token_id, kc_error_token_id(error));
	COPY_TEXT(failure->driver, kc_error_driver(error));
	failure->sw = kc_error_sw(error);
	failure->tries_left = kc_error_tries_left(error);
}

/* A failure of ours, or else the library's: both keep a record, ours is clear unless we failed.
 * A hint of ours knows more of what the person was doing. */
static struct failure failure_of(enum kc_status status)
{
	const struct error_record *ours = error_get();
	struct failure failure = {.status = status};

	if (ours->status != KC_OK)
		copy_ours(&failure, ours);
	else
		copy_theirs(&failure, kc_error_last());
	if (ours->hint[0])
		COPY_TEXT(failure.hint, ours->hint);
	return failure;
}

static bool is_command_of(const struct context *context, const char *group)
{
	return context->command && strncmp(context->command->name, group, strlen(group)) == 0;
}

/* What a person can do about @status when nobody has said anything better. */
static const char *usual_hint(const struct context *context, enum kc_status status)
{
	bool is_about_slots = is_command_of(context, "card ");
	bool is_about_items =
		is_command_of(context, "item ") || is_command_of(context, "password ");

	switch ((int)status) {
	case KC_ERR_INTERACTION_NOT_ALLOWED:
		return is_about_items ? "allow a prompt"
				      : "give the PIN with --pin-fd N, or allow a prompt";
	case KC_ERR_PIN_BLOCKED:
		return "unblock the PIN with the card's PUK";
	case KC_ERR_TOKEN_NOT_FOUND:
		return is_about_slots ? "see what is in each slot with: keycask slots" : "";
	case KC_ERR_ITEM_NOT_FOUND:
		if (is_command_of(context, "item "))
			return "see what is there with: keycask list, keycask password list";
		return is_about_slots ? "see what is there with: keycask slots"
				      : "see what is there with: keycask list";
	default:
		return "";
	}
}

static void set(struct kc_dictionary *dictionary, const char *name, struct kc_literal value)
{
	if (kc_dictionary_set(dictionary, name, value) != KC_OK)
		abort();
}

/* What the name could have meant: persistent references, any of which --key takes. */
static void set_candidates(struct kc_dictionary *dictionary, const struct inventory *candidates)
{
	CLEANUP(freep)
	struct kc_literal *literals = calloc(candidates->n_items + 1, sizeof(*literals));

	if (!literals)
		abort();
	for (size_t i = 0; i < candidates->n_items; i++)
		literals[i] =
			KC_DATA(kc_dictionary_data(candidates->items[i], INVENTORY_REFERENCE));
	set(dictionary, "candidates", KC_ARRAY(literals, candidates->n_items));
}

static void print_json_failure(const struct context *context, const struct failure *failure)
{
	struct kc_dictionary *dictionary =
		KC_DICTIONARY({"status", KC_NUMBER(failure->status)},
			      {"name", KC_TEXT(kc_status_name(failure->status))});
	char *message = page_safe(failure->message);

	set(dictionary, "message", KC_TEXT(message));
	if (failure->hint[0])
		set(dictionary, "hint", KC_TEXT(failure->hint));
	if (failure->token_id[0])
		set(dictionary, "token_id", KC_TEXT(failure->token_id));
	if (failure->driver[0])
		set(dictionary, "driver", KC_TEXT(failure->driver));
	if (failure->sw != 0)
		set(dictionary, "sw", KC_NUMBER(failure->sw));
	if (failure->tries_left >= 0)
		set(dictionary, "tries_left", KC_NUMBER(failure->tries_left));
	if (context->candidates.n_items > 0)
		set_candidates(dictionary, &context->candidates);
	ignore(page_json_take(dictionary));
	free(message);
}

static void print_details(const struct failure *failure)
{
	CLEANUP(freep) char *token_id = page_safe(failure->token_id);
	const char *between = "  (";

	if (token_id[0]) {
		(void)fprintf(stderr, "%stoken %s", between, token_id);
		between = ", ";
	}
	if (failure->sw != 0) {
		(void)fprintf(stderr, "%scard answered %04X", between, failure->sw);
		between = ", ";
	}
	if (failure->tries_left >= 0) {
		(void)fprintf(stderr, "%s%d %s left", between, failure->tries_left,
			      failure->tries_left == 1 ? "try" : "tries");
		between = ", ";
	}
	if (between[0] == ',')
		(void)fprintf(stderr, ")\n");
}

static void print_failure(const struct context *context, const struct failure *failure)
{
	CLEANUP(freep) char *message = page_safe(failure->message);
	CLEANUP(freep) char *hint = page_safe(failure->hint);
	bool has_color = context->has_error_color;

	(void)fprintf(stderr, "%skeycask:%s ", page_style(has_color, PAGE_BAD),
		      page_style(has_color, PAGE_PLAIN));
	if (context->command)
		(void)fprintf(stderr, "%s: ", context->command->name);
	(void)fprintf(stderr, "%s\n", message[0] ? message : kc_status_name(failure->status));
	print_details(failure);
	if (context->candidates.n_items > 0)
		inventory_print(&context->candidates, stderr, has_color);
	if (hint[0])
		(void)fprintf(stderr, "%s→%s %s\n", page_style(has_color, PAGE_STRONG),
			      page_style(has_color, PAGE_PLAIN), hint);
}

static void add_hint(const struct context *context, struct failure *failure)
{
	if (failure->hint[0])
		return;
	if (!context->is_usage_error)
		COPY_TEXT(failure->hint, usual_hint(context, failure->status));
	else if (context->command)
		(void)snprintf(failure->hint, sizeof(failure->hint), "see: keycask %s --help",
			       context->command->name);
}

int page_failure(struct context *context, enum kc_status status)
{
	struct failure failure = failure_of(status);

	add_hint(context, &failure);
	if (context->json)
		print_json_failure(context, &failure);
	else
		print_failure(context, &failure);
	return context->is_usage_error ? CLI_EXIT_USAGE : CLI_EXIT_FAILED;
}
