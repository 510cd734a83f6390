/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Names of passwords. Nothing here sees one, unless it is asked to bring it along. */
#include "frontends/cli/password_name.h"

#include <stdlib.h>
#include <string.h>

#include <keycask/item.h>
#include <keycask/keychain.h>
#include <keycask/text.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "frontends/cli/page.h"
#include "frontends/owned.h"

/* --- from the command line ----------------------------------------------------------------- */

/* Rather a variable that is not set than a name. */
static enum kc_status fail_empty(struct context *context)
{
	return usage_error(context, "the name is empty");
}

enum kc_status password_name_read(struct context *context, char **words, int n_words,
				  struct password_name *password)
{
	int n_names = password->server ? 1 : 2;

	if (!password->server && (password->protocol || password->path || password->port >= 0))
		return usage_error(context, "--protocol, --port and --path go with --server");
	if (password->port > UINT16_MAX)
		return usage_error(context, "--port ends at %d", UINT16_MAX);
	if (n_words > n_names)
		return usage_error(context, "one word too many: '%s'", words[n_names]);
	if (password->server) {
		password->account = n_words > 0 ? words[0] : NULL;
		return password->server[0] ? KC_OK : fail_empty(context);
	}
	if (n_words == 0)
		return usage_error(context, "SERVICE is missing, or --server HOST");
	password->name = words[0];
	password->account = n_words > 1 ? words[1] : NULL;
	return password->name[0] ? KC_OK : fail_empty(context);
}

/* --- dictionaries -------------------------------------------------------------------------- */

static enum kc_status put_text(struct kc_dictionary *dictionary, const char *name, const char *text)
{
	return text ? kc_dictionary_set(dictionary, name, KC_TEXT(text)) : KC_OK;
}

/* Of @item_class, called @value by the attribute @name, and whatever else was said. */
static enum kc_status new_named(const struct password_name *password, const char *item_class,
				const char *name, const char *value,
				struct kc_dictionary **ret_dictionary)
{
	CLEANUP(kc_dictionary_freep)
	struct kc_dictionary *dictionary =
		KC_DICTIONARY({KC_CLASS, KC_TEXT(item_class)}, {name, KC_TEXT(value)});

	REQUIRE(dictionary, KC_ERR_PARAM, "the %s is no text in UTF-8", name);
	TRY(put_text(dictionary, KC_ATTR_ACCOUNT, password->account));
	TRY(put_text(dictionary, KC_ATTR_PROTOCOL, password->protocol));
	TRY(put_text(dictionary, KC_ATTR_PATH, password->path));
	TRY(put_text(dictionary, KC_ATTR_ACCESS_GROUP, password->group));
	if (password->port >= 0)
		TRY(kc_dictionary_set(dictionary, KC_ATTR_PORT, KC_NUMBER(password->port)));
	if (password->no_prompt)
		TRY(put_text(dictionary, KC_USE_AUTHENTICATION_UI, KC_AUTHENTICATION_UI_FAIL));
	*ret_dictionary = take(dictionary);
	return KC_OK;
}

enum kc_status password_name_new_item(const struct password_name *password,
				      struct kc_dictionary **ret_item)
{
	if (password->server)
		return new_named(password, KC_CLASS_INTERNET_PASSWORD, KC_ATTR_SERVER,
				 password->server, ret_item);
	return new_named(password, KC_CLASS_GENERIC_PASSWORD, KC_ATTR_SERVICE, password->name,
			 ret_item);
}

/* reference/keychain.md 1.3, 1.4: what is not said is empty, and tells items apart all the same. */
enum kc_status password_name_new_query(const struct password_name *password,
				       struct kc_dictionary **ret_query)
{
	static const char *const texts[] = {KC_ATTR_PROTOCOL, KC_ATTR_PATH, KC_ATTR_SECURITY_DOMAIN,
					    KC_ATTR_AUTHENTICATION_TYPE};
	CLEANUP(kc_dictionary_freep) struct kc_dictionary *query = NULL;

	TRY(password_name_new_item(password, &query));
	if (!password->account)
		TRY(put_text(query, KC_ATTR_ACCOUNT, ""));
	for (size_t i = 0; password->server && i < ARRAY_LEN(texts); i++)
		if (!kc_dictionary_get(query, texts[i]))
			TRY(put_text(query, texts[i], ""));
	if (password->server && password->port < 0)
		TRY(kc_dictionary_set(query, KC_ATTR_PORT, KC_NUMBER(0)));
	*ret_query = take(query);
	return KC_OK;
}

enum kc_status password_name_put_default_group(struct kc_dictionary *query)
{
	CLEANUP(kc_dictionary_freep) struct kc_dictionary *state = NULL;
	const struct kc_value *groups = NULL;

	if (kc_dictionary_get(query, KC_ATTR_ACCESS_GROUP))
		return KC_OK;
	TRY(kc_keychain_state(&state));
	groups = kc_dictionary_get(state, KC_KEYCHAIN_GROUPS);
	return put_text(query, KC_ATTR_ACCESS_GROUP, kc_value_text(kc_value_at(groups, 0)));
}

/* --- finding ------------------------------------------------------------------------------- */

