/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* keycask password get, list. A password is printed by get, and by nothing else. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <keycask/item.h>
#include <keycask/text.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "frontends/cli/file_io.h"
#include "frontends/cli/keychain_note.h"
#include "frontends/cli/page.h"
#include "frontends/cli/password_name.h"
#include "frontends/cli/unlocking.h"
#include "frontends/owned.h"

static void wipe_and_freep(char **text)
{
	if (*text)
		explicit_bzero(*text, strlen(*text));
	free(*text);
}

/* --- one of them --------------------------------------------------------------------------- */

struct search {
	struct context *context;
	struct password_name name;
	bool wants_data;
	struct kc_dictionary *item;
};

static void search_done(struct search *search)
{
	kc_dictionary_freep(&search->item);
}

static enum kc_status find(void *userdata)
{
	struct search *search = userdata;

	return password_name_find(search->context, &search->name, search->wants_data,
				  &search->item);
}

/* --- get ----------------------------------------------------------------------------------- */

static char *copy(struct kc_view data)
{
	char *text = calloc(1, data.len + 1);

	if (text && data.len > 0)
		memcpy(text, data.data, data.len);
	return text;
}

/* NULL unless @data is text that a terminal shows as it is: a line, or several, as PEM has. */
static char *as_shown(struct kc_view data)
{
	CLEANUP(wipe_and_freep) char *text = copy(data);
	CLEANUP(wipe_and_freep) char *one_line = copy(data);
	CLEANUP(wipe_and_freep) char *shown = NULL;

	if (!text || !one_line || strlen(text) != data.len)
		return NULL;
	for (char *end = strchr(one_line, '\n'); end; end = strchr(end, '\n'))
		*end = ' ';
	shown = kc_text_for_display(one_line, data.len * 2 + 1);
	return shown && strcmp(one_line, shown) == 0 ? take(text) : NULL;
}

/* Onto a screen: a line of its own, and nothing that would move the cursor. */
static enum kc_status show(struct kc_view data)
{
	CLEANUP(wipe_and_freep) char *text = as_shown(data);

	if (!text) {
		(void)fputs("keycask: this password is no text; here it is in base64:\n", stderr);
		text = kc_text_base64(data);
	}
	REQUIRE(text, KC_ERR_ALLOCATE, "out of memory");
	TRY(file_io_write(NULL, view_of_text(text)));
	return file_io_write(NULL, view_of_text("\n"));
}

static enum kc_status run_get(struct context *context, char **words, int n_words)
{
	CLEANUP(search_done)
	struct search search = {.context = context, .name = PASSWORD_NAME_INIT, .wants_data = true};
	const struct option_row rows[] = {PASSWORD_NAME_ROWS(&search.name)};
	enum kc_status status = KC_OK;
	struct kc_view data;

	TRY(options_parse(context, rows, ARRAY_LEN(rows), words, &n_words));
	if (context->wants_help)
		return KC_OK;
	TRY(password_name_read(context, words, n_words, &search.name));
	status = unlocking_run(!search.name.no_prompt, find, &search);
	if (status == KC_ERR_ITEM_NOT_FOUND)
		keychain_note_print();
	TRY(status);
	if (context->json)
		return page_json_dictionary(search.item);
	data = kc_dictionary_data(search.item, KC_VALUE_DATA);
	return isatty(STDOUT_FILENO) ? show(data) : file_io_write(NULL, data);
}

/* --- list ---------------------------------------------------------------------------------- */

struct listing {
	const char *group;
	const char *ui; /* of access control: "skip", or "allow" */
	struct inventory inventory;
};

static void listing_done(struct listing *listing)
{
	inventory_done(&listing->inventory);
}

static enum kc_status collect(void *userdata)
{
	static const char *const classes[] = {KC_CLASS_GENERIC_PASSWORD,
					      KC_CLASS_INTERNET_PASSWORD};
	struct listing *listing = userdata;

