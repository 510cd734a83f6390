/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* keycask key export: the public half of a key, with or without a certificate. */
#include <stdio.h>

#include <keycask/key.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "frontends/cli/file_io.h"
#include "frontends/cli/options.h"
#include "frontends/cli/page.h"
#include "frontends/cli/pem.h"
#include "frontends/cli/resolve.h"
#include "frontends/owned.h"

struct arguments {
	const char *key;
	const char *out;
	bool is_pem;
	bool is_der;
	bool is_raw;
};

static enum kc_status fetch(const struct kc_dictionary *item, bool is_raw,
			    struct kc_bytes *ret_data)
{
	CLEANUP(kc_key_freep) struct kc_key *key = NULL;
	CLEANUP(kc_key_freep) struct kc_key *public_key = NULL;

	TRY(kc_key_from_persistent_ref(kc_dictionary_data(item, INVENTORY_REFERENCE), &key));
	if (!is_raw)
		return kc_key_copy_public_info(key, ret_data);
	TRY(kc_key_copy_public(key, &public_key));
	return kc_key_copy_external_representation(public_key, ret_data);
}

static enum kc_status deliver(const struct context *context, const struct arguments *arguments,
			      struct kc_view data)
{
	CLEANUP(bytes_done) struct bytes pem = BYTES_INIT(FILE_IO_MAX);

	if (context->json && !arguments->out)
		return page_json_take(KC_DICTIONARY({"public_key", KC_DATA(data)}));
	if (!arguments->is_der && !arguments->is_raw) {
		TRY(pem_put("PUBLIC KEY", data, &pem));
		data = bytes_view(&pem);
	}
	TRY(file_io_write(arguments->out, data));
	if (context->json && !file_io_is_standard(arguments->out))
		return page_json_take(KC_DICTIONARY({"path", KC_TEXT(arguments->out)}));
	return KC_OK;
}

static enum kc_status export_key(struct context *context, const struct arguments *arguments)
{
	CLEANUP(kc_dictionary_freep) struct kc_dictionary *item = NULL;
	CLEANUP(kc_bytes_free) struct kc_bytes data = {NULL, 0};

	TRY(resolve_item(context, arguments->key, RESOLVE_KEY, &item));
	TRY(fetch(item, arguments->is_raw, &data));
	return deliver(context, arguments, view_of(data.data, data.len));
}

static enum kc_status run(struct context *context, char **words, int n_words)
{
	struct arguments arguments = {.key = NULL};
	const char *name = NULL;
	const struct option_row rows[] = {{"key", OPTION_TEXT, &arguments.key},
					  {"out", OPTION_TEXT, &arguments.out},
					  {"pem", OPTION_FLAG, &arguments.is_pem},
					  {"der", OPTION_FLAG, &arguments.is_der},
					  {"raw", OPTION_FLAG, &arguments.is_raw}};

	TRY(options_parse(context, rows, ARRAY_LEN(rows), words, &n_words));
	if (context->wants_help)
		return KC_OK;
	TRY(options_one_word(context, "the key", !arguments.key, words, n_words, &name));
	if (arguments.key && name)
		return usage_error(context, "two keys: '%s' and '%s'", arguments.key, name);
	if (arguments.is_pem + arguments.is_der + arguments.is_raw > 1)
		return usage_error(context, "--pem, --der and --raw exclude each other");
	if (name)
		arguments.key = name;
	return export_key(context, &arguments);
}

const struct command cmd_key_export = {
	.name = "key export",
	.arguments = "KEY|--key KEY [--pem|--der|--raw] [--out FILE]",
	.summary = "the public half of a key",
	.help = "KEY is named as for keycask sign, and needs no certificate. Needs no PIN. The "
		"private\n"
		"half stays on the token.\n"
		"\n"
		"  --pem        BEGIN PUBLIC KEY (the default)\n"
		"  --der        the same as bytes: SubjectPublicKeyInfo\n"
		"  --raw        RSAPublicKey of PKCS#1, or the point 04 X Y\n"
		"  --out FILE   write it there\n",
	.run = run,
};
