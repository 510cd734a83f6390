/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* keycask cert import: one certificate from a file onto a token. */
#include <stdio.h>

#include <keycask/token.h>

#include "base/cleanup.h"
#include "frontends/cli/file_io.h"
#include "frontends/cli/page.h"
#include "frontends/cli/pem.h"
#include "frontends/cli/token_options.h"

#define PEM_CERTIFICATE "CERTIFICATE"

struct cert_import {
	struct token_options token;
	bool may_mismatch;
	bool no_prompt;
	struct bytes der;
	struct kc_bytes reference;
};

static void cert_import_done(struct cert_import *import)
{
	token_options_done(&import->token);
	bytes_done(&import->der);
	kc_bytes_free(&import->reference);
}

/* One, in PEM or DER. What it is, is for the daemon to say. */
static enum kc_status read_certificate(const char *path, struct bytes *der)
{
	CLEANUP(bytes_done) struct bytes content = BYTES_INIT(FILE_IO_MAX);
	CLEANUP(bytes_done) struct bytes second = BYTES_INIT(FILE_IO_MAX);
	struct kc_view text = {NULL, 0};

	TRY(file_io_read(path, &content));
	text = bytes_view(&content);
	if (!pem_is_text(text))
		return bytes_append(der, text);
	TRY(pem_next(PEM_CERTIFICATE, &text, der));
	REQUIRE(der->len > 0, KC_ERR_DECODE, "there is no certificate in '%.200s'", path);
	TRY(pem_next(PEM_CERTIFICATE, &text, &second));
	if (second.len > 0)
		error_set_hint("its chain belongs into the keychain: keycask import");
	REQUIRE(second.len == 0, KC_ERR_PARAM, "there are several certificates in '%.200s'", path);
	return KC_OK;
}

static enum kc_status put(struct cert_import *import)
{
	struct kc_token_place place = KC_TOKEN_PLACE_INIT;
	struct kc_options options = KC_OPTIONS_INIT;

	place.token_object = import->token.object;
	place.may_replace = import->token.may_replace;
	place.may_mismatch = import->may_mismatch;
	token_options_fill(&import->token, import->no_prompt, &options);
	return kc_token_put_certificate(import->token.token_id, bytes_view(&import->der), &place,
					&options, &import->reference);
}

static enum kc_status report(const struct context *context, const struct cert_import *import)
{
	CLEANUP(freep) char *safe = NULL;

	if (context->json)
		return page_json_take(KC_DICTIONARY(
			{"certificate", KC_DATA(((struct kc_view){import->reference.data,
								  import->reference.len}))}));
	safe = page_safe(import->token.token_id);
	(void)printf("The certificate is on the token %s.\n", safe);
	return page_finish();
}

static enum kc_status run(struct context *context, char **words, int n_words)
{
	CLEANUP(cert_import_done)
	struct cert_import import = {.token = TOKEN_OPTIONS_INIT, .der = BYTES_INIT(FILE_IO_MAX)};
	const char *path = NULL;
	const struct option_row rows[] = {TOKEN_OPTIONS_ROWS(&import.token),
					  {"mismatch", OPTION_FLAG, &import.may_mismatch},
					  {"no-prompt", OPTION_FLAG, &import.no_prompt}};

	TRY(options_parse(context, rows, ARRAY_LEN(rows), words, &n_words));
	if (context->wants_help)
		return KC_OK;
	TRY(options_one_word(context, "the file", true, words, n_words, &path));
	if (import.token.administrator_fd == 0 && file_io_is_standard(path))
		return usage_error(context, "the administrator's secret and the certificate cannot "
					    "both come from standard input; name a FILE");
	TRY(token_options_find(&import.token, true));
	TRY(read_certificate(path, &import.der));
	TRY(token_options_read(&import.token));
	TRY(put(&import));
	return report(context, &import);
}

const struct command cmd_cert_import = {
	.name = "cert import",
	.arguments = "FILE|- [--token TOKEN] [--object OBJECT] [--replace] …",
	.summary = "put a certificate onto a token",
	.help = "FILE holds one certificate, in PEM or DER. It goes where its key is.\n"
		"\n"
		"  --token TOKEN      its label, its ID, or 8 digits of that; otherwise the only "
		"one\n"
		"  --object OBJECT    where on the token (9a)\n"
		"  --replace          another certificate that is there is lost\n"
		"  --mismatch         even if the key there is another, or one that nobody "
		"knows\n" TOKEN_OPTIONS_PROOF_HELP
		"  --no-prompt        fail rather than ask a person\n",
	.run = run,
};
