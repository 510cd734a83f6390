/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* keycask driver test: find the driver, put it through what was asked for, say what was found. */
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/try.h"
#include "codec/hex.h"
#include "drivertool/ordeal.h"
#include "drivertool/tool.h"
#include "sys/paths.h"

enum {
	REPLAYS_MAX = 16,
	DEADLINE_MS = 5000,
	APDUS_MAX = 1000,
	AID_MAX = 16,
	NUMBER_DIGITS = 7,
};

struct trial {
	const char *driver;
	const char *files[REPLAYS_MAX];
	size_t n_files;
	bool is_json;
	bool is_hostile;
	unsigned fuzz_s; /* 0: no fuzzing */
	unsigned seed;
	unsigned deadline_ms;
	char program[PATHS_MAX];
	char *aid; /* of the manifest, NULL: the recording's */
	struct findings findings;
	struct json_object *report;
	unsigned n_hostile;
	unsigned n_fuzz;
};

static void trial_done(struct trial *trial)
{
	free(trial->aid);
	findings_done(&trial->findings);
	field_free(&trial->report);
}

/* --- the driver --------------------------------------------------------------------------------
 */

static enum kc_status adopt_manifest(struct trial *trial, const struct manifest *manifest)
{
	REQUIRE(manifest->program && strlen(manifest->program) < sizeof(trial->program),
		KC_ERR_PARAM, "%s names no program", manifest->path);
	memcpy(trial->program, manifest->program, strlen(manifest->program) + 1);
	if (manifest->n_aids == 0)
		return KC_OK;
	trial->aid = strdup(manifest->aids[0]);
	REQUIRE(trial->aid, KC_ERR_ALLOCATE, "out of memory");
	return KC_OK;
}

static enum kc_status find_by_manifest(struct trial *trial, const struct manifest_places *places)
{
	CLEANUP(freep) struct manifest_problems *problems = calloc(2, sizeof(*problems));
	CLEANUP(manifest_freep) struct manifest *manifest = NULL;

	REQUIRE(problems, KC_ERR_ALLOCATE, "out of memory");
	TRY(manifest_set_examine(places, trial->driver, problems, problems + 1, &manifest));
	error_set_hint("see: keycask driver validate %.100s", trial->driver);
	REQUIRE(problems->n == 0, KC_ERR_PARAM, "%.80s: %.160s", trial->driver, problems->texts[0]);
	error_clear();
	return adopt_manifest(trial, manifest);
}

static enum kc_status find_by_name(struct trial *trial, const struct manifest_places *places)
{
	CLEANUP(manifest_set_done)
	struct manifest_set set = {.manifests = {&set.manifests, &set.manifests}};

	TRY(manifest_set_load(places, &set));
	list_for_each (link, &set.manifests) {
		const struct manifest *manifest = list_entry(link, struct manifest, link);

		if (strcmp(manifest->class_id, trial->driver) == 0 ||
		    strcasecmp(manifest->name, trial->driver) == 0)
			return adopt_manifest(trial, manifest);
	}
	error_set_hint("give a program, a manifest, or a name of: keycask driver list");
	return fail(KC_ERR_ITEM_NOT_FOUND, "there is no driver %.100s", trial->driver);
}

static bool is_manifest_path(const char *path)
{
	size_t len = strlen(path);

	return len > 5 && strcmp(path + len - 5, ".json") == 0;
}

static enum kc_status find_by_path(struct trial *trial)
{
	CLEANUP(freep) char *whole = realpath(trial->driver, NULL);

	REQUIRE(whole && access(whole, X_OK) == 0 && strlen(whole) < sizeof(trial->program),
		KC_ERR_ITEM_NOT_FOUND, "%.150s is no program that can be started", trial->driver);
	memcpy(trial->program, whole, strlen(whole) + 1);
	return KC_OK;
}

static enum kc_status find_driver(struct trial *trial)
{
	struct manifest_places places;

	TRY(tool_find_places(&places));
	if (is_manifest_path(trial->driver))
		return find_by_manifest(trial, &places);
	if (!strchr(trial->driver, '/') && access(trial->driver, X_OK) != 0)
		return find_by_name(trial, &places);
	return find_by_path(trial);
}

/* --- what is done to it
 * --------------------------------------------------------------------------- */

