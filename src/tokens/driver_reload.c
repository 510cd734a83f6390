/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From an old set of manifests to a new one. */
#include "tokens/driver_reload.h"

#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>

#include "base/log.h"
#include "base/try.h"
#include "sys/paths.h"
#include "tokens/manifest_set.h"
#include "tokens/offer.h"
#include "tokens/registry_impl.h"
#include "tokens/slot_impl.h"
#include "tokens/token_impl.h"

enum {
	FOLDERS_MAX = 3,
	SETTLE_US = 50 * 1000, /* an installation touches several files */
};

/* --- from one set to the next ------------------------------------------------------------------
 */

static const struct manifest *find_path(const struct manifest_set *set, const char *path)
{
	list_for_each (link, &set->manifests) {
		const struct manifest *manifest = list_entry(link, struct manifest, link);

		if (strcmp(manifest->path, path) == 0)
			return manifest;
	}
	return NULL;
}

/* Only what is new to the log: the set is read often. */
static void log_changes(const struct manifest_set *before, const struct manifest_set *set)
{
	list_for_each (link, &set->manifests) {
		const struct manifest *manifest = list_entry(link, struct manifest, link);
		const struct manifest *old = find_path(before, manifest->path);

		if (manifest->reason[0] && (!old || strcmp(old->reason, manifest->reason) != 0))
			log_warning("driver manifest %s: %s", manifest->path, manifest->reason);
	}
}

static void replace_set(struct registry *registry, struct manifest_set *set)
{
	log_changes(&registry->manifests, set);
	manifest_set_done(&registry->manifests);
	memcpy(registry->manifests.choices_reason, set->choices_reason,
	       sizeof(set->choices_reason));
	list_for_each_safe (link, &set->manifests) {
		list_remove(link);
		list_append(&registry->manifests.manifests, link);
	}
}

/*
 * May @token go on? A manifest that is wrong at the moment, perhaps because its file or its program
 * is just being written, costs nobody who works; a driver that is gone or switched off is out.
 */
static bool may_stay(const struct registry *registry, const struct token *token)
{
	const struct manifest *now =
		manifest_set_find(&registry->manifests, token->manifest->class_id);

	if (!now)
		now = find_path(&registry->manifests, token->manifest->path);
	return now && !now->is_switched_off;
}

static void follow(struct registry *registry, struct token *token)
{
	struct manifest *now = manifest_set_find(&registry->manifests, token->manifest->class_id);

	bool is_stuck = token->state == TOKEN_REFUSED || token->state == TOKEN_WAITING;
	bool is_new = now && now->stamp != token->manifest->stamp;

	if (!now || !now->is_enabled)
		return;
	ignore(manifest_free(token->manifest) != NULL);
	token->manifest = manifest_ref(now);
	if (is_stuck && is_new)
		token_start_afresh(token);
}

static void update_tokens(struct registry *registry)
{
	list_for_each_safe (link, &registry->tokens) {
		struct token *token = list_entry(link, struct token, link);

		if (may_stay(registry, token)) {
			follow(registry, token);
			continue;
		}
		log_info("token %s: its driver is not used any more", token_id(token));
		ignore(token_leave(token, false) != NULL);
	}
}

void driver_reload(struct registry *registry)
{
	CLEANUP(manifest_set_done)
	struct manifest_set set = {.manifests = {&set.manifests, &set.manifests}};

	error_clear();
	if (manifest_set_load(&registry->settings.manifests, &set) != KC_OK) {
		log_error("drivers: %s", error_get()->message);
		return;
	}
	error_clear();
	replace_set(registry, &set);
	update_tokens(registry);
	list_for_each (link, &registry->slots)
		offer_card(slot_from_link(link));
}

/* --- noticing -----------------------------------------------------------------------------------
 */

struct driver_watch {
	struct registry *registry;
	sd_event_source *folders[FOLDERS_MAX];
	size_t n_folders;
	sd_event_source *settle;
};

static int on_change(sd_event_source *source, const struct inotify_event *event, void *userdata)
{
	struct driver_watch *watch = userdata;

	(void)source;
	(void)event;
	ignore(sd_event_source_set_time_relative(watch->settle, SETTLE_US) < 0);
	ignore(sd_event_source_set_enabled(watch->settle, SD_EVENT_ONESHOT) < 0);
	return 0;
}

static void watch_folder(struct driver_watch *watch, const char *folder)
{
	const uint32_t changes = IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE |
				 IN_CREATE | IN_ATTRIB | IN_ONLYDIR;

	if (sd_event_add_inotify(watch->registry->event, &watch->folders[watch->n_folders], folder,
				 changes, on_change, watch) >= 0)
		watch->n_folders++;
	else
		log_debug("drivers: %s is not watched", folder);
}

static void unwatch_folders(struct driver_watch *watch)
{
	while (watch->n_folders > 0)
		sd_event_source_disable_unref(watch->folders[--watch->n_folders]);
}

static void watch_folders(struct driver_watch *watch)
{
	const struct manifest_places *places = &watch->registry->settings.manifests;
	char folder[PATHS_MAX];

	watch_folder(watch, places->system_folder);
	if (places->user_folder)
		watch_folder(watch, places->user_folder);
	if (places->choices && paths_parent(places->choices, folder, sizeof(folder)) == KC_OK)
		watch_folder(watch, folder);
	error_clear();
}

/* The folders themselves may have come, or others may stand in their places. */
static int on_settled(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct driver_watch *watch = userdata;

	(void)source;
	(void)usec;
	unwatch_folders(watch);
	watch_folders(watch);
	driver_reload(watch->registry);
	return 0;
}

struct driver_watch *driver_reload_unwatch(struct driver_watch *watch)
{
	if (!watch)
		return NULL;
	unwatch_folders(watch);
	sd_event_source_disable_unref(watch->settle);
	free(watch);
	return NULL;
}

/* So that it can be watched, and found. A home that cannot be written does without. */
static void make_user_folder(const struct manifest_places *places)
{
	if (places->user_folder && paths_make_folder(places->user_folder) != KC_OK)
		log_debug("drivers: %s", error_get()->message);
	error_clear();
}

static enum kc_status start_watch(struct driver_watch *watch)
{
	REQUIRE(sd_event_add_time_relative(watch->registry->event, &watch->settle, CLOCK_MONOTONIC,
					   0, 0, on_settled, watch) >= 0 &&
			sd_event_source_set_enabled(watch->settle, SD_EVENT_OFF) >= 0,
		KC_ERR_INTERNAL, "no timer");
	make_user_folder(&watch->registry->settings.manifests);
	watch_folders(watch);
	return KC_OK;
}

enum kc_status driver_reload_watch(struct registry *registry, struct driver_watch **ret_watch)
{
	struct driver_watch *watch = calloc(1, sizeof(*watch));
	enum kc_status status = KC_OK;

	REQUIRE(watch, KC_ERR_ALLOCATE, "out of memory");
	watch->registry = registry;
	status = start_watch(watch);
	if (status == KC_OK)
		*ret_watch = watch;
	else
		ignore(driver_reload_unwatch(watch) != NULL);
	return status;
}
