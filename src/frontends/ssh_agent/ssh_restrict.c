/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The same inventory, without the agent: what it would offer, hidden keys included, and the file
 * that it reads again by itself. Host keys come from known_hosts, as with ssh-add -h.
 */
#include "frontends/ssh_agent/ssh_restrict.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <keycask/dictionary.h>

#include "base/try.h"
#include "codec/hex.h"
#include "frontends/owned.h"
#include "frontends/ssh_agent/ssh_inventory.h"
#include "frontends/ssh_agent/ssh_known_hosts.h"
#include "frontends/ssh_agent/ssh_offer.h"
#include "frontends/ssh_agent/ssh_settings.h"
#include "sys/paths.h"

enum {
	WORD_MAX = 256,
	NAME_MAX_BYTES = 300,
};

struct scene {
	struct list offers;
	struct ssh_settings *settings;
	struct ssh_papers *papers;
};

static void scene_done(struct scene *scene)
{
	if (scene->offers.next) /* it was opened */
		ssh_offer_free_all(&scene->offers);
	scene->settings = ssh_settings_free(scene->settings);
	scene->papers = ssh_papers_free(scene->papers);
}

static enum kc_status scene_open(struct scene *scene)
{
	char path[PATHS_MAX];

	list_init(&scene->offers);
	TRY(paths_config("ssh-agent.json", path, sizeof(path)));
	TRY(ssh_settings_new(path, &scene->settings));
	TRY(ssh_settings_refresh(scene->settings));
	TRY(paths_config("ssh", path, sizeof(path)));
	TRY(ssh_papers_new(path, &scene->papers));
	ssh_papers_refresh(scene->papers);
	return ssh_inventory_refresh(&scene->offers, scene->papers);
}

/* --- listing ------------------------------------------------------------------------------- */

static void print_limits(const struct scene *scene, const struct ssh_offer *offer)
{
	const struct kc_dictionary *entry = ssh_settings_entry(scene->settings, offer->fingerprint);
	const struct kc_value *to = kc_dictionary_get(entry, "to");
	time_t until = (time_t)kc_dictionary_number(entry, "until", 0);
	char text[WORD_MAX];
	struct tm local;

	if (kc_dictionary_flag(entry, "hidden", false))
		(void)printf("    hidden\n");
	if (kc_dictionary_flag(entry, "confirm", false))
		(void)printf("    each use is to be allowed\n");
	if (until > 0 && localtime_r(&until, &local) &&
	    strftime(text, sizeof(text), "%Y-%m-%d %H:%M", &local) > 0)
		(void)printf("    %s %s\n", time(NULL) < until ? "until" : "not any more since",
			     text);
	for (size_t i = 0; i < kc_value_count(to); i++)
		(void)printf("    to %s\n", kc_value_text(kc_value_at(to, i)));
}

static void print_text(const struct scene *scene)
{
	list_for_each (link, &scene->offers) {
		const struct ssh_offer *offer = list_entry(link, struct ssh_offer, link);

		(void)printf("%s %s%s\n", offer->fingerprint, offer->comment,
			     offer->is_certificate ? " (certificate)" : "");
		if (!offer->is_certificate)
			print_limits(scene, offer);
	}
	if (list_is_empty(&scene->offers))
		(void)puts("There is no key for SSH, neither on a token nor in the keychain.");
}

static enum kc_status describe(const struct scene *scene, const struct ssh_offer *offer,
			       struct kc_literal *literal, struct kc_dictionary **ret_dictionary)
{
	const struct kc_dictionary *entry = ssh_settings_entry(scene->settings, offer->fingerprint);
	struct kc_dictionary *dictionary = KC_DICTIONARY(
		{"fingerprint", KC_TEXT(offer->fingerprint)}, {"comment", KC_TEXT(offer->comment)},
		{"type", KC_TEXT(offer->kind->name)},
		{"is_certificate", KC_FLAG(offer->is_certificate)});

	REQUIRE(dictionary, KC_ERR_ALLOCATE, "out of memory");
	*ret_dictionary = dictionary;
	if (entry)
		TRY(kc_dictionary_set(dictionary, "limits", KC_NESTED(entry)));
	*literal = KC_NESTED(dictionary);
	return KC_OK;
}

static size_t count(const struct list *list)
{
	size_t n = 0;

	list_for_each (link, list)
		n++;
	return n;
}

static enum kc_status print_array(const struct kc_literal *literals, size_t n)
{
	CLEANUP(freep) char *text = NULL;
	struct kc_value *value = NULL;
	enum kc_status status = KC_OK;

	TRY(kc_value_new(KC_ARRAY(literals, n), &value));
	status = kc_value_to_json(value, &text);
	ignore(kc_value_free(value) != NULL);
	TRY(status);
	(void)puts(text);
	return KC_OK;
}

