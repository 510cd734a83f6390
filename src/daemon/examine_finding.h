/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef DAEMON_EXAMINE_FINDING_H
#define DAEMON_EXAMINE_FINDING_H

/* What an examination finds, as org.keycask.Admin has it, in the order in which it is found. */

#include "wire/field.h"

enum finding_state {
	FINDING_OK,
	FINDING_WARNING, /* something works less well than it could */
	FINDING_PROBLEM, /* something does not work */
};

struct examine_finding {
	enum finding_state state;
	const char *topic;
	const char *why;    /* NULL: nothing to add */
	const char *advice; /* NULL: nothing to do */
};

/* Append @finding to the array @findings; the format is what was found. */
KC_MUST_CHECK enum kc_status examine_finding_add(struct json_object *findings,
						 const struct examine_finding *finding,
						 const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