static enum kc_status put_aid(const struct trial *trial, const struct recording *recording,
			      char **ret_aid)
{
	CLEANUP(bytes_done) struct bytes aid = BYTES_INIT(AID_MAX);
	char *text = NULL;

	if (trial->aid) {
		text = strdup(trial->aid);
	} else {
		if (recording)
			TRY(recording_aid(recording, &aid));
		if (aid.len == 0)
			return KC_OK;
		text = hex_encode(bytes_view(&aid), HEX_UPPER);
	}
	REQUIRE(text, KC_ERR_ALLOCATE, "out of memory");
	*ret_aid = text;
	return KC_OK;
}

static enum kc_status replay(const struct trial *trial, struct ordeal *ordeal)
{
	CLEANUP(field_free) struct json_object *result = NULL;

	if (!ordeal->recording)
		return KC_OK;
	TRY(field_new_object(&result));
	TRY(field_put_text(result, "file", ordeal->file));
	TRY(ordeal_replay(ordeal, result));
	return field_append(field_get(trial->report, "replays"), take(result));
}

static enum kc_status run_ordeal(struct trial *trial, struct ordeal *ordeal)
{
	unsigned n = 0;

	TRY(replay(trial, ordeal));
	if (trial->is_hostile) {
		n = ordeal->n_runs;
		TRY(ordeal_hostile(ordeal));
		trial->n_hostile += ordeal->n_runs - n;
	}
	if (trial->fuzz_s > 0) {
		n = ordeal->n_runs;
		TRY(ordeal_fuzz(ordeal, trial->fuzz_s, trial->seed));
		trial->n_fuzz += ordeal->n_runs - n;
	}
	return KC_OK;
}

/* With one recording, or (@file NULL) with a card that has nothing. */
static enum kc_status try_card(struct trial *trial, const char *file)
{
	CLEANUP(recording_freep) struct recording *recording = NULL;
	CLEANUP(freep) char *aid = NULL;
	struct bench_settings settings = {.program = trial->program,
					  .deadline_ms = trial->deadline_ms,
					  .apdus_max = APDUS_MAX};
	struct ordeal ordeal = {.settings = &settings, .file = file, .findings = &trial->findings};

	if (file)
		TRY(recording_load(file, &recording));
	TRY(put_aid(trial, recording, &aid));
	ordeal.recording = recording;
	ordeal.aid = aid;
	return run_ordeal(trial, &ordeal);
}

static enum kc_status begin_report(struct trial *trial)
{
	TRY(findings_init(&trial->findings));
	TRY(field_new_object(&trial->report));
	TRY(field_put_text(trial->report, "program", trial->program));
	return field_put(trial->report, "replays", json_object_new_array());
}

static enum kc_status end_report(struct trial *trial)
{
	REQUIRE(!trial->findings.is_out_of_memory, KC_ERR_ALLOCATE, "out of memory");
	TRY(field_put_number(trial->report, "hostile_runs", trial->n_hostile));
	TRY(field_put_number(trial->report, "fuzz_runs", trial->n_fuzz));
	TRY(field_put_number(trial->report, "seed", trial->seed));
	TRY(field_put_flag(trial->report, "passed", findings_count(&trial->findings) == 0));
	return field_put(trial->report, "findings", json_object_get(trial->findings.list));
}

static enum kc_status run_trial(struct trial *trial)
{
	TRY(find_driver(trial));
	TRY(begin_report(trial));
	if (trial->n_files == 0)
		TRY(try_card(trial, NULL));
	for (size_t i = 0; i < trial->n_files; i++)
		TRY(try_card(trial, trial->files[i]));
	return end_report(trial);
}

/* --- what is said of it
 * ----------------------------------------------------------------------------- */

static void print_object(struct json_object *object)
{
	const char *constraint = field_text(object, "constraint");
	struct json_object *algorithms = field_get(object, "algorithms");

	(void)printf("    %s \"%s\"", field_text(object, "kind"), field_text(object, "label"));
	if (constraint)
		(void)printf(", %s %" PRId64 ", PIN: %s", field_text(object, "key_type"),
			     field_number(object, "key_size_in_bits", 0),
			     strcmp(constraint, "none") == 0  ? "none"
			     : strcmp(constraint, "pin") == 0 ? "once"
							      : "always");
	for (size_t i = 0; algorithms && i < json_object_array_length(algorithms); i++)
		(void)printf(", %s",
			     json_object_get_string(json_object_array_get_idx(algorithms, i)));
	(void)putchar('\n');
}

