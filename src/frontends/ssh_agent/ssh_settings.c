/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One JSON object: a fingerprint for each key that has limits. The file is its owner's: one that
 * somebody else could have written is not believed.
 */
#include "frontends/ssh_agent/ssh_settings.h"

#include <inttypes.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <keycask/value.h>

#include "base/try.h"
#include "codec/hex.h"
#include "sys/file.h"
#include "sys/paths.h"

enum {
	FILE_MAX = 1024 * 1024,
	RULES_MAX = 1024,
	US_PER_S = 1000 * 1000,
};

#define UNTIL_MAX 253402300799 /* the end of the year 9999 */

struct rule {
	char *fingerprint;
	bool is_hidden;
	struct ssh_limits limits;
};

struct ssh_settings {
	char path[PATHS_MAX];
	struct stat seen; /* zeros: there was no file */
	enum kc_status status;
	struct kc_dictionary *content; /* NULL: there was no file */
	struct rule *rules;
	size_t n_rules;
	struct ssh_limits none;
};

static void forget(struct ssh_settings *settings)
{
	for (size_t i = 0; i < settings->n_rules; i++) {
		free(settings->rules[i].fingerprint);
		ssh_limits_done(&settings->rules[i].limits);
	}
	free(settings->rules);
	settings->rules = NULL;
	settings->n_rules = 0;
	settings->content = kc_dictionary_free(settings->content);
}

struct ssh_settings *ssh_settings_free(struct ssh_settings *settings)
{
	if (!settings)
		return NULL;
	forget(settings);
	ssh_limits_done(&settings->none);
	free(settings);
	return NULL;
}

enum kc_status ssh_settings_new(const char *path, struct ssh_settings **ret_settings)
{
	CLEANUP(ssh_settings_freep) struct ssh_settings *settings = calloc(1, sizeof(*settings));

	REQUIRE(settings, KC_ERR_ALLOCATE, "out of memory");
	REQUIRE(strlen(path) < sizeof(settings->path), KC_ERR_PARAM, "the path is too long");
	memcpy(settings->path, path, strlen(path) + 1);
	settings->none = SSH_LIMITS_INIT;
	*ret_settings = take(settings);
	return KC_OK;
}

/* --- reading ------------------------------------------------------------------------------- */

static const struct {
	const char *name;
	enum kc_type type;
} known[] = {
	{"label", KC_TYPE_TEXT},   {"confirm", KC_TYPE_FLAG}, {"hidden", KC_TYPE_FLAG},
	{"until", KC_TYPE_NUMBER}, {"to", KC_TYPE_ARRAY},     {"constraints", KC_TYPE_TEXT},
};

static bool is_known(const char *name, enum kc_type type)
{
	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (strcmp(known[i].name, name) == 0)
			return known[i].type == type;
	return false;
}

/* A word that is not understood may have been a limit. */
static enum kc_status check_names(const struct ssh_settings *settings,
				  const struct kc_dictionary *entry, const char *fingerprint)
{
	REQUIRE(entry, KC_ERR_DECODE, "%s: %.64s is no object", settings->path, fingerprint);
	for (size_t i = 0; i < kc_dictionary_count(entry); i++)
		REQUIRE(is_known(kc_dictionary_name_at(entry, i),
				 kc_value_type(kc_dictionary_value_at(entry, i))),
			KC_ERR_DECODE, "%s: %.64s has \"%.32s\", which is unknown or no such value",
			settings->path, fingerprint, kc_dictionary_name_at(entry, i));
	return KC_OK;
}

static enum kc_status read_constraints(const struct kc_dictionary *entry, struct rule *rule)
{
	CLEANUP(bytes_done) struct bytes constraints = BYTES_INIT(SSH_DESTINATIONS_BYTES_MAX);
	const char *text = kc_dictionary_text(entry, "constraints");
	bool has_names = kc_value_count(kc_dictionary_get(entry, "to")) > 0;

	REQUIRE(!has_names || text, KC_ERR_DECODE, "destinations without host keys");
	if (!text)
		return KC_OK;
	TRY(base64_decode(view_of_text(text), &constraints));
	return ssh_destinations_add(&rule->limits.destinations, bytes_view(&constraints));
}

static enum kc_status read_until(const struct ssh_settings *settings, const char *fingerprint,
				 const struct kc_dictionary *entry, struct rule *rule)
{
	int64_t until = kc_dictionary_number(entry, "until", 0);

	REQUIRE(until >= 0 && until <= UNTIL_MAX, KC_ERR_DECODE,
		"%s: %.64s has \"until\" %" PRId64
		", which is no time in seconds since 1970, at most in the year 9999",
		settings->path, fingerprint, until);
	rule->limits.until_us = until * US_PER_S;
	return KC_OK;
}

