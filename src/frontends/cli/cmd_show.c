/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* keycask show: everything that is known of one item. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <keycask/certificate.h>
#include <keycask/item.h>
#include <keycask/text.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "frontends/cli/options.h"
#include "frontends/cli/page.h"
#include "frontends/cli/pkcs11_uri.h"
#include "frontends/cli/resolve.h"
#include "frontends/owned.h"

enum {
	HEX_LONGEST = 32, /* longer data is shown as base64, which --json and --key take */
	VALUE_MAX = 1024,
};

/* JSON's form, without the quotes around a text. */
static char *as_json(const struct kc_value *value)
{
	char *text = NULL;
	size_t len = 0;

	if (kc_value_to_json(value, &text) != KC_OK)
		return NULL;
	len = strlen(text);
	if (len >= 2 && text[0] == '"') {
		memmove(text, text + 1, len - 2);
		text[len - 2] = '\0';
	}
	return text;
}

static char *as_text(const char *name, const struct kc_value *value)
{
	struct kc_view data = kc_value_data(value);

	if (kc_value_text(value))
		return kc_text_for_display(kc_value_text(value), VALUE_MAX);
	if (kc_value_type(value) == KC_TYPE_FLAG)
		return strdup(kc_value_flag(value, false) ? "yes" : "no");
	if (data.len > 0 && data.len <= HEX_LONGEST && strcmp(name, INVENTORY_REFERENCE) != 0)
		return kc_text_hex(data);
	return as_json(value);
}

/*
 * Of an item that is a certificate or has one, what it says, with names as people read them. NULL:
 * nobody says it, so names remain bytes; nobody is asked for a yes for their sake.
 */
static struct kc_certificate *certificate_of(const struct kc_dictionary *item)
{
	CLEANUP(kc_dictionary_freep)
	struct kc_dictionary *query = KC_DICTIONARY(
		{KC_CLASS, KC_TEXT(kc_dictionary_text(item, KC_CLASS))},
		{KC_VALUE_PERSISTENT_REF, KC_DATA(kc_dictionary_data(item, INVENTORY_REFERENCE))},
		{KC_RETURN_DATA, KC_TRUE},
		{KC_USE_AUTHENTICATION_UI, KC_TEXT(KC_AUTHENTICATION_UI_FAIL)});
	CLEANUP(kc_value_freep) struct kc_value *der = NULL;
	struct kc_certificate *certificate = NULL;

	if (!kc_dictionary_get(item, KC_ATTR_SUBJECT))
		return NULL;
	if (kc_item_copy_matching(query, &der) == KC_OK)
		ignore(kc_certificate_from_data(kc_value_data(der), &certificate));
	error_clear();
	return certificate;
}

/* The value that a person reads for @item's value @i. */
static char *shown(const struct kc_dictionary *item, size_t i,
		   const struct kc_certificate *certificate)
{
	const struct kc_dictionary *said = kc_certificate_attributes(certificate);
	const char *name = kc_dictionary_name_at(item, i);
	const struct kc_value *value = NULL;

	if (said && strcmp(name, KC_ATTR_SUBJECT) == 0)
		value = kc_dictionary_get(said, KC_CERTIFICATE_SUBJECT_TEXT);
	if (said && strcmp(name, KC_ATTR_ISSUER) == 0)
		value = kc_dictionary_get(said, KC_CERTIFICATE_ISSUER_TEXT);
	return as_text(name, value ? value : kc_dictionary_value_at(item, i));
}

static void print_field(const struct context *context, const char *name, int width,
			const char *text)
{
	(void)printf("%s%-*s%s  %s\n", page_style(context->has_color, PAGE_FAINT), width, name,
		     page_style(context->has_color, PAGE_PLAIN), text ? text : "");
}

static enum kc_status print(const struct context *context, const struct kc_dictionary *item)
{
	CLEANUP(kc_certificate_freep) struct kc_certificate *certificate = NULL;
	CLEANUP(freep) char *uri = NULL;
	int width = 0;

	TRY(kc_item_uri(item, &uri));
	certificate = certificate_of(item);
	for (size_t i = 0; i < kc_dictionary_count(item); i++) {
		int len = (int)strlen(kc_dictionary_name_at(item, i));

		width = len > width ? len : width;
	}
	for (size_t i = 0; i < kc_dictionary_count(item); i++) {
		const char *name = kc_dictionary_name_at(item, i);
		CLEANUP(freep) char *text = shown(item, i, certificate);

		print_field(context, name, width, text);
	}
	print_field(context, "uri", width, uri);
	return page_finish();
}

static enum kc_status print_pkcs11(const struct context *context, const struct kc_dictionary *item)
{
	CLEANUP(freep) char *uri = NULL;

	TRY(pkcs11_uri_of_item(item, &uri));
	if (context->json)
		return page_json_take(KC_DICTIONARY({"pkcs11_uri", KC_TEXT(uri)}));
	(void)puts(uri);
	return page_finish();
}

static enum kc_status run(struct context *context, char **words, int n_words)
{
	CLEANUP(kc_dictionary_freep) struct kc_dictionary *item = NULL;
	bool is_pkcs11 = false;
	const char *key = NULL;
	const char *name = NULL;
	const struct option_row rows[] = {
		{"key", OPTION_TEXT, &key},
		{"pkcs11", OPTION_FLAG, &is_pkcs11},
	};

	TRY(options_parse(context, rows, ARRAY_LEN(rows), words, &n_words));
	if (context->wants_help)
		return KC_OK;
	TRY(options_one_word(context, "the item", !key, words, n_words, &name));
	if (key && name)
		return usage_error(context, "two items: '%s' and '%s'", key, name);
	TRY(resolve_item(context, key ? key : name, RESOLVE_ANY, &item));
	if (is_pkcs11)
		return print_pkcs11(context, item);
	if (context->json)
		return page_json_dictionary(item);
	return print(context, item);
}

const struct command cmd_show = {
	.name = "show",
	.arguments = "ITEM|--key ITEM [--pkcs11]",
	.summary = "everything that is known of one item",
	.help = "ITEM is a label, the first digits of a hash (at least 8), a keycask: URI or a\n"
		"persistent reference. persistent_ref and uri are names to store: both stay\n"
		"valid when the token leaves and comes back. With --json names and other data\n"
		"are base64.\n"
		"\n"
		"  --pkcs11        only the pkcs11: URI of its certificate and key, for curl,\n"
		"                  openssl, GnuTLS and others that take one\n",
	.run = run,
};
