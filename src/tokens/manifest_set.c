/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Folders of manifests: which drivers there are, which of them may be used, and in what order. */
#include "tokens/manifest_set.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/try.h"
#include "sys/paths.h"
#include "tokens/manifest_file.h"

static bool is_manifest_name(const char *name)
{
	size_t len = strlen(name);

	return len > 5 && name[0] != '.' && strcmp(name + len - 5, ".json") == 0;
}

static int choose_manifest(const struct dirent *entry)
{
	return is_manifest_name(entry->d_name);
}

static void refuse(struct manifest *manifest, const char *reason)
{
	manifest->is_enabled = false;
	(void)snprintf(manifest->reason, sizeof(manifest->reason), "%s", reason);
}

/* One that has no sense is known by its file name. */
static enum kc_status make_unreadable(const char *path, struct manifest **ret_manifest)
{
	CLEANUP(manifest_freep) struct manifest *manifest = calloc(1, sizeof(*manifest));
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;

	REQUIRE(manifest, KC_ERR_ALLOCATE, "out of memory");
	manifest->n_references = 1;
	manifest->is_unreadable = true;
	list_init(&manifest->link);
	(void)snprintf(manifest->class_id, sizeof(manifest->class_id), "%.*s",
		       (int)(strlen(name) - 5 < MANIFEST_NAME_MAX ? strlen(name) - 5
								  : MANIFEST_NAME_MAX - 1),
		       name);
	manifest->path = strdup(path);
	REQUIRE(manifest->path, KC_ERR_ALLOCATE, "out of memory");
	*ret_manifest = take(manifest);
	return KC_OK;
}

struct manifest *manifest_set_find(const struct manifest_set *set, const char *class_id)
{
	list_for_each (link, &set->manifests) {
		struct manifest *manifest = list_entry(link, struct manifest, link);

		if (strcmp(manifest->class_id, class_id) == 0)
			return manifest;
	}
	return NULL;
}

static const struct manifest *find_readable(const struct manifest_set *set, const char *class_id)
{
	list_for_each (link, &set->manifests) {
		const struct manifest *manifest = list_entry(link, struct manifest, link);

		if (!manifest->is_unreadable && strcmp(manifest->class_id, class_id) == 0)
			return manifest;
	}
	return NULL;
}

static void refuse_second(const struct manifest_set *set, struct manifest *manifest)
{
	const struct manifest *first =
		manifest->is_unreadable ? NULL : find_readable(set, manifest->class_id);
	char reason[MANIFEST_REASON_MAX];

	if (!first)
		return;
	(void)snprintf(reason, sizeof(reason), "class_id %s belongs to %.150s already",
		       manifest->class_id, first->path);
	refuse(manifest, reason);
}

static enum kc_status read_manifest(const char *path, bool is_personal,
				    struct manifest **ret_manifest)
{
	CLEANUP(manifest_freep) struct manifest *manifest = NULL;
	CLEANUP(freep) struct manifest_problems *problems = calloc(1, sizeof(*problems));
	enum kc_status status = KC_OK;

	REQUIRE(problems, KC_ERR_ALLOCATE, "out of memory");
	status = manifest_file_read(path, is_personal, problems, &manifest);
	if (status != KC_OK)
		manifest_add_problem(problems, "%s", error_get()->message);
	if (!manifest)
		TRY(make_unreadable(path, &manifest));
	if (problems->n > 0)
		refuse(manifest, problems->texts[0]);
	*ret_manifest = take(manifest);
	return KC_OK;
}

static enum kc_status add_file(struct manifest_set *set, const char *folder, const char *name,
			       bool is_personal)
{
	CLEANUP(manifest_freep) struct manifest *manifest = NULL;
	char path[PATHS_MAX];
	int len = snprintf(path, sizeof(path), "%s/%s", folder, name);

	REQUIRE(len > 0 && (size_t)len < sizeof(path), KC_ERR_PARAM, "the path is too long");
	TRY(read_manifest(path, is_personal, &manifest));
	refuse_second(set, manifest);
	list_append(&set->manifests, &take(manifest)->link);
	return KC_OK;
}

static enum kc_status add_folder(struct manifest_set *set, const char *folder, bool is_personal)
{
	struct dirent **entries = NULL;
	int n = scandir(folder, &entries, choose_manifest, alphasort);
	enum kc_status status = KC_OK;

	for (int i = 0; i < n; i++) {
		if (status == KC_OK)
			status = add_file(set, folder, entries[i]->d_name, is_personal);
		free(entries[i]);
	}
	free(entries);
	return status;
}

/* Those of the order come first, as it names them; the others stay as they are. */
static void sort(struct manifest_set *set, const struct driver_choices *choices)
{
	struct list sorted;

	list_init(&sorted);
	list_for_each_safe (link, &set->manifests) {
		const char *class_id = list_entry(link, struct manifest, link)->class_id;
		size_t place = driver_choices_place(choices, class_id);
		struct list *successor = sorted.next;

		while (successor != &sorted &&
		       driver_choices_place(
			       choices, list_entry(successor, struct manifest, link)->class_id) <=
			       place)
			successor = successor->next;
		list_remove(link);
		list_append(successor, link); /* before it */
	}
	list_for_each_safe (link, &sorted) {
		list_remove(link);
		list_append(&set->manifests, link);
	}
}

