/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* keycask export: items of the keychain as a file for other programs. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include <keycask/item.h>
#include <keycask/key.h>
#include <keycask/names.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "frontends/cli/file_io.h"
#include "frontends/cli/options.h"
#include "frontends/cli/page.h"
#include "frontends/cli/resolve.h"
#include "frontends/cli/unlocking.h"

enum {
	ITEMS_MAX = 64,
	FORMAT_SIZE = 16,
};

struct arguments {
	const char *format;
	const char *out;
	int passphrase_fd;
	bool no_prompt;
	bool is_forced;
};

struct exporting {
	const struct arguments *arguments;
	char format[FORMAT_SIZE];
	struct kc_dictionary *items[ITEMS_MAX];
	struct kc_view references[ITEMS_MAX]; /* borrowed from these */
	size_t n_items;
	struct secret passphrase;
	struct kc_bytes data;
};

static void exporting_done(struct exporting *exporting)
{
	for (size_t i = 0; i < exporting->n_items; i++)
		ignore(kc_dictionary_free(exporting->items[i]) != NULL);
	secret_done(&exporting->passphrase);
	kc_bytes_free(&exporting->data);
}

/* --- which format ---------------------------------------------------------------------------- */

static const struct ending {
	const char *ending;
	const char *format;
} endings[] = {
	{".p12", KC_FORMAT_PKCS12}, {".pfx", KC_FORMAT_PKCS12},	   {".pem", KC_FORMAT_PEM},
	{".crt", KC_FORMAT_PEM},    {".der", KC_FORMAT_DER},	   {".cer", KC_FORMAT_DER},
	{".p8", KC_FORMAT_PKCS8},   {".key", KC_FORMAT_PKCS8_PEM},
};

static const char *format_by_name(const char *path)
{
	size_t len = path ? strlen(path) : 0;

	for (size_t i = 0; i < ARRAY_LEN(endings); i++) {
		size_t end_len = strlen(endings[i].ending);

		if (len > end_len && strcasecmp(path + len - end_len, endings[i].ending) == 0)
			return endings[i].format;
	}
	return NULL;
}

/* "pkcs8-pem" as well. */
static enum kc_status choose_format(struct context *context, struct exporting *exporting)
{
	const struct arguments *arguments = exporting->arguments;
	const char *format = arguments->format ? arguments->format : format_by_name(arguments->out);

	if (!format) {
		error_set_hint("--format pkcs12, pkcs8, pkcs8-pem, pem or der; or --out with such "
			       "an ending");
		return usage_error(context, "which format?");
	}
	(void)snprintf(exporting->format, sizeof(exporting->format), "%s", format);
	for (char *at = exporting->format; *at; at++)
		*at = *at == '-' ? '_' : *at;
	return KC_OK;
}

/* --- what is exported ------------------------------------------------------------------------ */

static enum kc_status resolve_all(struct context *context, struct exporting *exporting,
				  char **words, int n_words)
{
	if (n_words == 0)
		return usage_error(context, "the item is missing");
	if (n_words > ITEMS_MAX)
		return usage_error(context, "more than %d items", ITEMS_MAX);
	for (int i = 0; i < n_words; i++) {
		struct kc_dictionary **item = &exporting->items[exporting->n_items];

		TRY(resolve_item(context, words[i], RESOLVE_ANY, item));
		exporting->references[exporting->n_items++] =
			kc_dictionary_data(*item, INVENTORY_REFERENCE);
	}
	return KC_OK;
}

static enum kc_status export_all(void *userdata)
{
	struct exporting *exporting = userdata;
	struct kc_options options = KC_OPTIONS_INIT;
	struct kc_export how = KC_EXPORT_INIT;

	if (exporting->arguments->no_prompt)
		options.interaction = KC_INTERACTION_FAIL;
	how.options = &options;
	how.format = exporting->format;
	how.passphrase = secret_view(&exporting->passphrase);
	return kc_item_export(exporting->references, exporting->n_items, &how, &exporting->data);
}

