/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading one file of entitlements.d; keycaskd(8), ACCESS GROUPS. */
#include "daemon/entitlements.h"

#include <ctype.h>
#include <stdlib.h>

#include "base/nearest.h"
#include "base/try.h"
#include "items/engine.h"
#include "wire/message.h"

static const struct {
	const char *key;
	enum entitlements_kind kind;
} subjects[] = {
	{"executable", ENTITLEMENTS_EXECUTABLE},
	{"unit", ENTITLEMENTS_UNIT},
	{"flatpak", ENTITLEMENTS_FLATPAK},
	{"snap", ENTITLEMENTS_SNAP},
};

static const char *const rights[] = {"access_groups", "default_group", "tokens", "deny"};

struct entitlements *entitlements_free(struct entitlements *entitlements)
{
	if (!entitlements)
		return NULL;
	for (size_t i = 0; i < entitlements->n_groups; i++)
		free(entitlements->groups[i]);
	free(entitlements->subject);
	free(entitlements);
	return NULL;
}

/* --- whom it is about ------------------------------------------------------------------------ */

/* What units, applications, snaps and groups are named with. */
static bool is_plain(const char *name, const char *besides)
{
	for (const char *c = name; *c; c++) {
		if (!isalnum((unsigned char)*c) && !strchr(besides, *c))
			return false;
	}
	return *name != '\0';
}

static bool is_unit(const char *name)
{
	size_t len = strlen(name);
	size_t end = len > 8 && strcmp(name + len - 8, ".service") == 0 ? 8
		     : len > 6 && strcmp(name + len - 6, ".scope") == 0 ? 6
									: 0;

	return end > 0 && is_plain(name, ".-_:@\\");
}

static enum kc_status check_subject(enum entitlements_kind kind, const char *name)
{
	bool is_right = strlen(name) < ENTITLEMENTS_SUBJECT_MAX;

	switch (kind) {
	case ENTITLEMENTS_EXECUTABLE:
		REQUIRE(is_right && name[0] == '/', KC_ERR_DECODE,
			"\"executable\" must be the whole path of a program");
		break;
	case ENTITLEMENTS_UNIT:
		REQUIRE(is_right && is_unit(name), KC_ERR_DECODE,
			"\"unit\" must be the name of a service or scope, such as foo.service");
		break;
	case ENTITLEMENTS_FLATPAK:
		REQUIRE(is_right && is_plain(name, ".-_"), KC_ERR_DECODE,
			"\"flatpak\" must be an application ID, such as org.example.App");
		break;
	case ENTITLEMENTS_SNAP:
	default:
		REQUIRE(is_right && is_plain(name, "-_"), KC_ERR_DECODE,
			"\"snap\" must be the name of a snap");
		break;
	}
	return KC_OK;
}

static enum kc_status read_subject(struct json_object *object, struct entitlements *entitlements)
{
	const char *name = NULL;

	for (size_t i = 0; i < ARRAY_LEN(subjects); i++) {
		struct json_object *value = NULL;

		if (!json_object_object_get_ex(object, subjects[i].key, &value))
			continue;
		REQUIRE(!name, KC_ERR_DECODE, "a file is about one program, not about two");
		name = json_object_is_type(value, json_type_string) ? json_object_get_string(value)
								    : "";
		entitlements->kind = subjects[i].kind;
	}
	REQUIRE(name, KC_ERR_DECODE,
		"there is none of \"executable\", \"unit\", \"flatpak\" and \"snap\"");
	TRY(check_subject(entitlements->kind, name));
	entitlements->subject = strdup(name);
	REQUIRE(entitlements->subject, KC_ERR_ALLOCATE, "out of memory");
	return KC_OK;
}

/* --- what it may ----------------------------------------------------------------------------- */

static bool has_group(const struct entitlements *entitlements, const char *group)
{
	for (size_t i = 0; i < entitlements->n_groups; i++) {
		if (strcmp(entitlements->groups[i], group) == 0)
			return true;
	}
	return false;
}

static enum kc_status add_group(struct json_object *value, struct entitlements *entitlements)
{
	const char *group =
		json_object_is_type(value, json_type_string) ? json_object_get_string(value) : "";