static void switch_off(struct manifest_set *set, const struct driver_choices *choices)
{
	list_for_each (link, &set->manifests) {
		struct manifest *manifest = list_entry(link, struct manifest, link);

		if (!driver_choices_has_disabled(choices, manifest->class_id))
			continue;
		manifest->is_enabled = false;
		manifest->is_switched_off = true;
	}
}

static void refuse_all(struct manifest_set *set)
{
	(void)snprintf(set->choices_reason, sizeof(set->choices_reason), "%s",
		       error_get()->message);
	list_for_each (link, &set->manifests) {
		struct manifest *manifest = list_entry(link, struct manifest, link);

		if (!manifest->reason[0]) /* what is wrong with itself says more */
			refuse(manifest, set->choices_reason);
	}
}

static void apply_choices(struct manifest_set *set, const char *path)
{
	CLEANUP(driver_choices_done) struct driver_choices choices = {NULL};

	if (!path)
		return;
	if (driver_choices_load(path, &choices) != KC_OK) {
		refuse_all(set);
		return;
	}
	switch_off(set, &choices);
	sort(set, &choices);
}

enum kc_status manifest_set_load(const struct manifest_places *places, struct manifest_set *ret_set)
{
	enum kc_status status = KC_OK;

	list_init(&ret_set->manifests);
	ret_set->choices_reason[0] = '\0';
	status = add_folder(ret_set, places->system_folder, false);
	if (status == KC_OK && places->user_folder)
		status = add_folder(ret_set, places->user_folder, true);
	if (status != KC_OK)
		manifest_set_done(ret_set);
	else
		apply_choices(ret_set, places->choices);
	return status;
}

void manifest_set_done(struct manifest_set *set)
{
	list_for_each_safe (link, &set->manifests) {
		list_remove(link);
		ignore(manifest_free(list_entry(link, struct manifest, link)));
	}
}

/* --- one alone, for its author ---------------------------------------------------------------- */

static bool is_same_file(const char *a, const char *b)
{
	CLEANUP(freep) char *real_a = realpath(a, NULL);
	CLEANUP(freep) char *real_b = realpath(b, NULL);

	return real_a && real_b && strcmp(real_a, real_b) == 0;
}

static bool is_in_folder(const char *path, const char *folder)
{
	char parent[PATHS_MAX];

	return paths_parent(path, parent, sizeof(parent)) == KC_OK && is_same_file(parent, folder);
}

/* ISO 7816-4 12.2.3: a SELECT by the first bytes of an AID is enough to find the application. */
static bool is_beginning(const char *a, const char *b)
{
	return strncmp(a, b, strlen(a) < strlen(b) ? strlen(a) : strlen(b)) == 0;
}

static void compare_aids(const struct manifest *manifest, const struct manifest *other,
			 struct manifest_problems *notes)
{
	for (size_t i = 0; i < manifest->n_aids; i++) {
		for (size_t k = 0; k < other->n_aids; k++) {
			const char *ours = manifest->aids[i];
			const char *theirs = other->aids[k];

			if (strcmp(ours, theirs) == 0)
				manifest_add_problem(
					notes,
					"\"aids\": %s is also of %s; the first in \"order\" of "
					"drivers.json, else by folder and file name, serves it",
					ours, other->class_id);
			else if (is_beginning(ours, theirs))
				manifest_add_problem(
					notes,
					"\"aids\": %s and %s of %s may select the same "
					"application; give the whole AID",
					ours, theirs, other->class_id);
		}
	}
}

static void compare(const struct manifest *manifest, const struct manifest_set *set,
		    struct manifest_problems *problems, struct manifest_problems *notes)
{
	list_for_each (link, &set->manifests) {
		const struct manifest *other = list_entry(link, struct manifest, link);

		if (other->is_unreadable || is_same_file(other->path, manifest->path))
			continue;
		if (strcmp(other->class_id, manifest->class_id) == 0)
			manifest_add_problem(problems,
					     "\"class_id\": %s belongs to %.120s already; choose "
					     "another",
					     manifest->class_id, other->path);
		else
			compare_aids(manifest, other, notes);
	}
}

static void note_name(const char *path, const struct manifest *manifest,
		      struct manifest_problems *notes)
{
	const char *slash = strrchr(path, '/');

	if (!is_manifest_name(slash ? slash + 1 : path))
		manifest_add_problem(
			notes,
			"the file's name must end in .json, or it is not looked at in a "
			"driver folder: %s.json",
			manifest->class_id);
	if (manifest->n_aids == 0)
		manifest_add_problem(notes,
				     "\"aids\" is empty: the driver is offered each card that no "
				     "other driver knows, with nothing selected");
}

enum kc_status manifest_set_examine(const struct manifest_places *places, const char *path,
				    struct manifest_problems *problems,
				    struct manifest_problems *notes, struct manifest **ret_manifest)
{
	CLEANUP(manifest_freep) struct manifest *manifest = NULL;
	CLEANUP(manifest_set_done)
	struct manifest_set set = {.manifests = {&set.manifests, &set.manifests}};

	/* Anywhere but in the system's folder it is judged as one that will stand in the user's. */
	TRY(manifest_file_read(path, !is_in_folder(path, places->system_folder), problems,
			       &manifest));
	TRY(manifest_set_load(places, &set));
	if (manifest) {
		compare(manifest, &set, problems, notes);
		note_name(path, manifest, notes);
	}
	*ret_manifest = take(manifest);
	return KC_OK;
}
