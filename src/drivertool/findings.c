/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The list of what was found. */
#include "drivertool/findings.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/try.h"

enum {
	MESSAGE_MAX = 384,
};

enum kc_status findings_init(struct findings *findings)
{
	*findings = (struct findings){.list = json_object_new_array()};
	REQUIRE(findings->list, KC_ERR_ALLOCATE, "out of memory");
	return KC_OK;
}

void findings_done(struct findings *findings)
{
	field_free(&findings->list);
}

size_t findings_count(const struct findings *findings)
{
	return json_object_array_length(findings->list);
}

static bool is_equal(struct json_object *finding, const char *name, const char *text)
{
	const char *there = field_text(finding, name);

	return text && there ? strcmp(text, there) == 0 : text == there;
}

static struct json_object *find(const struct findings *findings, const struct findings_place *place,
				const char *kind, const char *message)
{
	for (size_t i = 0; i < findings_count(findings); i++) {
		struct json_object *finding = json_object_array_get_idx(findings->list, i);

		if (is_equal(finding, "kind", kind) && is_equal(finding, "test", place->test) &&
		    is_equal(finding, "call", place->call) && is_equal(finding, "message", message))
			return finding;
	}
	return NULL;
}

static enum kc_status make_finding(const struct findings_place *place, const char *kind,
				   const char *message, struct json_object **ret_finding)
{
	CLEANUP(field_free) struct json_object *finding = NULL;

	TRY(field_new_object(&finding));
	TRY(field_put_text(finding, "kind", kind));
	TRY(field_put_text(finding, "test", place->test));
	TRY(field_put_text(finding, "file", place->file));
	TRY(field_put_text(finding, "call", place->call));
	TRY(field_put_text(finding, "spoil", place->spoil));
	if (place->apdu > 0)
		TRY(field_put_number(finding, "apdu", place->apdu));
	if (place->seed > 0)
		TRY(field_put_number(finding, "seed", (int64_t)place->seed));
	TRY(field_put_text(finding, "message", message));
	TRY(field_put_number(finding, "times", 1));
	*ret_finding = take(finding);
	return KC_OK;
}

static enum kc_status add(struct findings *findings, const struct findings_place *place,
			  const char *kind, const char *message)
{
	struct json_object *finding = find(findings, place, kind, message);

	if (finding)
		return field_put_number(finding, "times", field_number(finding, "times", 0) + 1);
	TRY(make_finding(place, kind, message, &finding));
	return field_append(findings->list, finding);
}

void findings_add(struct findings *findings, const struct findings_place *place, const char *kind,
		  const char *format, ...)
{
	char message[MESSAGE_MAX];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	if (add(findings, place, kind, message) != KC_OK)
		findings->is_out_of_memory = true;
	error_clear();
}

static void print_place(struct json_object *finding)
{
	const char *call = field_text(finding, "call");
	const char *spoil = field_text(finding, "spoil");
	int64_t apdu = field_number(finding, "apdu", 0);
	int64_t seed = field_number(finding, "seed", 0);

	(void)printf("%s: ", field_text(finding, "test"));
	if (call)
		(void)printf("%s: ", call);
	if (spoil && apdu > 0)
		(void)printf("answer %" PRId64 " %s: ", apdu, spoil);
	if (seed > 0)
		(void)printf("seed %" PRId64 ": ", seed);
}

void findings_print(const struct findings *findings)
{
	for (size_t i = 0; i < findings_count(findings); i++) {
		struct json_object *finding = json_object_array_get_idx(findings->list, i);
		int64_t times = field_number(finding, "times", 1);

		(void)printf("%s  ", field_text(finding, "kind"));
		print_place(finding);
		(void)printf("%s", field_text(finding, "message"));
		if (times > 1)
			(void)printf(" (%" PRId64 " times)", times);
		(void)putchar('\n');
	}
}
