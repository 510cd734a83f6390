/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The table of passwords: whose they are and where, never what they are. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/cleanup.h"
#include "frontends/cli/inventory.h"

enum {
	US_PER_SECOND = 1000000,
	CELL_MAX = 512,
};

static const char *text_of(const struct kc_dictionary *item, const char *name)
{
	const char *text = kc_dictionary_text(item, name);

	return text ? text : "";
}

/* "github", "https://example.org:8443/path": only what was said of it. */
static void describe_place(const struct kc_dictionary *item, char *ret_text, size_t size)
{
	const char *protocol = text_of(item, KC_ATTR_PROTOCOL);
	const char *path = text_of(item, KC_ATTR_PATH);
	int64_t port = kc_dictionary_number(item, KC_ATTR_PORT, 0);
	char port_text[24] = "";

	if (inventory_is_class(item, KC_CLASS_GENERIC_PASSWORD)) {
		(void)snprintf(ret_text, size, "%s", text_of(item, KC_ATTR_SERVICE));
		return;
	}
	if (port != 0)
		(void)snprintf(port_text, sizeof(port_text), ":%" PRId64, port);
	(void)snprintf(ret_text, size, "%s%s%s%s%s%s", protocol, *protocol ? "://" : "",
		       text_of(item, KC_ATTR_SERVER), port_text, *path && *path != '/' ? "/" : "",
		       path);
}

static void describe_change(const struct kc_dictionary *item, char *ret_text, size_t size)
{
	const struct kc_value *changed = kc_dictionary_get(item, KC_ATTR_MODIFICATION_DATE);
	time_t seconds = (time_t)(kc_value_date_us(changed, 0) / US_PER_SECOND);
	struct tm fields = {0};

	ret_text[0] = '\0';
	if (kc_value_type(changed) == KC_TYPE_DATE && localtime_r(&seconds, &fields))
		(void)strftime(ret_text, size, "%Y-%m-%d", &fields);
}

void inventory_passwords_print(const struct inventory *inventory, FILE *file, bool has_color)
{
	static const char *const titles[] = {"FOR",   "ACCOUNT", "LABEL", "CHANGED",
					     "GROUP", "CLASS",	 NULL};
	CLEANUP(table_done) struct table table = table_begin(titles);
	char cell[CELL_MAX];

	table.n_essential = 2;
	for (size_t i = 0; i < inventory->n_items; i++) {
		const struct kc_dictionary *item = inventory->items[i];

		describe_place(item, cell, sizeof(cell));
		table_add(&table, cell);
		table_add(&table, text_of(item, KC_ATTR_ACCOUNT));
		table_add(&table, text_of(item, KC_ATTR_LABEL));
		describe_change(item, cell, sizeof(cell));
		table_add(&table, cell);
		table_add(&table, text_of(item, KC_ATTR_ACCESS_GROUP));
		table_add(&table, text_of(item, KC_CLASS));
	}
	table_print(&table, file, has_color, table_terminal_width(file));
}

static int compare(const void *a, const void *b)
{
	const struct kc_dictionary *const *left = a;
	const struct kc_dictionary *const *right = b;
	char left_place[CELL_MAX];
	char right_place[CELL_MAX];
	int order = 0;

	describe_place(*left, left_place, sizeof(left_place));
	describe_place(*right, right_place, sizeof(right_place));
	order = strcmp(left_place, right_place);
	if (order == 0)
		order = strcmp(text_of(*left, KC_ATTR_ACCOUNT), text_of(*right, KC_ATTR_ACCOUNT));
	return order;
}

void inventory_passwords_sort(struct inventory *inventory)
{
	if (inventory->n_items > 1)
		qsort(inventory->items, inventory->n_items, sizeof(struct kc_dictionary *),
		      compare);
}