/* --- where it goes --------------------------------------------------------------------------- */

/* Certificates as text may be looked at; over a shoulder, a key may not. */
static bool is_for_a_terminal(const struct exporting *exporting)
{
	static const char key[] = "PRIVATE KEY-----";

	return strcmp(exporting->format, KC_FORMAT_PEM) == 0 &&
	       !memmem(exporting->data.data, exporting->data.len, key, strlen(key));
}

static enum kc_status deliver(struct context *context, const struct exporting *exporting)
{
	const char *out = exporting->arguments->out;
	struct kc_view data = view_of(exporting->data.data, exporting->data.len);

	if (context->json && file_io_is_standard(out))
		return page_json_take(KC_DICTIONARY({"data", KC_DATA(data)}));
	if (file_io_is_standard(out)) {
		if (isatty(STDOUT_FILENO) && !is_for_a_terminal(exporting))
			error_set_hint("--out FILE writes it to a file that only you can read");
		REQUIRE(!isatty(STDOUT_FILENO) || is_for_a_terminal(exporting), KC_ERR_PARAM,
			"that is nothing for a terminal");
		return file_io_write(NULL, data);
	}
	TRY(file_io_write_private(out, data, exporting->arguments->is_forced));
	if (context->json)
		return page_json_take(KC_DICTIONARY({"path", KC_TEXT(out)}));
	return KC_OK;
}

static enum kc_status run(struct context *context, char **words, int n_words)
{
	struct arguments arguments = {.passphrase_fd = -1};
	CLEANUP(exporting_done) struct exporting exporting = {.arguments = &arguments};
	const struct option_row rows[] = {
		{"format", OPTION_TEXT, &arguments.format},
		{"out", OPTION_TEXT, &arguments.out},
		{"passphrase-fd", OPTION_NUMBER, &arguments.passphrase_fd},
		{"no-prompt", OPTION_FLAG, &arguments.no_prompt},
		{"force", OPTION_FLAG, &arguments.is_forced},
	};

	TRY(options_parse(context, rows, ARRAY_LEN(rows), words, &n_words));
	if (context->wants_help)
		return KC_OK;
	TRY(choose_format(context, &exporting));
	if (!file_io_is_standard(arguments.out))
		TRY(file_io_check_new(arguments.out, arguments.is_forced));
	TRY(resolve_all(context, &exporting, words, n_words));
	if (arguments.passphrase_fd >= 0)
		TRY(file_io_read_pin(arguments.passphrase_fd, &exporting.passphrase));
	TRY(unlocking_run(!arguments.no_prompt, export_all, &exporting));
	return deliver(context, &exporting);
}

const struct command cmd_export = {
	.name = "export",
	.arguments = "[--format FORMAT] [--out FILE] [--force] [--passphrase-fd N]\n"
		     "                   [--no-prompt] ITEM…",
	.summary = "write keys and certificates to a file for other programs",
	.help = "ITEM is an identity, a certificate or a key, named as for keycask show. Only keys "
		"of\n"
		"the keychain that are extractable can be had; what a token has stays there. The "
		"file is\n"
		"readable for you alone. keycask cert export and keycask key export are for what\n"
		"everybody may see.\n"
		"\n"
		"  --format FORMAT    pkcs12: identities, with the certificates of their chains in "
		"the\n"
		"                     keychain; pkcs8, pkcs8-pem: one private key; pem: whatever "
		"they\n"
		"                     are; der: one certificate or public key. Without it FILE's "
		"ending\n"
		"                     tells: .p12 .pfx .p8 .key .pem .crt .der .cer\n"
		"  --out FILE         write it there; standard output, when that is no terminal\n"
		"  --force            replace FILE\n"
		"  --passphrase-fd N  read from descriptor N what the file's private keys are "
		"encrypted\n"
		"                     with. pkcs12 always is; a person is asked. The others are "
		"not\n"
		"                     encrypted without it\n"
		"  --no-prompt        fail rather than ask a person\n",
	.run = run,
};
