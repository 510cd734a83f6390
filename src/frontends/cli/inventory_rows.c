/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The table of items: which attributes a person wants to see of each, and how. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <keycask/item.h>
#include <keycask/text.h>
#include <keycask/token.h>

#include "base/cleanup.h"
#include "base/try.h"
#include "frontends/cli/inventory.h"
#include "frontends/owned.h"

enum {
	US_PER_SECOND = 1000000,
	HASH_SHOWN = 12,
	INSTANCE_SHOWN = 8,
	CELL_MAX = 128,
};

void inventory_short_token(const char *token_id, char *ret_text, size_t size)
{
	const char *colon = token_id ? strrchr(token_id, ':') : NULL;
	const char *driver = token_id;

	if (!colon) {
		(void)snprintf(ret_text, size, "%s", token_id ? token_id : "");
		return;
	}
	for (const char *at = token_id; at < colon; at++)
		if (*at == '.')
			driver = at + 1;
	(void)snprintf(ret_text, size, "%.*s:%.*s", (int)(colon - driver), driver, INSTANCE_SHOWN,
		       colon + 1);
}

const char *inventory_key_type(const char *type)
{
	static const char *const names[][2] = {
		{KC_KEY_TYPE_NAME_RSA, "RSA"},	       {KC_KEY_TYPE_NAME_EC, "EC"},
		{KC_KEY_TYPE_NAME_ED25519, "Ed25519"}, {KC_KEY_TYPE_NAME_X25519, "X25519"},
		{KC_KEY_TYPE_NAME_ED448, "Ed448"},     {KC_KEY_TYPE_NAME_X448, "X448"},
	};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (strcmp(type, names[i][0]) == 0)
			return names[i][1];
	return type;
}

void inventory_describe_key(const struct kc_dictionary *item, char *ret_text, size_t size)
{
	const char *type = kc_dictionary_text(item, KC_ATTR_KEY_TYPE);
	int bits = (int)kc_dictionary_number(item, KC_ATTR_KEY_SIZE_IN_BITS, 0);

	ret_text[0] = '\0';
	if (!type)
		return;
	if (strcmp(type, KC_KEY_TYPE_NAME_EC) == 0)
		(void)snprintf(ret_text, size, "EC %d", bits); /* of which curve is not told */
	else if (strcmp(type, KC_KEY_TYPE_NAME_RSA) == 0)
		(void)snprintf(ret_text, size, "RSA %d", bits);
	else
		(void)snprintf(ret_text, size, "%s", inventory_key_type(type));
}

static void describe_validity(const struct kc_dictionary *item, char *ret_text, size_t size)
{
	const struct kc_value *until = kc_dictionary_get(item, KC_ATTR_NOT_VALID_AFTER);
	time_t seconds = (time_t)(kc_value_date_us(until, 0) / US_PER_SECOND);
	struct tm fields = {0};

	ret_text[0] = '\0';
	if (kc_value_type(until) != KC_TYPE_DATE || !gmtime_r(&seconds, &fields))
		return;
	(void)snprintf(ret_text, size, "%04d-%02d-%02d%s", fields.tm_year + 1900, fields.tm_mon + 1,
		       fields.tm_mday, seconds < time(NULL) ? " expired" : "");
}

void inventory_describe_token(const struct kc_value *tokens, const char *token_id, char *ret_text,
			      size_t size)
{
	inventory_short_token(token_id, ret_text, size);
	for (size_t i = 0; token_id && i < kc_value_count(tokens); i++) {
		const struct kc_dictionary *token = kc_value_dictionary(kc_value_at(tokens, i));
		const char *id = kc_dictionary_text(token, KC_TOKEN_ID);
		const char *label = kc_dictionary_text(token, KC_TOKEN_LABEL);

		if (id && label && *label && strcmp(id, token_id) == 0)
			(void)snprintf(ret_text, size, "%s", label);
	}
}

static void add_row(const struct kc_dictionary *item, const struct kc_value *tokens,
		    struct table *table)
{
	CLEANUP(freep) char *hash = kc_text_hex(inventory_hash(item));
	char cell[CELL_MAX];

	table_add(table, kc_dictionary_text(item, KC_ATTR_LABEL));
	table_add(table, kc_dictionary_text(item, KC_CLASS));
	inventory_describe_key(item, cell, sizeof(cell));
	table_add(table, cell);
	describe_validity(item, cell, sizeof(cell));
	table_add(table, cell);
	if (hash && strlen(hash) > HASH_SHOWN)
		hash[HASH_SHOWN] = '\0';
	table_add(table, hash);
	inventory_describe_token(tokens, kc_dictionary_text(item, KC_ATTR_TOKEN_ID), cell,
				 sizeof(cell));
	table_add(table, cell);
}

void inventory_print(const struct inventory *inventory, FILE *file, bool has_color)
{
	static const char *const titles[] = {"LABEL", "CLASS", "KEY", "VALID UNTIL",
					     "HASH",  "TOKEN", NULL};
	CLEANUP(table_done) struct table table = table_begin(titles);
	CLEANUP(kc_value_freep) struct kc_value *tokens = NULL;

	if (inventory->n_items > 0 && inventory_is_password(inventory->items[0])) {
		inventory_passwords_print(inventory, file, has_color);
		return;
	}
	table.n_essential = 3;
	/* Without the labels there are still the IDs. */
	ignore(kc_token_list(&tokens) != KC_OK);
	for (size_t i = 0; i < inventory->n_items; i++)
		add_row(inventory->items[i], tokens, &table);
	table_print(&table, file, has_color, table_terminal_width(file));
}
