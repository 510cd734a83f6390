/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* keycask import: what a file holds becomes items of the keychain. */
#include <stdio.h>
#include <string.h>

#include <keycask/item.h>
#include <keycask/key.h>
#include <keycask/names.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "frontends/cli/file_io.h"
#include "frontends/cli/options.h"
#include "frontends/cli/page.h"
#include "frontends/cli/unlocking.h"

struct arguments {
	const char *path;
	const char *label;
	const char *access_group;
	const char *format;
	int passphrase_fd;
	bool is_extractable;
	bool no_prompt;
};

struct importing {
	const struct arguments *arguments;
	struct bytes data;
	struct secret passphrase;
	struct kc_dictionary *attributes;
	struct kc_value *items;
};

static void importing_done(struct importing *importing)
{
	bytes_done(&importing->data);
	secret_done(&importing->passphrase);
	importing->attributes = kc_dictionary_free(importing->attributes);
	importing->items = kc_value_free(importing->items);
}

/* --- what goes in ---------------------------------------------------------------------------- */

static enum kc_status put_attributes(struct importing *importing)
{
	const struct arguments *arguments = importing->arguments;

	importing->attributes = kc_dictionary_new(NULL, 0);
	REQUIRE(importing->attributes, KC_ERR_ALLOCATE, "out of memory");
	if (arguments->label)
		TRY(kc_dictionary_set(importing->attributes, KC_ATTR_LABEL,
				      KC_TEXT(arguments->label)));
	if (arguments->access_group)
		TRY(kc_dictionary_set(importing->attributes, KC_ATTR_ACCESS_GROUP,
				      KC_TEXT(arguments->access_group)));
	if (arguments->is_extractable)
		TRY(kc_dictionary_set(importing->attributes, KC_ATTR_IS_EXTRACTABLE, KC_TRUE));
	return KC_OK;
}

static enum kc_status read_all(struct importing *importing)
{
	const struct arguments *arguments = importing->arguments;

	TRY(put_attributes(importing));
	if (arguments->passphrase_fd >= 0)
		TRY(file_io_read_pin(arguments->passphrase_fd, &importing->passphrase));
	return file_io_read(arguments->path, &importing->data);
}

static enum kc_status import(void *userdata)
{
	struct importing *importing = userdata;
	struct kc_options options = KC_OPTIONS_INIT;
	struct kc_import how = KC_IMPORT_INIT;

	if (importing->arguments->no_prompt)
		options.interaction = KC_INTERACTION_FAIL;
	how.options = &options;
	how.format = importing->arguments->format;
	how.attributes = importing->attributes;
	how.passphrase = secret_view(&importing->passphrase);
	return kc_item_import(bytes_view(&importing->data), &how, &importing->items);
}

/* --- what came of it ------------------------------------------------------------------------- */

static void say_item(const struct kc_dictionary *item)
{
	const char *item_class = kc_dictionary_text(item, KC_CLASS);
	const char *label = kc_dictionary_text(item, KC_ATTR_LABEL);
	CLEANUP(freep) char *safe = page_safe(label ? label : "(no label)");
	bool is_identity = strcmp(item_class, KC_CLASS_IDENTITY) == 0;

	(void)printf("%-9s  %-11s  %s%s\n",
		     kc_dictionary_flag(item, KC_IS_NEW, false) ? "added" : "was there", item_class,
		     safe, is_identity ? " (certificate and key)" : "");
}

/* Whoever imports a key from a file may want to know what is left to do. */
static void say_all(const struct importing *importing)
{
	size_t n = kc_value_count(importing->items);
	bool has_key = false;

	for (size_t i = 0; i < n; i++) {
		const struct kc_dictionary *item =
			kc_value_dictionary(kc_value_at(importing->items, i));

		say_item(item);
		has_key |= strcmp(kc_dictionary_text(item, KC_CLASS), KC_CLASS_CERTIFICATE) != 0 &&
			   kc_dictionary_flag(item, KC_IS_NEW, false);
	}
	if (has_key && !file_io_is_standard(importing->arguments->path))
		(void)fputs("The file still holds the key: keep it safe, or delete it.\n", stderr);
}

static enum kc_status run(struct context *context, char **words, int n_words)
{
	struct arguments arguments = {.passphrase_fd = -1};
	CLEANUP(importing_done)
	struct importing importing = {.arguments = &arguments, .data = BYTES_INIT(FILE_IO_MAX)};
	const struct option_row rows[] = {
		{"label", OPTION_TEXT, &arguments.label},
		{"group", OPTION_TEXT, &arguments.access_group},
		{"format", OPTION_TEXT, &arguments.format},
		{"extractable", OPTION_FLAG, &arguments.is_extractable},
		{"passphrase-fd", OPTION_NUMBER, &arguments.passphrase_fd},
		{"no-prompt", OPTION_FLAG, &arguments.no_prompt},
	};

	TRY(options_parse(context, rows, ARRAY_LEN(rows), words, &n_words));
	if (context->wants_help)
		return KC_OK;
	TRY(options_one_word(context, "FILE", true, words, n_words, &arguments.path));
	TRY(read_all(&importing));
	TRY(unlocking_run(!arguments.no_prompt, import, &importing));
	if (context->json)
		return page_json(importing.items);
	say_all(&importing);
	return page_finish();
}

const struct command cmd_import = {
	.name = "import",
	.arguments = "[--label LABEL] [--extractable] [--group GROUP] [--format FORMAT]\n"
		     "                   [--passphrase-fd N] [--no-prompt] FILE",
	.summary = "add the keys and certificates of a file to the keychain",
	.help = "PKCS#12 (.p12, .pfx); private keys in PKCS#8, encrypted or not, PKCS#1 or SEC 1,\n"
		"or OpenSSH's (~/.ssh/id_ed25519) without a passphrase; public keys; "
		"certificates,\n"
		"alone or in PKCS#7 (.p7b); in DER or PEM, and PEM with several of these. What "
		"it is\n"
		"the file tells; \"-\" is standard input. All of it is added, or nothing; what is "
		"there\n"
		"already stays as it is. Private keys do not leave the keychain again, unless\n"
		"--extractable says so.\n"
		"\n"
		"  --label LABEL      what keys and their certificates are called, instead of as "
		"the\n"
		"                     file or the certificate says\n"
		"  --extractable      the keys can be exported again\n"
		"  --group GROUP      the access group that they are for\n"
		"  --format FORMAT    refuse anything else: pkcs12, pkcs7, pkcs8, pem, der\n"
		"  --passphrase-fd N  read the file's passphrase from descriptor N; otherwise a "
		"person\n"
		"                     is asked when there is one\n"
		"  --no-prompt        fail rather than ask a person\n",
	.run = run,
};
