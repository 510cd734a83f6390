/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* keycask verify: is this the signature of that key? */
#include <stdio.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "frontends/cli/file_io.h"
#include "frontends/cli/message.h"
#include "frontends/cli/options.h"
#include "frontends/cli/page.h"
#include "frontends/cli/signer.h"

struct arguments {
	const char *key;
	const char *algorithm;
	const char *signature;
	const char *in;
};

static enum kc_status check(struct context *context, const struct arguments *arguments)
{
	CLEANUP(signer_done) struct signer signer = {.key = NULL};
	CLEANUP(bytes_done) struct bytes signature = BYTES_INIT(FILE_IO_MAX);
	CLEANUP(message_done) struct message message = {.data = BYTES_INIT(0)};

	TRY(signer_find(context, arguments->key, arguments->algorithm, RESOLVE_KEY, &signer));
	TRY(file_io_read(arguments->signature, &signature));
	TRY(message_read(arguments->in, signer.algorithm, &message));
	return kc_key_verify(signer.key, message.algorithm, bytes_view(&message.data),
			     bytes_view(&signature));
}

/* A signature that does not match is an answer, not a failure; but scripts ask by exit status. */
static enum kc_status answer(struct context *context, bool is_valid)
{
	bool has_color = context->has_color;

	context->exit_status = is_valid ? CLI_EXIT_OK : CLI_EXIT_FAILED;
	if (context->json)
		return page_json_take(KC_DICTIONARY({"valid", KC_FLAG(is_valid)}));
	(void)printf("%s%s%s\n", page_style(has_color, is_valid ? PAGE_GOOD : PAGE_BAD),
		     is_valid ? "The signature is valid." : "The signature does NOT match.",
		     page_style(has_color, PAGE_PLAIN));
	return page_finish();
}

static enum kc_status run(struct context *context, char **words, int n_words)
{
	struct arguments arguments = {.key = NULL};
	const struct option_row rows[] = {{"key", OPTION_TEXT, &arguments.key},
					  {"algorithm", OPTION_TEXT, &arguments.algorithm},
					  {"signature", OPTION_TEXT, &arguments.signature}};
	enum kc_status status = KC_OK;

	TRY(options_parse(context, rows, ARRAY_LEN(rows), words, &n_words));
	if (context->wants_help)
		return KC_OK;
	TRY(options_one_word(context, "the file", false, words, n_words, &arguments.in));
	if (!arguments.signature)
		return usage_error(context, "--signature FILE is missing");
	status = check(context, &arguments);
	if (status == KC_OK || status == KC_ERR_VERIFY_FAILED)
		return answer(context, status == KC_OK);
	return status;
}

const struct command cmd_verify = {
	.name = "verify",
	.arguments = "[--key KEY] --signature FILE [--algorithm A] [FILE]",
	.summary = "check a signature",
	.help = "Checks the signature over FILE, or standard input, with the public key of KEY.\n"
		"Needs no PIN. Exit status 0: it is valid; 1: it is not.\n" SIGNER_SIGNATURES_HELP,
	.run = run,
};
