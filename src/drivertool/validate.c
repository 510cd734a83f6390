/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* keycask driver validate: all that is wrong with a manifest, before a daemon refuses it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/try.h"
#include "drivertool/tool.h"

static enum kc_status make_list(const struct manifest_problems *problems,
				struct json_object **ret_list)
{
	CLEANUP(field_free) struct json_object *list = json_object_new_array();

	REQUIRE(list, KC_ERR_ALLOCATE, "out of memory");
	for (size_t i = 0; i < problems->n; i++)
		TRY(field_append_text(list, problems->texts[i]));
	*ret_list = take(list);
	return KC_OK;
}

static enum kc_status make_report(const char *path, const struct manifest_problems *problems,
				  const struct manifest_problems *notes,
				  struct json_object **ret_report)
{
	CLEANUP(field_free) struct json_object *report = NULL;
	CLEANUP(field_free) struct json_object *errors = NULL;
	CLEANUP(field_free) struct json_object *warnings = NULL;

	TRY(make_list(problems, &errors));
	TRY(make_list(notes, &warnings));
	TRY(field_new_object(&report));
	TRY(field_put_text(report, "path", path));
	TRY(field_put_flag(report, "valid", problems->n == 0));
	TRY(field_put(report, "errors", take(errors)));
	TRY(field_put(report, "warnings", take(warnings)));
	*ret_report = take(report);
	return KC_OK;
}

static void print(const char *path, const struct manifest_problems *problems,
		  const struct manifest_problems *notes)
{
	for (size_t i = 0; i < problems->n; i++)
		(void)printf("%s: error: %s\n", path, problems->texts[i]);
	for (size_t i = 0; i < notes->n; i++)
		(void)printf("%s: note: %s\n", path, notes->texts[i]);
	if (problems->n == 0)
		(void)printf("%s: can be used\n", path);
}

static enum kc_status validate(const char *path, bool is_json, bool *ret_is_valid)
{
	CLEANUP(freep) struct manifest_problems *problems = calloc(1, sizeof(*problems));
	CLEANUP(freep) struct manifest_problems *notes = calloc(1, sizeof(*notes));
	CLEANUP(manifest_freep) struct manifest *manifest = NULL;
	CLEANUP(field_free) struct json_object *report = NULL;
	struct manifest_places places;

	REQUIRE(problems && notes, KC_ERR_ALLOCATE, "out of memory");
	TRY(tool_find_places(&places));
	TRY(manifest_set_examine(&places, path, problems, notes, &manifest));
	TRY(make_report(path, problems, notes, &report));
	if (is_json)
		tool_print_json(report);
	else
		print(path, problems, notes);
	*ret_is_valid = problems->n == 0;
	return KC_OK;
}

int validate_run(int argc, char **argv)
{
	const char *path = NULL;
	bool is_json = tool_wants_json(argc, argv);
	bool is_valid = false;
	enum kc_status status = KC_OK;

	for (int i = 1; i < argc; i++) {
		if (tool_is_option(argv, &i, "--json", NULL))
			continue;
		if (argv[i][0] == '-')
			return tool_wrong_call(is_json, "unknown option %s", argv[i]);
		if (path)
			return tool_wrong_call(is_json, "one MANIFEST at a time");
		path = argv[i];
	}
	if (!path)
		return tool_wrong_call(is_json, "which MANIFEST?");
	status = validate(path, is_json, &is_valid);
	if (status != KC_OK)
		return tool_failed(is_json, status);
	return is_valid ? TOOL_DONE : TOOL_FAILED;
}