static void print_replay(struct json_object *replay)
{
	struct json_object *token = field_get(replay, "token");
	struct json_object *objects = field_get(token, "objects");
	const char *label = field_text(token, "label");

	(void)printf("%s: %" PRId64 " APDUs\n", field_text(replay, "file"),
		     field_number(replay, "apdus", 0));
	if (label)
		(void)printf("  %s, %s\n", field_text(token, "instance_id"), label);
	for (size_t i = 0; objects && i < json_object_array_length(objects); i++)
		print_object(json_object_array_get_idx(objects, i));
}

static void print_report(const struct trial *trial)
{
	struct json_object *replays = field_get(trial->report, "replays");
	size_t n = findings_count(&trial->findings);

	for (size_t i = 0; i < json_object_array_length(replays); i++)
		print_replay(json_object_array_get_idx(replays, i));
	if (trial->n_hostile > 0)
		(void)printf("hostile: %u cards\n", trial->n_hostile);
	if (trial->n_fuzz > 0)
		(void)printf("fuzz: %u cards, from seed %u\n", trial->n_fuzz, trial->seed);
	findings_print(&trial->findings);
	if (n == 0)
		(void)puts("nothing wrong");
	else
		(void)printf("%zu thing%s wrong\n", n, n == 1 ? "" : "s");
}

/* --- the call
 * ------------------------------------------------------------------------------------- */

static bool read_number(const char *text, unsigned *ret_number)
{
	unsigned number = 0;

	if (!*text || strlen(text) > NUMBER_DIGITS)
		return false;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return false;
		number = number * 10 + (unsigned)(*text - '0');
	}
	*ret_number = number;
	return true;
}

static int read_word(struct trial *trial, const char *word)
{
	if (word[0] == '-')
		return tool_wrong_call(trial->is_json, "unknown option %s, or its value is missing",
				       word);
	if (trial->driver)
		return tool_wrong_call(trial->is_json, "one DRIVER at a time");
	trial->driver = word;
	return TOOL_DONE;
}

static int read_option(struct trial *trial, char **argv, int *index)
{
	const char *value = NULL;

	if (tool_is_option(argv, index, "--json", NULL))
		return TOOL_DONE;
	if (tool_is_option(argv, index, "--hostile", NULL))
		trial->is_hostile = true;
	else if (tool_is_option(argv, index, "--replay", &value)) {
		if (trial->n_files == REPLAYS_MAX)
			return tool_wrong_call(trial->is_json, "more than %d recordings",
					       REPLAYS_MAX);
		trial->files[trial->n_files++] = value;
	} else if (tool_is_option(argv, index, "--fuzz", &value)) {
		if (!read_number(value, &trial->fuzz_s) || trial->fuzz_s == 0)
			return tool_wrong_call(trial->is_json, "--fuzz wants a number of seconds");
	} else if (tool_is_option(argv, index, "--seed", &value)) {
		if (!read_number(value, &trial->seed) || trial->seed == 0)
			return tool_wrong_call(trial->is_json, "--seed wants a number from 1 on");
	} else if (tool_is_option(argv, index, "--deadline", &value)) {
		if (!read_number(value, &trial->deadline_ms) || trial->deadline_ms == 0)
			return tool_wrong_call(trial->is_json, "--deadline wants milliseconds");
	} else {
		return read_word(trial, argv[*index]);
	}
	return TOOL_DONE;
}

int trial_run(int argc, char **argv)
{
	CLEANUP(trial_done) struct trial trial = {.deadline_ms = DEADLINE_MS, .seed = 1};
	enum kc_status status = KC_OK;

	trial.is_json = tool_wants_json(argc, argv);
	for (int i = 1; i < argc; i++)
		if (read_option(&trial, argv, &i) != TOOL_DONE)
			return TOOL_WRONG_CALL;
	if (!trial.driver)
		return tool_wrong_call(trial.is_json, "which DRIVER?");
	if (trial.n_files == 0 && !trial.is_hostile && trial.fuzz_s == 0)
		return tool_wrong_call(trial.is_json, "what with? --replay, --hostile or --fuzz");
	status = run_trial(&trial);
	if (status != KC_OK)
		return tool_failed(trial.is_json, status);
	if (trial.is_json)
		tool_print_json(trial.report);
	else
		print_report(&trial);
	return findings_count(&trial.findings) == 0 ? TOOL_DONE : TOOL_FAILED;
}
