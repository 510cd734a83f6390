/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the commands of keycask-drivertool share. */
#include "drivertool/tool.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/try.h"
#include "sys/paths.h"

/* "validate": the one command that this process runs. */
static const char *command = "";

void tool_begin(const char *verb)
{
	command = verb;
}

bool tool_wants_json(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (strcmp(argv[i], "--json") == 0)
			return true;
	return false;
}

bool tool_is_option(char **argv, int *index, const char *name, const char **ret_value)
{
	const char *word = argv[*index];
	size_t len = strlen(name);

	if (strncmp(word, name, len) != 0)
		return false;
	if (!ret_value || word[len] == '=') {
		if (ret_value)
			*ret_value = word + len + 1;
		return ret_value || word[len] == '\0';
	}
	if (word[len] != '\0' || !argv[*index + 1])
		return false;
	*ret_value = argv[++*index];
	return true;
}

void tool_print_json(struct json_object *object)
{
	(void)puts(json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN |
								  JSON_C_TO_STRING_NOSLASHESCAPE));
	ignore(fflush(stdout) != 0);
}

static enum kc_status make_failure(enum kc_status status, const char *message, const char *hint,
				   struct json_object **ret_failure)
{
	CLEANUP(field_free) struct json_object *failure = NULL;

	TRY(field_new_object(&failure));
	TRY(field_put_number(failure, "status", status));
	TRY(field_put_text(failure, "name", kc_status_name(status)));
	TRY(field_put_text(failure, "message", message));
	TRY(field_put_text(failure, "hint", hint && *hint ? hint : NULL));
	*ret_failure = take(failure);
	return KC_OK;
}

static void say(bool is_json, enum kc_status status, const char *message, const char *hint)
{
	CLEANUP(field_free) struct json_object *failure = NULL;

	if (is_json && make_failure(status, message, hint, &failure) == KC_OK) {
		tool_print_json(failure);
		return;
	}
	(void)fprintf(stderr, "keycask: driver %s: %s\n", command, message);
	if (hint && *hint)
		(void)fprintf(stderr, "→ %s\n", hint);
}

int tool_wrong_call(bool is_json, const char *format, ...)
{
	char message[ERROR_MESSAGE_MAX];
	char hint[ERROR_MESSAGE_MAX];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	(void)snprintf(hint, sizeof(hint), "see: keycask driver %s --help", command);
	say(is_json, KC_ERR_PARAM, message, hint);
	return TOOL_WRONG_CALL;
}

int tool_failed(bool is_json, enum kc_status status)
{
	const struct error_record record = *error_get();

	say(is_json, status, record.message[0] ? record.message : kc_status_name(status),
	    record.hint);
	return TOOL_FAILED;
}

enum kc_status tool_find_places(struct manifest_places *ret_places)
{
	static char system_folder[PATHS_MAX];
	static char user_folder[PATHS_MAX];
	static char choices[PATHS_MAX];
	bool has_user = false;

	TRY(paths_drivers(system_folder, sizeof(system_folder)));
	has_user = paths_config("drivers", user_folder, sizeof(user_folder)) == KC_OK &&
		   paths_config("drivers.json", choices, sizeof(choices)) == KC_OK;
	error_clear();
	*ret_places = (struct manifest_places){system_folder, has_user ? user_folder : NULL,
					       has_user ? choices : NULL};
	return KC_OK;
}