static enum kc_status print_json(const struct scene *scene)
{
	size_t n = count(&scene->offers);
	CLEANUP(freep) struct kc_literal *literals = calloc(n + 1, sizeof(*literals));
	CLEANUP(freep) struct kc_dictionary **dictionaries = calloc(n + 1, sizeof(void *));
	enum kc_status status = KC_OK;
	size_t i = 0;

	REQUIRE(literals && dictionaries, KC_ERR_ALLOCATE, "out of memory");
	list_for_each (link, &scene->offers) {
		if (status == KC_OK)
			status = describe(scene, list_entry(link, struct ssh_offer, link),
					  &literals[i], &dictionaries[i]);
		i++;
	}
	if (status == KC_OK)
		status = print_array(literals, n);
	for (i = 0; i < n; i++)
		ignore(kc_dictionary_free(dictionaries[i]) != NULL);
	return status;
}

enum kc_status ssh_restrict_list(bool json)
{
	CLEANUP(scene_done) struct scene scene = {.settings = NULL};

	TRY(scene_open(&scene));
	if (json)
		return print_json(&scene);
	print_text(&scene);
	return KC_OK;
}

/* --- which key ----------------------------------------------------------------------------- */

static bool is_meant(const struct ssh_offer *offer, const char *key)
{
	if (strncmp(key, "SHA256:", 7) == 0)
		return strncmp(offer->fingerprint, key, strlen(key)) == 0;
	return strstr(offer->comment, key) != NULL;
}

static enum kc_status find(struct scene *scene, const char *key, const struct ssh_offer **ret_offer)
{
	const struct ssh_offer *found = NULL;

	list_for_each (link, &scene->offers) {
		const struct ssh_offer *offer = list_entry(link, struct ssh_offer, link);

		if (offer->is_certificate || !is_meant(offer, key))
			continue;
		if (found)
			error_set_hint("its fingerprint names one: keycask ssh-agent list");
		REQUIRE(!found, KC_ERR_PARAM, "'%s' is more than one key: %s, and %s", key,
			found->comment, offer->comment);
		found = offer;
	}
	if (!found)
		error_set_hint("see what there is with: keycask ssh-agent list");
	REQUIRE(found, KC_ERR_ITEM_NOT_FOUND, "there is no key '%s' for SSH", key);
	*ret_offer = found;
	return KC_OK;
}

/* --- destinations -------------------------------------------------------------------------- */

static enum kc_status find_host_keys(const char *host, struct ssh_known_keys *keys)
{
	const char *home = secure_getenv("HOME");
	char path[PATHS_MAX];

	(void)snprintf(path, sizeof(path), "%s/.ssh/known_hosts", home ? home : "");
	TRY(ssh_known_hosts_find(path, host, keys));
	TRY(ssh_known_hosts_find("/etc/ssh/ssh_known_hosts", host, keys));
	if (keys->n_keys == 0)
		error_set_hint("log in to it once: ssh %s", host);
	REQUIRE(keys->n_keys > 0, KC_ERR_ITEM_NOT_FOUND, "known_hosts has no key of '%s'", host);
	return KC_OK;
}

static struct ssh_destination_hop hop_of(const char *user, const char *host,
					 const struct ssh_known_keys *keys)
{
	return (struct ssh_destination_hop){user, host, keys->keys, keys->are_authorities,
					    keys->n_keys};
}

static enum kc_status put_destination(const char *from, const char *user, const char *host,
				      struct bytes *constraints)
{
	CLEANUP(ssh_known_hosts_done) struct ssh_known_keys from_keys = {.n_keys = 0};
	CLEANUP(ssh_known_hosts_done) struct ssh_known_keys to_keys = {.n_keys = 0};
	struct ssh_destination_hop first;
	struct ssh_destination_hop second;

	TRY(find_host_keys(host, &to_keys));
	if (from)
		TRY(find_host_keys(from, &from_keys));
	first = hop_of(NULL, from, &from_keys);
	second = hop_of(user, host, &to_keys);
	return ssh_destination_put(from ? &first : NULL, &second, constraints);
}

/* "[FROM>][USER@]HOST", as ssh-add -h has it. */
static enum kc_status add_destination(const char *to, struct bytes *constraints)
{
	char word[NAME_MAX_BYTES];
	char *from = NULL;
	char *user = NULL;
	char *host = word;

