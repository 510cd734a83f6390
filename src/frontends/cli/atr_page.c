/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A parsed ATR for people and for programs. */
#include <stdio.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "frontends/cli/atr_page.h"
#include "frontends/cli/card_text.h"
#include "frontends/owned.h"

enum {
	LIST_MAX = 64, /* groups, protocols, records: an ATR has fewer */
};

/* --- for people ------------------------------------------------------------------------------ */

static enum kc_status print_hex(const char *name, struct kc_view data)
{
	CLEANUP(freep) char *hex = NULL;

	TRY(card_text_hex(data, &hex));
	(void)printf("%-18s%s\n", name, hex);
	return KC_OK;
}

static void print_protocols(const struct kc_atr *atr)
{
	(void)printf("%-18s", "Protocols");
	for (size_t i = 0; i < kc_atr_protocol_count(atr); i++)
		(void)printf("%sT=%d", i > 0 ? ", " : "", kc_atr_protocol_at(atr, i));
	(void)puts("");
}

static void print_byte(const char *name, int value)
{
	if (value != KC_ATR_ABSENT)
		(void)printf(" %s %02X", name, (unsigned)value);
}

static void print_group(const struct kc_atr_interface_group *group, size_t index)
{
	(void)printf("  group %-10zu", index);
	if (group->protocol != KC_ATR_ABSENT)
		(void)printf(" T=%d", group->protocol);
	print_byte("TA", group->ta);
	print_byte("TB", group->tb);
	print_byte("TC", group->tc);
	(void)puts("");
}

static void print_groups(const struct kc_atr *atr)
{
	const struct kc_atr_interface_group *group = kc_atr_interface_group_at(atr, 1);

	(void)puts("Interface bytes");
	for (size_t i = 1; group; group = kc_atr_interface_group_at(atr, ++i))
		print_group(group, i);
}

static enum kc_status print_records(const struct kc_atr *atr)
{
	size_t n = 0;
	const struct kc_tlv *records = kc_atr_historical_records(atr, &n);
	char name[32];

	for (size_t i = 0; i < n; i++) {
		(void)snprintf(name, sizeof(name), "  record %u", (unsigned)records[i].tag);
		TRY(print_hex(name, records[i].value));
	}
	return KC_OK;
}

enum kc_status atr_page_print(const struct kc_atr *atr)
{
	TRY(print_hex("ATR", kc_atr_bytes(atr)));
	print_protocols(atr);
	print_groups(atr);
	TRY(print_hex("Historical bytes", kc_atr_historical_bytes(atr)));
	TRY(print_records(atr));
	(void)printf("%-18s%s\n", "Command chaining", kc_atr_can_chain(atr) ? "yes" : "not said");
	(void)printf("%-18s%s\n", "Extended length", kc_atr_can_extend(atr) ? "yes" : "not said");
	return KC_OK;
}

/* --- for programs ---------------------------------------------------------------------------- */

/* What an array is made of, until it has been copied. */
struct list {
	struct kc_literal items[LIST_MAX];
	struct kc_dictionary *dictionaries[LIST_MAX];
	size_t n;
};

static void list_done(struct list *list)
{
	for (size_t i = 0; i < list->n; i++)
		list->dictionaries[i] = kc_dictionary_free(list->dictionaries[i]);
}

/* Takes @dictionary, which is NULL when memory ran out. */
static enum kc_status append(struct list *list, struct kc_dictionary *dictionary)
{
	REQUIRE(dictionary && list->n < LIST_MAX, KC_ERR_ALLOCATE, "out of memory");
	list->dictionaries[list->n] = dictionary;
	list->items[list->n++] = KC_NESTED(dictionary);
	return KC_OK;
}

static enum kc_status set_hex(struct kc_dictionary *dictionary, const char *name,
			      struct kc_view data)
{
	CLEANUP(freep) char *hex = NULL;

	TRY(card_text_hex(data, &hex));
	return kc_dictionary_set(dictionary, name, KC_TEXT(hex));
}

static enum kc_status set_protocols(struct kc_dictionary *dictionary, const struct kc_atr *atr)
{
	struct kc_literal items[LIST_MAX];
	size_t n = kc_atr_protocol_count(atr);

	for (size_t i = 0; i < n; i++)
		items[i] = KC_NUMBER(kc_atr_protocol_at(atr, i));
	return kc_dictionary_set(dictionary, "protocols", KC_ARRAY(items, n));
}

static enum kc_status set_byte(struct kc_dictionary *dictionary, const char *name, int value)
{
	if (value == KC_ATR_ABSENT)
		return KC_OK;
	return kc_dictionary_set(dictionary, name, KC_NUMBER(value));
}

static enum kc_status set_groups(struct kc_dictionary *dictionary, const struct kc_atr *atr)
{
	CLEANUP(list_done) struct list list = {.n = 0};
	const struct kc_atr_interface_group *group = kc_atr_interface_group_at(atr, 1);

	for (size_t i = 1; group; group = kc_atr_interface_group_at(atr, ++i)) {
		struct kc_dictionary *described = kc_dictionary_new(NULL, 0);

		TRY(append(&list, described));
		TRY(kc_dictionary_set(described, "index", KC_NUMBER((int64_t)i)));
		TRY(set_byte(described, "protocol", group->protocol));
		TRY(set_byte(described, "ta", group->ta));
		TRY(set_byte(described, "tb", group->tb));
		TRY(set_byte(described, "tc", group->tc));
	}
	return kc_dictionary_set(dictionary, "interface_groups", KC_ARRAY(list.items, list.n));
}

/* Absent when the historical bytes are not structured so. */
static enum kc_status set_records(struct kc_dictionary *dictionary, const struct kc_atr *atr)
{
	CLEANUP(list_done) struct list list = {.n = 0};
	size_t n = 0;
	const struct kc_tlv *records = kc_atr_historical_records(atr, &n);

	if (!records)
		return KC_OK;
	for (size_t i = 0; i < n; i++) {
		struct kc_dictionary *record = kc_dictionary_new(NULL, 0);

		TRY(append(&list, record));
		TRY(kc_dictionary_set(record, "tag", KC_NUMBER((int64_t)records[i].tag)));
		TRY(set_hex(record, "value", records[i].value));
	}
	return kc_dictionary_set(dictionary, "historical_records", KC_ARRAY(list.items, list.n));
}

static enum kc_status fill(struct kc_dictionary *dictionary, const struct kc_atr *atr)
{
	TRY(set_hex(dictionary, "atr", kc_atr_bytes(atr)));
	TRY(set_protocols(dictionary, atr));
	TRY(set_groups(dictionary, atr));
	TRY(set_hex(dictionary, "historical_bytes", kc_atr_historical_bytes(atr)));
	TRY(set_records(dictionary, atr));
	TRY(kc_dictionary_set(dictionary, "can_chain", KC_FLAG(kc_atr_can_chain(atr))));
	return kc_dictionary_set(dictionary, "can_extend", KC_FLAG(kc_atr_can_extend(atr)));
}

enum kc_status atr_page_json(const struct kc_atr *atr, struct kc_dictionary **ret_atr)
{
	CLEANUP(kc_dictionary_freep) struct kc_dictionary *dictionary = kc_dictionary_new(NULL, 0);

	REQUIRE(dictionary, KC_ERR_ALLOCATE, "out of memory");
	TRY(fill(dictionary, atr));
	*ret_atr = take(dictionary);
	return KC_OK;
}
