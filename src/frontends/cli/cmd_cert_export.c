/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* keycask cert export: a certificate as PEM (RFC 7468) or DER. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <keycask/item.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "frontends/cli/file_io.h"
#include "frontends/cli/options.h"
#include "frontends/cli/page.h"
#include "frontends/cli/pem.h"
#include "frontends/cli/resolve.h"
#include "frontends/owned.h"

enum {
	PATH_SIZE = 1024,
	NAME_SIZE = 100,
};

/* Of an identity it is the certificate with its hash on its token. */
static enum kc_status fetch(const struct kc_dictionary *item, struct kc_value **ret_der)
{
	CLEANUP(kc_dictionary_freep)
	struct kc_dictionary *query =
		KC_DICTIONARY({KC_CLASS, KC_TEXT(KC_CLASS_CERTIFICATE)},
			      {KC_ATTR_PUBLIC_KEY_HASH, KC_DATA(inventory_hash(item))},
			      {KC_RETURN_DATA, KC_TRUE});
	const char *token_id = kc_dictionary_text(item, KC_ATTR_TOKEN_ID);

	if (token_id)
		TRY(kc_dictionary_set(query, KC_ATTR_TOKEN_ID, KC_TEXT(token_id)));
	return kc_item_copy_matching(query, ret_der);
}

/* Of what was named, which is there: what is missing is the certificate. */
static enum kc_status fetch_or_explain(const struct kc_dictionary *item, struct kc_value **ret_der)
{
	const char *label = kc_dictionary_text(item, KC_ATTR_LABEL);
	enum kc_status status = fetch(item, ret_der);

	if (status != KC_ERR_ITEM_NOT_FOUND || !inventory_is_key(item))
		return status;
	error_clear();
	error_set_hint("its public key can be had with: keycask key export");
	return fail(status, "'%s' has no certificate", label ? label : "this key");
}

/* Letters, digits and ".-_@" of the label, other characters as "-"; never hidden, never empty. */
static void put_file_name(const char *label, char *ret_name, size_t size)
{
	size_t len = 0;

	for (const char *at = label ? label : ""; *at && len + 1 < size; at++) {
		bool is_safe = (*at >= 'A' && *at <= 'Z') || (*at >= 'a' && *at <= 'z') ||
			       (*at >= '0' && *at <= '9') || strchr(".-_@", *at);
		char c = is_safe ? *at : '-';

		if (len == 0 && (c == '.' || c == '-'))
			continue;
		if (c == '-' && len > 0 && ret_name[len - 1] == '-')
			continue;
		ret_name[len++] = c;
	}
	while (len > 0 && ret_name[len - 1] == '-')
		len--;
	ret_name[len] = '\0';
	if (len == 0)
		(void)snprintf(ret_name, size, "certificate");
}

static enum kc_status put_path(const char *out, const struct kc_dictionary *item, bool is_der,
			       char *ret_path, size_t size)
{
	struct stat info;
	char name[NAME_SIZE];
	int len = 0;

	if (stat(out, &info) != 0 || !S_ISDIR(info.st_mode)) {
		len = snprintf(ret_path, size, "%s", out);
	} else {
		put_file_name(kc_dictionary_text(item, KC_ATTR_LABEL), name, sizeof(name));
		len = snprintf(ret_path, size, "%s%s%s.%s", out,
			       out[strlen(out) - 1] == '/' ? "" : "/", name,
			       is_der ? "der" : "pem");
	}
	REQUIRE(len >= 0 && (size_t)len < size, KC_ERR_PARAM, "the path is too long");
	return KC_OK;
}

static enum kc_status deliver(const struct context *context, const char *out,
			      const struct kc_dictionary *item, bool is_der, struct kc_view content)
{
	CLEANUP(freep) char *safe = NULL;
	char path[PATH_SIZE];

	if (!out || strcmp(out, "-") == 0)
		return file_io_write(NULL, content);
	TRY(put_path(out, item, is_der, path, sizeof(path)));
	TRY(file_io_write(path, content));
	if (context->json)
		return page_json_take(KC_DICTIONARY({"path", KC_TEXT(path)}));
	safe = page_safe(path);
	(void)printf("%s\n", safe);
	return page_finish();
}

static enum kc_status export_item(const struct context *context, const struct kc_dictionary *item,
				  bool is_der, const char *out)
{
	CLEANUP(bytes_done) struct bytes pem = BYTES_INIT(FILE_IO_MAX);
	CLEANUP(kc_value_freep) struct kc_value *der = NULL;

	TRY(fetch_or_explain(item, &der));
	if (context->json && !out)
		return page_json_take(KC_DICTIONARY({"certificate", KC_DATA(kc_value_data(der))}));
	if (is_der)
		return deliver(context, out, item, is_der, kc_value_data(der));
	TRY(pem_put("CERTIFICATE", kc_value_data(der), &pem));
	return deliver(context, out, item, is_der, bytes_view(&pem));
}

static enum kc_status run(struct context *context, char **words, int n_words)
{
	CLEANUP(kc_dictionary_freep) struct kc_dictionary *item = NULL;
	const char *key = NULL;
	const char *name = NULL;
	const char *out = NULL;
	bool is_der = false;
	bool is_pem = false;
	const struct option_row rows[] = {{"key", OPTION_TEXT, &key},
					  {"out", OPTION_TEXT, &out},
					  {"der", OPTION_FLAG, &is_der},
					  {"pem", OPTION_FLAG, &is_pem}};

	TRY(options_parse(context, rows, ARRAY_LEN(rows), words, &n_words));
	if (context->wants_help)
		return KC_OK;
	TRY(options_one_word(context, "the item", !key, words, n_words, &name));
	if (key && name)
		return usage_error(context, "two items: '%s' and '%s'", key, name);
	if (is_der && is_pem)
		return usage_error(context, "--pem and --der exclude each other");
	TRY(resolve_item(context, key ? key : name, RESOLVE_ANY, &item));
	return export_item(context, item, is_der, out);
}

const struct command cmd_cert_export = {
	.name = "cert export",
	.arguments = "ITEM|--key ITEM [--pem|--der] [--out FILE|FOLDER]",
	.summary = "a certificate as PEM or DER",
	.help = "ITEM is an identity, a certificate or a key that has one, named as for keycask "
		"show.\n"
		"\n"
		"  --pem     text (the default)\n"
		"  --der     bytes\n"
		"  --out P   write to the file P, or into the folder P under a name made of the "
		"label\n",
	.run = run,
};