	REQUIRE(strlen(to) < sizeof(word), KC_ERR_PARAM, "a destination that is too long");
	memcpy(word, to, strlen(to) + 1);
	if (strchr(host, '>')) {
		from = host;
		host = strchr(host, '>');
		*host++ = '\0';
	}
	if (strrchr(host, '@')) {
		user = host;
		host = strrchr(host, '@');
		*host++ = '\0';
	}
	REQUIRE(*host && (!from || *from) && !strchr(host, '>'), KC_ERR_PARAM,
		"'%s' is no destination: [FROM>][USER@]HOST", to);
	return put_destination(from, user && *user ? user : NULL, host, constraints);
}

static enum kc_status set_destinations(const struct ssh_restrict_wish *wish,
				       struct kc_dictionary *entry)
{
	CLEANUP(bytes_done) struct bytes constraints = BYTES_INIT(SSH_DESTINATIONS_BYTES_MAX);
	CLEANUP(freep) char *text = NULL;
	struct kc_literal names[SSH_RESTRICT_TO_MAX];

	if (wish->n_to == 0)
		return KC_OK;
	for (int i = 0; i < wish->n_to; i++) {
		names[i] = KC_TEXT(wish->to[i]);
		TRY(add_destination(wish->to[i], &constraints));
	}
	text = base64_encode(bytes_view(&constraints));
	REQUIRE(text, KC_ERR_ALLOCATE, "out of memory");
	TRY(kc_dictionary_set(entry, "constraints", KC_TEXT(text)));
	return kc_dictionary_set(entry, "to", KC_ARRAY(names, (size_t)wish->n_to));
}

/* --- writing ------------------------------------------------------------------------------- */

/* sshd_config(5), TIME FORMATS, with one unit. */
static enum kc_status read_lifetime(const char *text, int64_t *ret_seconds)
{
	static const char units[] = "smhdw";
	static const int64_t seconds[] = {1, 60, 3600, 86400, 604800};
	char *end = NULL;
	long long number = 0;
	const char *unit = NULL;

	errno = 0;
	number = strtoll(text, &end, 10);
	unit = *end ? strchr(units, *end) : units;
	REQUIRE(errno == 0 && end != text && number > 0 && number < 1000000 && unit &&
			(!*end || !end[1]),
		KC_ERR_PARAM, "'%s' is no time: 90, 30m, 8h, 2d", text);
	*ret_seconds = number * seconds[unit - units];
	return KC_OK;
}

static enum kc_status make_entry(const struct ssh_restrict_wish *wish, const char *label,
				 struct kc_dictionary **ret_entry)
{
	CLEANUP(kc_dictionary_freep)
	struct kc_dictionary *entry = KC_DICTIONARY({"label", KC_TEXT(label)});
	int64_t seconds = 0;

	REQUIRE(entry, KC_ERR_ALLOCATE, "out of memory");
	if (wish->confirm)
		TRY(kc_dictionary_set(entry, "confirm", KC_TRUE));
	if (wish->hide)
		TRY(kc_dictionary_set(entry, "hidden", KC_TRUE));
	if (wish->lifetime) {
		TRY(read_lifetime(wish->lifetime, &seconds));
		TRY(kc_dictionary_set(entry, "until", KC_NUMBER((int64_t)time(NULL) + seconds)));
	}
	TRY(set_destinations(wish, entry));
	*ret_entry = take(entry);
	return KC_OK;
}

enum kc_status ssh_restrict_set(const struct ssh_restrict_wish *wish)
{
	CLEANUP(scene_done) struct scene scene = {.settings = NULL};
	CLEANUP(kc_dictionary_freep) struct kc_dictionary *entry = NULL;
	const struct ssh_offer *offer = NULL;

	if (!wish->confirm && !wish->hide && !wish->lifetime && wish->n_to == 0)
		error_set_hint("--confirm, --to, --lifetime or --hide");
	REQUIRE(wish->confirm || wish->hide || wish->lifetime || wish->n_to > 0, KC_ERR_PARAM,
		"restricted to what?");
	TRY(scene_open(&scene));
	TRY(find(&scene, wish->key, &offer));
	TRY(make_entry(wish, offer->comment, &entry));
	TRY(ssh_settings_write(scene.settings, offer->fingerprint, entry));
	(void)printf("%s %s\n", offer->fingerprint, offer->comment);
	print_limits(&scene, offer);
	return KC_OK;
}

/* A key that is away is named by its fingerprint. */
enum kc_status ssh_restrict_clear(const char *key)
{
	CLEANUP(scene_done) struct scene scene = {.settings = NULL};
	const struct ssh_offer *offer = NULL;
	const char *fingerprint = key;

	TRY(scene_open(&scene));
	if (!ssh_settings_entry(scene.settings, key)) {
		TRY(find(&scene, key, &offer));
		fingerprint = offer->fingerprint;
	}
	TRY(ssh_settings_write(scene.settings, fingerprint, NULL));
	(void)printf("%s is not restricted any more.\n", fingerprint);
	return KC_OK;
}