	inventory_done(&listing->inventory);
	for (size_t i = 0; i < ARRAY_LEN(classes); i++) {
		CLEANUP(kc_dictionary_freep)
		struct kc_dictionary *query =
			KC_DICTIONARY({KC_USE_AUTHENTICATION_UI, KC_TEXT(listing->ui)});

		if (listing->group)
			TRY(kc_dictionary_set(query, KC_ATTR_ACCESS_GROUP,
					      KC_TEXT(listing->group)));
		TRY(inventory_append_matching(&listing->inventory, classes[i], query));
	}
	return KC_OK;
}

/* With the "fail" of access control a class with such items fails, and others do not. */
static bool are_some_left_out(const struct listing *listing)
{
	struct listing rest = {.group = listing->group, .ui = KC_AUTHENTICATION_UI_FAIL};
	enum kc_status status = collect(&rest);

	listing_done(&rest);
	error_clear();
	return status == KC_ERR_INTERACTION_NOT_ALLOWED;
}

static enum kc_status print_json(const struct inventory *inventory)
{
	CLEANUP(kc_value_freep) struct kc_value *items = NULL;

	TRY(inventory_to_value(inventory, &items));
	return page_json(items);
}

static enum kc_status print_list(const struct context *context, const struct listing *listing,
				 bool is_more)
{
	if (listing->inventory.n_items > 0)
		inventory_print(&listing->inventory, stdout, context->has_color);
	else if (!is_more)
		(void)puts("There is no password. Keep one: keycask password set SERVICE ACCOUNT");
	TRY(page_finish());
	if (is_more)
		(void)fputs("Others are shown to whoever agrees to it: keycask password list "
			    "--ask\n",
			    stderr);
	return KC_OK;
}

static enum kc_status run_list(struct context *context, char **words, int n_words)
{
	CLEANUP(listing_done) struct listing listing = {.ui = KC_AUTHENTICATION_UI_SKIP};
	bool asks = false;
	bool no_prompt = false;
	const struct option_row rows[] = {{"group", OPTION_TEXT, &listing.group},
					  {"ask", OPTION_FLAG, &asks},
					  {"no-prompt", OPTION_FLAG, &no_prompt}};

	TRY(options_parse(context, rows, ARRAY_LEN(rows), words, &n_words));
	if (context->wants_help)
		return KC_OK;
	TRY(options_no_words(context, words, n_words));
	if (asks && no_prompt)
		return usage_error(context, "--ask and --no-prompt contradict each other");
	if (asks)
		listing.ui = KC_AUTHENTICATION_UI_ALLOW;
	TRY(unlocking_run(!no_prompt, collect, &listing));
	inventory_passwords_sort(&listing.inventory);
	keychain_note_print();
	if (context->json)
		return print_json(&listing.inventory);
	return print_list(context, &listing, !asks && are_some_left_out(&listing));
}

const struct command cmd_password_get = {
	.name = "password get",
	.arguments = "SERVICE|--server HOST [ACCOUNT]",
	.summary = "print a password",
	.help = "Prints the password alone: on a terminal with a newline behind it, otherwise "
		"just\n"
		"its bytes, as it was set. SERVICE may also be a server, a label, or the "
		"persistent\n"
		"reference that keycask password list --json gives. When several match, none is "
		"printed\n"
		"and all are listed. With --json everything that is known of it, value_data in "
		"base64.\n"
		"\n" PASSWORD_NAME_HELP,
	.run = run_get,
};

const struct command cmd_password_list = {
	.name = "password list",
	.arguments = "[--group GROUP] [--ask]",
	.summary = "whose passwords there are, not what they are",
	.help = "  --group GROUP   of this access group\n"
		"  --ask           also those that are shown only to somebody who agrees: asks for "
		"each\n"
		"  --no-prompt     fail rather than ask for the keychain's password\n",
	.run = run_list,
};
