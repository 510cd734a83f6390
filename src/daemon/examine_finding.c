/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One finding becomes one object. */
#include "daemon/examine_finding.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/try.h"

enum {
	FINDING_TEXT_MAX = 512,
};

static const char *const states[] = {
	[FINDING_OK] = "ok", [FINDING_WARNING] = "warning", [FINDING_PROBLEM] = "problem"};

enum kc_status examine_finding_add(struct json_object *findings,
				   const struct examine_finding *finding, const char *format, ...)
{
	CLEANUP(field_free) struct json_object *object = NULL;
	char what[FINDING_TEXT_MAX];
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(what, sizeof(what), format, arguments);
	va_end(arguments);
	TRY(field_new_object(&object));
	TRY(field_put_text(object, "topic", finding->topic));
	TRY(field_put_text(object, "state", states[finding->state]));
	TRY(field_put_text(object, "what", what));
	TRY(field_put_text(object, "why", finding->why));
	TRY(field_put_text(object, "advice", finding->advice));
	return field_append(findings, take(object));
}
