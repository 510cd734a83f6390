/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* keycask key import: one key from a file into the keychain, or onto a token. */
#include <keycask/item.h>

#include "base/cleanup.h"
#include "base/secret.h"
#include "frontends/cli/file_io.h"
#include "frontends/cli/key_options.h"
#include "frontends/cli/token_options.h"
#include "frontends/cli/unlocking.h"

struct import {
	struct key_options key;
	const char *type;
	const char *key_class;
	struct token_options token;
	int passphrase_fd; /* -1: none */
	struct secret passphrase;
	struct bytes data;
	struct kc_dictionary *attributes;
	struct kc_key *imported;
};

static void import_done(struct import *import)
{
	secret_done(&import->passphrase);
	token_options_done(&import->token);
	bytes_done(&import->data);
	import->attributes = kc_dictionary_free(import->attributes);
	import->imported = kc_key_free(import->imported);
}

static enum kc_status put_text(struct kc_dictionary *dictionary, const char *name, const char *text)
{
	return text ? kc_dictionary_set(dictionary, name, KC_TEXT(text)) : KC_OK;
}

static enum kc_status prepare(struct context *context, struct import *import)
{
	import->attributes = kc_dictionary_new(NULL, 0);
	REQUIRE(import->attributes, KC_ERR_ALLOCATE, "out of memory");
	TRY(put_text(import->attributes, KC_ATTR_KEY_TYPE, import->type));
	TRY(put_text(import->attributes, KC_ATTR_KEY_CLASS, import->key_class));
	TRY(token_options_find(&import->token, false));
	TRY(token_options_put(&import->token, import->attributes));
	return key_options_put(context, &import->key, import->attributes);
}

static enum kc_status import_key(void *userdata)
{
	struct import *import = userdata;
	struct kc_options options = KC_OPTIONS_INIT;
	enum kc_status status = KC_OK;

	if (import->passphrase_fd >= 0)
		options.passphrase = secret_view(&import->passphrase);
	token_options_fill(&import->token, import->key.no_prompt, &options);
	status = kc_key_import(bytes_view(&import->data), import->attributes, &options,
			       &import->imported);
	if (status == KC_ERR_AUTH_FAILED && import->passphrase_fd < 0 && !import->token.token)
		error_set_hint("say from which descriptor to read it: --passphrase-fd N");
	return status;
}

static enum kc_status check(struct context *context, const struct import *import, const char *path)
{
	if (import->passphrase_fd == 0 && file_io_is_standard(path))
		return usage_error(context, "the passphrase and the key cannot both come from "
					    "standard input; name a FILE");
	if (import->token.administrator_fd >= 0 &&
	    (import->token.administrator_fd == import->passphrase_fd ||
	     (import->token.administrator_fd == 0 && file_io_is_standard(path))))
		return usage_error(context, "the administrator's secret needs a descriptor of its "
					    "own");
	return token_options_check(context, &import->token);
}

static enum kc_status read_input(struct import *import, const char *path)
{
	TRY(file_io_read(path, &import->data));
	TRY(token_options_read(&import->token));
	if (import->passphrase_fd < 0)
		return KC_OK;
	return file_io_read_pin(import->passphrase_fd, &import->passphrase);
}

static enum kc_status run(struct context *context, char **words, int n_words)
{
	CLEANUP(import_done)
	struct import import = {
		.passphrase_fd = -1, .token = TOKEN_OPTIONS_INIT, .data = BYTES_INIT(FILE_IO_MAX)};
	const char *path = NULL;
	const struct option_row rows[] = {KEY_OPTIONS_ROWS(&import.key),
					  TOKEN_OPTIONS_ROWS(&import.token),
					  {"type", OPTION_TEXT, &import.type},
					  {"class", OPTION_TEXT, &import.key_class},
					  {"passphrase-fd", OPTION_NUMBER, &import.passphrase_fd}};

	TRY(options_parse(context, rows, ARRAY_LEN(rows), words, &n_words));
	if (context->wants_help)
		return KC_OK;
	TRY(options_one_word(context, "the file", true, words, n_words, &path));
	TRY(check(context, &import, path));
	TRY(prepare(context, &import));
	TRY(read_input(&import, path));
	TRY(unlocking_run(!import.key.no_prompt, import_key, &import));
	return key_options_report(context, "Imported", &import.key, import.imported);
}

const struct command cmd_key_import = {
	.name = "key import",
	.arguments =
		"FILE|- [--label TEXT] [--passphrase-fd N] [--token TOKEN [--object OBJECT]] …",
	.summary = "put a key into the keychain, or onto a token",
	.help = "FILE holds one key, private or public: PKCS#8, encrypted or not, PKCS#1, SEC 1,\n"
		"SubjectPublicKeyInfo, in PEM or DER, OpenSSH's without a passphrase, or its "
		"bytes.\n"
		"The file is left as it is. Files of several keys and certificates are for "
		"keycask\n"
		"import.\n"
		"\n"
		"  --passphrase-fd N  read what FILE is encrypted with from descriptor N\n"
		"  --type TYPE        rsa, ec, ed25519, x25519, ed448, x448: mandatory for the "
		"bytes\n"
		"                     of the last four, which do not tell\n"
		"  --class CLASS      private or public: mandatory for the same\n"
		"  --token TOKEN      onto a token that takes keys: its label, its ID, or 8 digits "
		"of "
		"that\n"
		"  --object OBJECT    where on the token (9a); otherwise what is free and fits\n"
		"  --replace          a key that is there is lost\n" TOKEN_OPTIONS_PROOF_HELP
			KEY_OPTIONS_HELP,
	.run = run,
};
