/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef DRIVERTOOL_TOOL_H
#define DRIVERTOOL_TOOL_H

/*
 * The commands of keycask-drivertool and what they share. Each gets its own name as argv[0] and
 * returns the exit status, as keycask does: 0 all is well, 1 not, 2 called wrongly. With --json
 * each prints one JSON value on standard output, a failure too.
 */

#include "tokens/manifest_set.h"
#include "wire/field.h"

enum {
	TOOL_DONE = 0,
	TOOL_FAILED = 1,
	TOOL_WRONG_CALL = 2,
};

int validate_run(int argc, char **argv);
int skeleton_run(int argc, char **argv);
int trial_run(int argc, char **argv);

/* Failures name the command, as keycask's own do; @verb is kept. */
void tool_begin(const char *verb);

/* A wrong call is answered in JSON too, even before its options are read. */
bool tool_wants_json(int argc, char **argv);

/* One option at *index of @argv. Flags have a NULL @ret_value. */
bool tool_is_option(char **argv, int *index, const char *name, const char **ret_value);

/* Say what is wrong with the call; TOOL_WRONG_CALL. */
int tool_wrong_call(bool is_json, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Say what this thread's error record says; TOOL_FAILED. */
int tool_failed(bool is_json, enum kc_status status);

/* One line of JSON. */
void tool_print_json(struct json_object *object);

/* Where drivers are on this machine; the texts last. */
KC_MUST_CHECK enum kc_status tool_find_places(struct manifest_places *ret_places);

#endif
