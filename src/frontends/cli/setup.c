/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The report of keycask setup: lines that rows add, and how they are shown. */
#include "frontends/cli/setup.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <keycask/error.h>

#include "base/cleanup.h"
#include "frontends/cli/page.h"
#include "frontends/owned.h"

const char *setup_module(void)
{
	const char *chosen = secure_getenv("KEYCASK_PKCS11_MODULE");

	return chosen && chosen[0] ? chosen : KEYCASK_PKCS11_MODULE;
}

void setup_report_done(struct setup_report *report)
{
	free(report->lines);
	*report = (struct setup_report){0};
}

static void copy(char *ret_text, const char *text)
{
	(void)snprintf(ret_text, SETUP_TEXT_MAX, "%s", text ? text : "");
}

enum kc_status setup_tell(struct setup_report *report, enum setup_state state, const char *place,
			  const char *advice, const char *format, ...)
{
	struct setup_line *lines =
		reallocarray(report->lines, report->n + 1, sizeof(*report->lines));
	struct setup_line *line = NULL;
	va_list arguments;

	REQUIRE(lines, KC_ERR_ALLOCATE, "out of memory");
	report->lines = lines;
	line = &lines[report->n++];
	*line = (struct setup_line){.name = report->name, .state = state};
	copy(line->place, place);
	copy(line->advice, advice);
	va_start(arguments, format);
	(void)vsnprintf(line->what, sizeof(line->what), format, arguments);
	va_end(arguments);
	return KC_OK;
}

enum kc_status setup_tell_failure(struct setup_report *report, const char *place)
{
	const struct error_record *own = error_get(); /* or the library's, which has its own */
	const struct kc_error *error = kc_error_last();
	enum setup_state state = report->is_change ? SETUP_FAILED : SETUP_UNAVAILABLE;

	if (own->status != KC_OK)
		return setup_tell(report, state, place, own->hint, "%s", own->message);
	return setup_tell(report, state, place, kc_error_hint(error), "%s",
			  kc_error_message(error));
}

bool setup_has_failed(const struct setup_report *report)
{
	for (size_t i = 0; i < report->n; i++)
		if (report->lines[i].state == SETUP_FAILED)
			return true;
	return false;
}

static const char *name_of(enum setup_state state)
{
	static const char *const names[] = {"off", "on", "unavailable", "failed"};

	return names[state];
}

static enum kc_status make_dictionary(const struct setup_line *line,
				      struct kc_dictionary **ret_dictionary)
{
	CLEANUP(kc_dictionary_freep)
	struct kc_dictionary *dictionary = KC_DICTIONARY({"name", KC_TEXT(line->name)},
							 {"state", KC_TEXT(name_of(line->state))},
							 {"what", KC_TEXT(line->what)});

	REQUIRE(dictionary, KC_ERR_ALLOCATE, "out of memory");
	if (line->place[0])
		TRY(kc_dictionary_set(dictionary, "place", KC_TEXT(line->place)));
	if (line->advice[0])
		TRY(kc_dictionary_set(dictionary, "advice", KC_TEXT(line->advice)));
	*ret_dictionary = take(dictionary);
	return KC_OK;
}

static enum kc_status make_value(const struct setup_report *report, struct kc_literal *literals,
				 struct kc_dictionary **dictionaries, struct kc_value **ret_value)
{
	for (size_t i = 0; i < report->n; i++) {
		TRY(make_dictionary(&report->lines[i], &dictionaries[i]));
		literals[i] = KC_NESTED(dictionaries[i]);
	}
	return kc_value_new(KC_ARRAY(literals, report->n), ret_value);
}

static enum kc_status print_json(const struct setup_report *report)
{
	CLEANUP(freep)
	struct kc_literal *literals = calloc(report->n + 1, sizeof(*literals));
	CLEANUP(freep)
	struct kc_dictionary **dictionaries = calloc(report->n + 1, sizeof(struct kc_dictionary *));
	CLEANUP(kc_value_freep) struct kc_value *value = NULL;
	enum kc_status status = KC_ERR_ALLOCATE;

	if (literals && dictionaries)
		status = make_value(report, literals, dictionaries, &value);
	for (size_t i = 0; dictionaries && i < report->n; i++)
		kc_dictionary_free(dictionaries[i]);
	TRY(status);
	return page_json(value);
}

static void print_line(const struct context *context, const struct setup_line *line)
{
	static const enum page_style styles[] = {PAGE_PLAIN, PAGE_GOOD, PAGE_FAINT, PAGE_BAD};
	CLEANUP(freep) char *place = page_safe(line->place);
	CLEANUP(freep) char *what = page_safe(line->what);
	CLEANUP(freep) char *advice = page_safe(line->advice);

	(void)printf("%-6s%s%-12s%s %s%s%s\n", line->name,
		     page_style(context->has_color, styles[line->state]), name_of(line->state),
		     page_style(context->has_color, PAGE_PLAIN), place, place[0] ? ": " : "", what);
	if (advice[0])
		(void)printf("%-19s→ %s\n", "", advice);
}

enum kc_status setup_print(const struct context *context, const struct setup_report *report)
{
	if (context->json)
		return print_json(report);
	for (size_t i = 0; i < report->n; i++)
		print_line(context, &report->lines[i]);
	return page_finish();
}
