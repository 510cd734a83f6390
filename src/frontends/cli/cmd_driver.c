/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* keycask driver list, enable, disable: which cards are known. */
#include <stdio.h>

#include <keycask/token.h>

#include "base/cleanup.h"
#include "frontends/cli/options.h"
#include "frontends/cli/page.h"
#include "frontends/cli/table.h"
#include "frontends/owned.h"

static void print(const struct context *context, const struct kc_value *drivers)
{
	static const char *const titles[] = {"DRIVER", "NAME", "TYPE", "STATE", "MANIFEST", NULL};
	CLEANUP(table_done) struct table table = table_begin(titles);

	for (size_t i = 0; i < kc_value_count(drivers); i++) {
		const struct kc_dictionary *driver = kc_value_dictionary(kc_value_at(drivers, i));
		const char *reason = kc_dictionary_text(driver, "reason");
		bool is_enabled = kc_dictionary_flag(driver, "enabled", false);

		table_add(&table, kc_dictionary_text(driver, "class_id"));
		table_add(&table, kc_dictionary_text(driver, "name"));
		table_add(&table, kc_dictionary_text(driver, "type"));
		table_add(&table, reason ? reason : is_enabled ? "enabled" : "disabled");
		table_add(&table, kc_dictionary_text(driver, "path"));
	}
	table_print(&table, stdout, context->has_color, table_terminal_width(stdout));
}

static enum kc_status run_list(struct context *context, char **words, int n_words)
{
	CLEANUP(kc_value_freep) struct kc_value *drivers = NULL;

	TRY(options_parse(context, NULL, 0, words, &n_words));
	if (context->wants_help)
		return KC_OK;
	TRY(options_no_words(context, words, n_words));
	TRY(kc_driver_list(&drivers));
	if (context->json)
		return page_json(drivers);
	if (kc_value_count(drivers) == 0)
		(void)puts("No driver is installed: no card will be known.");
	else
		print(context, drivers);
	return page_finish();
}

const struct command cmd_driver_list = {
	.name = "driver list",
	.arguments = "",
	.summary = "drivers and the cards they know",
	.help = "In the order in which they are asked: an application that several drivers know\n"
		"is served by the first of them. A driver that cannot be used is shown with the\n"
		"reason.\n",
	.run = run_list,
};

static enum kc_status choose(struct context *context, char **words, int n_words, bool is_enabled)
{
	const char *class_id = NULL;

	TRY(options_parse(context, NULL, 0, words, &n_words));
	if (context->wants_help)
		return KC_OK;
	TRY(options_one_word(context, "DRIVER", true, words, n_words, &class_id));
	TRY(kc_driver_enable(class_id, is_enabled));
	if (context->json)
		return page_json_take(KC_DICTIONARY({"class_id", KC_TEXT(class_id)},
						    {"enabled", KC_FLAG(is_enabled)}));
	(void)printf("%s is %s.\n", class_id, is_enabled ? "enabled" : "disabled");
	return page_finish();
}

static enum kc_status run_enable(struct context *context, char **words, int n_words)
{
	return choose(context, words, n_words, true);
}

static enum kc_status run_disable(struct context *context, char **words, int n_words)
{
	return choose(context, words, n_words, false);
}

const struct command cmd_driver_enable = {
	.name = "driver enable",
	.arguments = "DRIVER",
	.summary = "use a driver again",
	.help = "DRIVER is what 'keycask driver list' shows in its first column. Cards that are "
		"present\n"
		"are offered to it at once.\n",
	.run = run_enable,
};

const struct command cmd_driver_disable = {
	.name = "driver disable",
	.arguments = "DRIVER",
	.summary = "do not use a driver",
	.help = "Its tokens leave at once, and it sees no card until 'keycask driver enable'. The\n"
		"choice is kept in drivers.json among your settings.\n",
	.run = run_disable,
};