static enum kc_status collect(const struct password_name *password, const char *item_class,
			      const char *name, bool wants_data, struct inventory *inventory)
{
	const char *value = password->server ? password->server : password->name;
	CLEANUP(kc_dictionary_freep) struct kc_dictionary *query = NULL;

	TRY(new_named(password, item_class, name, value, &query));
	if (wants_data)
		TRY(kc_dictionary_set(query, KC_RETURN_DATA, KC_TRUE));
	return inventory_append_matching(inventory, item_class, query);
}

/* Of a service, else of a server, else with that label. */
static enum kc_status collect_named(const struct password_name *password, bool wants_data,
				    struct inventory *inventory)
{
	static const struct way {
		const char *item_class;
		const char *name;
		bool is_last; /* of one way of naming: stop here when there is anything */
	} ways[] = {
		{KC_CLASS_GENERIC_PASSWORD, KC_ATTR_SERVICE, true},
		{KC_CLASS_INTERNET_PASSWORD, KC_ATTR_SERVER, true},
		{KC_CLASS_GENERIC_PASSWORD, KC_ATTR_LABEL, false},
		{KC_CLASS_INTERNET_PASSWORD, KC_ATTR_LABEL, true},
	};

	if (password->server)
		return collect(password, KC_CLASS_INTERNET_PASSWORD, KC_ATTR_SERVER, wants_data,
			       inventory);
	for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
		TRY(collect(password, ways[i].item_class, ways[i].name, wants_data, inventory));
		if (ways[i].is_last && inventory->n_items > 0)
			return KC_OK;
	}
	return KC_OK;
}

/* Apple's form: the first four letters say the class (reference/keychain.md 2.6). */
static const char *class_of_reference(const struct kc_bytes *reference)
{
	struct kc_view start =
		view_slice(view_of(reference->data, reference->len), 0, strlen("genp"));

	if (view_equal(start, view_of_text("genp")))
		return KC_CLASS_GENERIC_PASSWORD;
	if (view_equal(start, view_of_text("inet")))
		return KC_CLASS_INTERNET_PASSWORD;
	return NULL;
}

static enum kc_status collect_reference(const struct password_name *password, bool wants_data,
					struct inventory *inventory)
{
	CLEANUP(kc_bytes_free) struct kc_bytes reference = {NULL, 0};
	CLEANUP(kc_dictionary_freep) struct kc_dictionary *query = NULL;
	const char *item_class = NULL;

	if (!password->name || password->account ||
	    kc_text_base64_decode(password->name, &reference) != KC_OK)
		return KC_OK;
	item_class = class_of_reference(&reference);
	if (!item_class)
		return KC_OK;
	query = KC_DICTIONARY(
		{KC_VALUE_PERSISTENT_REF, KC_DATA(view_of(reference.data, reference.len))},
		{KC_RETURN_DATA, KC_FLAG(wants_data)});
	if (password->no_prompt)
		TRY(put_text(query, KC_USE_AUTHENTICATION_UI, KC_AUTHENTICATION_UI_FAIL));
	return inventory_append_matching(inventory, item_class, query);
}

static enum kc_status not_found(const struct password_name *password)
{
	const char *name = password->server ? password->server : password->name;

	error_set_hint("see what there is with: keycask password list");
	if (password->account)
		return fail(KC_ERR_ITEM_NOT_FOUND, "there is no password of '%s' at '%s'",
			    password->account, name);
	return fail(KC_ERR_ITEM_NOT_FOUND, "there is no password for '%s'", name);
}

static enum kc_status ambiguous(struct context *context, const struct password_name *password,
				struct inventory *inventory)
{
	const char *name = password->server ? password->server : password->name;

	context->candidates = *inventory;
	*inventory = (struct inventory){.items = NULL};
	error_set_hint("say which one: by its account, or with --group, or with --server and "
		       "--protocol, --port or --path");
	return fail(KC_ERR_PARAM, "there are %zu passwords for '%s'", context->candidates.n_items,
		    name);
}

enum kc_status password_name_find(struct context *context, const struct password_name *password,
				  bool wants_data, struct kc_dictionary **ret_item)
{
	CLEANUP(inventory_done) struct inventory inventory = {.items = NULL};

	TRY(collect_named(password, wants_data, &inventory));
	if (inventory.n_items == 0)
		TRY(collect_reference(password, wants_data, &inventory));
	if (inventory.n_items == 0)
		return not_found(password);
	if (inventory.n_items > 1)
		return ambiguous(context, password, &inventory);
	return kc_dictionary_copy(inventory.items[0], ret_item);
}

/* --- words --------------------------------------------------------------------------------- */

char *password_name_describe(const struct kc_dictionary *item)
{
	const char *account = kc_dictionary_text(item, KC_ATTR_ACCOUNT);
	const char *place = kc_dictionary_text(item, KC_ATTR_SERVICE);
	char text[512];

	if (!place)
		place = kc_dictionary_text(item, KC_ATTR_SERVER);
	(void)snprintf(text, sizeof(text), "%s%s%s", account ? account : "",
		       account && *account ? " at " : "", place ? place : "");
	return page_safe(text);
}