static enum kc_status read_rule(const struct ssh_settings *settings, const char *fingerprint,
				const struct kc_dictionary *entry, struct rule *rule)
{
	TRY(check_names(settings, entry, fingerprint));
	rule->limits = SSH_LIMITS_INIT;
	rule->fingerprint = strdup(fingerprint);
	REQUIRE(rule->fingerprint, KC_ERR_ALLOCATE, "out of memory");
	rule->is_hidden = kc_dictionary_flag(entry, "hidden", false);
	rule->limits.confirm = kc_dictionary_flag(entry, "confirm", false);
	TRY(read_until(settings, fingerprint, entry, rule));
	return read_constraints(entry, rule);
}

static enum kc_status read_rules(struct ssh_settings *settings)
{
	size_t n = kc_dictionary_count(settings->content);

	REQUIRE(n <= RULES_MAX, KC_ERR_DECODE, "%s: more than %d keys", settings->path, RULES_MAX);
	settings->rules = calloc(n + 1, sizeof(*settings->rules));
	REQUIRE(settings->rules, KC_ERR_ALLOCATE, "out of memory");
	for (size_t i = 0; i < n; i++) {
		struct rule *rule = &settings->rules[settings->n_rules++];

		TRY(read_rule(settings, kc_dictionary_name_at(settings->content, i),
			      kc_value_dictionary(kc_dictionary_value_at(settings->content, i)),
			      rule));
	}
	return KC_OK;
}

static enum kc_status load(struct ssh_settings *settings)
{
	CLEANUP(bytes_done) struct bytes text = BYTES_INIT(FILE_MAX);
	enum kc_status status = file_read_trusted(settings->path, &text);

	forget(settings);
	if (status == KC_ERR_ITEM_NOT_FOUND) {
		error_clear();
		return KC_OK;
	}
	TRY(status);
	TRY(kc_dictionary_from_json(bytes_view(&text), &settings->content));
	return read_rules(settings);
}

static bool is_same(const struct stat *a, const struct stat *b)
{
	return a->st_ino == b->st_ino && a->st_dev == b->st_dev && a->st_size == b->st_size &&
	       a->st_mode == b->st_mode && a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
	       a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

enum kc_status ssh_settings_refresh(struct ssh_settings *settings)
{
	struct stat now = {0};

	if (stat(settings->path, &now) != 0)
		now = (struct stat){0};
	if (!is_same(&now, &settings->seen)) {
		settings->seen = now;
		settings->status = load(settings);
		if (settings->status != KC_OK)
			return settings->status;
	}
	REQUIRE(settings->status == KC_OK, settings->status, "%s is still of no use",
		settings->path);
	return KC_OK;
}

/* --- asking -------------------------------------------------------------------------------- */

static const struct rule *find(const struct ssh_settings *settings, const char *fingerprint)
{
	for (size_t i = 0; i < settings->n_rules; i++)
		if (strcmp(settings->rules[i].fingerprint, fingerprint) == 0)
			return &settings->rules[i];
	return NULL;
}

const struct ssh_limits *ssh_settings_limits(const struct ssh_settings *settings,
					     const char *fingerprint)
{
	const struct rule *rule = find(settings, fingerprint);

	return rule ? &rule->limits : &settings->none;
}

bool ssh_settings_hide(const struct ssh_settings *settings, const char *fingerprint)
{
	const struct rule *rule = find(settings, fingerprint);

	return rule && rule->is_hidden;
}

const struct kc_dictionary *ssh_settings_entry(const struct ssh_settings *settings,
					       const char *fingerprint)
{
	return settings->content ? kc_dictionary_dictionary(settings->content, fingerprint) : NULL;
}

/* --- writing ------------------------------------------------------------------------------- */

static enum kc_status make_folder(const char *path)
{
	char folder[PATHS_MAX];

	TRY(paths_parent(path, folder, sizeof(folder)));
	return paths_make_folder(folder);
}

enum kc_status ssh_settings_write(struct ssh_settings *settings, const char *fingerprint,
				  const struct kc_dictionary *entry)
{
	CLEANUP(freep) char *text = NULL;

	if (!settings->content)
		settings->content = kc_dictionary_new(NULL, 0);
	REQUIRE(settings->content, KC_ERR_ALLOCATE, "out of memory");
	if (entry)
		TRY(kc_dictionary_set(settings->content, fingerprint, KC_NESTED(entry)));
	else
		kc_dictionary_remove(settings->content, fingerprint);
	TRY(kc_dictionary_to_json(settings->content, &text));
	TRY(make_folder(settings->path));
	TRY(file_replace(settings->path, view_of_text(text)));
	settings->seen = (struct stat){0};
	return ssh_settings_refresh(settings);
}
