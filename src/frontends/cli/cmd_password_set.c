/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * keycask password set: add a password, or change the one that is there. It is added first: whether
 * there is one already is the daemon's answer, so nobody can come between a look and the change.
 */
#include <stdio.h>
#include <string.h>

#include <keycask/item.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "frontends/cli/page.h"
#include "frontends/cli/password_input.h"
#include "frontends/cli/password_name.h"
#include "frontends/cli/requirement.h"
#include "frontends/cli/unlocking.h"
#include "frontends/owned.h"

struct setting {
	struct password_name name;
	const char *label;
	const char *comment;
	struct requirement requirement;
	int fd; /* of the password; -1: none */
	struct kc_dictionary *item;
	struct kc_dictionary *changes;
	bool is_new;
};

static void setting_done(struct setting *setting)
{
	kc_dictionary_freep(&setting->item);
	kc_dictionary_freep(&setting->changes);
}

/* --- dictionaries -------------------------------------------------------------------------- */

static enum kc_status put_text(struct kc_dictionary *dictionary, const char *name, const char *text)
{
	return text ? kc_dictionary_set(dictionary, name, KC_TEXT(text)) : KC_OK;
}

/* What was said of it, apart from its name and its password. */
static enum kc_status put_attributes(struct context *context, const struct setting *setting,
				     struct kc_dictionary *dictionary)
{
	TRY(put_text(dictionary, KC_ATTR_LABEL, setting->label));
	TRY(put_text(dictionary, KC_ATTR_COMMENT, setting->comment));
	return requirement_put(context, &setting->requirement, dictionary);
}

/* Without a label of its own it is called what it is for. */
static enum kc_status put_default_label(const struct setting *setting, struct kc_dictionary *item)
{
	const struct password_name *name = &setting->name;

	return setting->label
		       ? KC_OK
		       : put_text(item, KC_ATTR_LABEL, name->server ? name->server : name->name);
}

static enum kc_status prepare(struct context *context, struct setting *setting)
{
	TRY(password_name_new_item(&setting->name, &setting->item));
	setting->changes = kc_dictionary_new(NULL, 0);
	REQUIRE(setting->changes, KC_ERR_ALLOCATE, "out of memory");
	TRY(put_attributes(context, setting, setting->item));
	TRY(put_attributes(context, setting, setting->changes));
	return put_default_label(setting, setting->item);
}

static enum kc_status read_password(struct setting *setting)
{
	CLEANUP(bytes_done) struct bytes password = BYTES_INIT(PASSWORD_INPUT_MAX);
	CLEANUP(freep) char *what = password_name_describe(setting->item);

	TRY(password_input_read(setting->fd, what, &password));
	TRY(kc_dictionary_set(setting->item, KC_VALUE_DATA, KC_DATA(bytes_view(&password))));
	return kc_dictionary_set(setting->changes, KC_VALUE_DATA, KC_DATA(bytes_view(&password)));
}

/* --- the change ---------------------------------------------------------------------------- */

static enum kc_status update(const struct setting *setting)
{
	CLEANUP(kc_dictionary_freep) struct kc_dictionary *query = NULL;

	TRY(password_name_new_query(&setting->name, &query));
	TRY(password_name_put_default_group(query));
	return kc_item_update(query, setting->changes);
}

static enum kc_status add_or_update(void *userdata)
{
	struct setting *setting = userdata;
	enum kc_status status = kc_item_add(setting->item, NULL);

	setting->is_new = status != KC_ERR_DUPLICATE_ITEM;
	return setting->is_new ? status : update(setting);
}

static enum kc_status report(const struct context *context, const struct setting *setting)
{
	CLEANUP(freep) char *what = NULL;

	if (context->json)
		return page_json_take(KC_DICTIONARY({"is_new", KC_FLAG(setting->is_new)}));
	what = password_name_describe(setting->item);
	(void)printf("The password of %s is %s.\n", what, setting->is_new ? "saved" : "changed");
	return page_finish();
}

static enum kc_status run_set(struct context *context, char **words, int n_words)
{
	CLEANUP(setting_done)
	struct setting setting = {.name = PASSWORD_NAME_INIT, .fd = -1};
	const struct option_row rows[] = {
		PASSWORD_NAME_ROWS(&setting.name),
		{"label", OPTION_TEXT, &setting.label},
		{"comment", OPTION_TEXT, &setting.comment},
		{"accessible", OPTION_TEXT, &setting.requirement.accessible},
		{"require", OPTION_TEXT, &setting.requirement.require},
		{"password-fd", OPTION_NUMBER, &setting.fd}};

	TRY(options_parse(context, rows, ARRAY_LEN(rows), words, &n_words));
	if (context->wants_help)
		return KC_OK;
	TRY(password_name_read(context, words, n_words, &setting.name));
	TRY(requirement_check(context, &setting.requirement));
	TRY(prepare(context, &setting));
	TRY(read_password(&setting));
	TRY(unlocking_run(!setting.name.no_prompt, add_or_update, &setting));
	return report(context, &setting);
}

const struct command cmd_password_set = {
	.name = "password set",
	.arguments = "SERVICE|--server HOST [ACCOUNT] [--password-fd N] …",
	.summary = "keep a password, or change it",
	.help = "The password is asked for twice, on a terminal; otherwise it is read from "
		"standard\n"
		"input up to its end, without the newline that ends it. When there is one of this "
		"name\n"
		"it is changed. Without ACCOUNT it is the password that has no account.\n"
		"\n"
		"  keycask password set github jo\n"
		"  pwgen -s 20 1 | keycask password set --server mail.example.org jo --protocol "
		"imap\n"
		"\n" PASSWORD_NAME_HELP "  --password-fd N    read the password from descriptor N\n"
		"  --label TEXT       what keycask password list calls it; SERVICE or HOST "
		"otherwise\n"
		"  --comment TEXT     a note, which is no secret to whoever may read the password\n"
		"  --accessible WHEN  when_unlocked (otherwise), after_first_unlock, always; with\n"
		"                     _this_device_only it stays out of backups;\n"
		"                     when_passcode_set_this_device_only\n"
		"  --require WHAT     each time it is read: presence (somebody agrees), passcode "
		"(types "
		"the\n"
		"                     keychain's password), application-password (types one of its "
		"own)\n",
	.run = run_set,
};