	REQUIRE(is_plain(group, ".-_") && strlen(group) < ENTITLEMENTS_GROUP_MAX, KC_ERR_DECODE,
		"an access group is a name of letters, digits, '.', '-' and '_', shorter than %d",
		ENTITLEMENTS_GROUP_MAX);
	/* reference/keychain.md 4.1, 4.2: everybody reads what is in it, nobody writes it */
	REQUIRE(strcmp(group, ENGINE_TOKEN_GROUP) != 0, KC_ERR_DECODE,
		"%s cannot be given to anybody: \"tokens\" says who reads it", group);
	REQUIRE(!has_group(entitlements, group), KC_ERR_DECODE, "the group %s is there twice",
		group);
	REQUIRE(entitlements->n_groups < ENTITLEMENTS_GROUPS_MAX, KC_ERR_DECODE,
		"more than %d access groups", ENTITLEMENTS_GROUPS_MAX);
	entitlements->groups[entitlements->n_groups] = strdup(group);
	REQUIRE(entitlements->groups[entitlements->n_groups], KC_ERR_ALLOCATE, "out of memory");
	entitlements->n_groups++;
	return KC_OK;
}

static enum kc_status read_groups(struct json_object *object, struct entitlements *entitlements)
{
	struct json_object *groups = NULL;

	if (!json_object_object_get_ex(object, "access_groups", &groups))
		return KC_OK;
	REQUIRE(json_object_is_type(groups, json_type_array), KC_ERR_DECODE,
		"\"access_groups\" must be a list of names");
	for (size_t i = 0; i < json_object_array_length(groups); i++)
		TRY(add_group(json_object_array_get_idx(groups, i), entitlements));
	return KC_OK;
}

static enum kc_status read_flag(struct json_object *object, const char *key, bool *flag)
{
	struct json_object *value = NULL;

	if (!json_object_object_get_ex(object, key, &value))
		return KC_OK;
	REQUIRE(json_object_is_type(value, json_type_boolean), KC_ERR_DECODE,
		"\"%s\" must be true or false", key);
	*flag = json_object_get_boolean(value);
	return KC_OK;
}

/* --- the file -------------------------------------------------------------------------------- */

static bool is_known(const char *key, struct nearest *nearest)
{
	bool is_known = false;

	for (size_t i = 0; i < ARRAY_LEN(subjects); i++) {
		is_known = is_known || strcmp(key, subjects[i].key) == 0;
		nearest_offer(nearest, subjects[i].key);
	}
	for (size_t i = 0; i < ARRAY_LEN(rights); i++) {
		is_known = is_known || strcmp(key, rights[i]) == 0;
		nearest_offer(nearest, rights[i]);
	}
	return is_known;
}

static enum kc_status check_keys(struct json_object *object)
{
	json_object_object_foreach(object, key, value)
	{
		struct nearest nearest = nearest_begin(view_of_text(key));

		(void)value;
		REQUIRE(is_known(key, &nearest), KC_ERR_DECODE, "unknown key \"%.40s\"%s%s%s", key,
			nearest.best ? ", did you mean \"" : "", nearest.best ? nearest.best : "",
			nearest.best ? "\"?" : "");
	}
	return KC_OK;
}

enum kc_status entitlements_parse(struct kc_view text, struct entitlements **ret_entitlements)
{
	CLEANUP(entitlements_freep)
	struct entitlements *entitlements = calloc(1, sizeof(*entitlements));
	CLEANUP(field_free) struct json_object *object = NULL;

	REQUIRE(entitlements, KC_ERR_ALLOCATE, "out of memory");
	list_init(&entitlements->link);
	entitlements->keeps_default = true;
	entitlements->sees_tokens = true;
	TRY(message_parse(text, &object));
	TRY(check_keys(object));
	TRY(read_subject(object, entitlements));
	TRY(read_groups(object, entitlements));
	TRY(read_flag(object, "default_group", &entitlements->keeps_default));
	TRY(read_flag(object, "tokens", &entitlements->sees_tokens));
	TRY(read_flag(object, "deny", &entitlements->is_denied));
	*ret_entitlements = take(entitlements);
	return KC_OK;
}
