/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* keycask sign: a file's signature by a key on a token. */
#include "base/bytes.h"
#include "base/cleanup.h"
#include "frontends/cli/message.h"
#include "frontends/cli/output.h"
#include "frontends/cli/pin_options.h"
#include "frontends/cli/resolve.h"
#include "frontends/cli/signer.h"

struct arguments {
	const char *key;
	const char *algorithm;
	const char *in;
	const char *out;
	struct pin_options pin;
};

static void arguments_done(struct arguments *arguments)
{
	pin_options_done(&arguments->pin);
}

static enum kc_status sign(struct context *context, struct arguments *arguments)
{
	CLEANUP(signer_done) struct signer signer = {.key = NULL};
	CLEANUP(message_done) struct message message = {.data = BYTES_INIT(0)};
	CLEANUP(kc_bytes_free) struct kc_bytes signature = {NULL, 0};
	struct kc_options options;

	TRY(pin_options_read(&arguments->pin, &options));
	TRY(signer_find(context, arguments->key, arguments->algorithm, RESOLVE_SIGNER, &signer));
	TRY(message_read(arguments->in, signer.algorithm, &message));
	signer_announce(&signer);
	TRY(kc_key_sign(signer.key, message.algorithm, bytes_view(&message.data), &options,
			&signature));
	return output_deliver(context, arguments->out,
			      &(struct output){"signature", view_of(signature.data, signature.len),
					       signer.algorithm});
}

static enum kc_status run(struct context *context, char **words, int n_words)
{
	CLEANUP(arguments_done) struct arguments arguments = {.pin = PIN_OPTIONS_INIT};
	const char *file = NULL;
	const struct option_row rows[] = {{"key", OPTION_TEXT, &arguments.key},
					  {"algorithm", OPTION_TEXT, &arguments.algorithm},
					  {"in", OPTION_TEXT, &arguments.in},
					  {"out", OPTION_TEXT, &arguments.out},
					  PIN_OPTIONS_ROWS(&arguments.pin)};

	TRY(options_parse(context, rows, ARRAY_LEN(rows), words, &n_words));
	if (context->wants_help)
		return KC_OK;
	TRY(options_one_word(context, "the file", false, words, n_words, &file));
	if (file && arguments.in)
		return usage_error(context, "two files to sign: '%s' and '%s'", file, arguments.in);
	if (file)
		arguments.in = file;
	TRY(pin_options_check_input(context, &arguments.pin, "message", arguments.in));
	return sign(context, &arguments);
}

const struct command cmd_sign = {
	.name = "sign",
	.arguments = "[--key KEY] [--algorithm A] [--pin-fd N] [--out FILE] [FILE]",
	.summary = "sign a file",
	.help = "Signs FILE, or standard input. KEY is a label, the first digits of a hash (at "
		"least\n"
		"8), a keycask: URI or a persistent reference; it may be left out when there is "
		"just\n"
		"one key that can sign. The signature goes to standard output: as bytes, or as\n"
		"base64 on a terminal.\n"
		"\n"
		"  --algorithm A    default: ecdsa_signature_message_x962_sha256,\n"
		"                   rsa_signature_message_pkcs1v15_sha256 or\n"
		"                   eddsa_signature_message_ed25519, by the type of the key\n"
		"  --out FILE       write the signature there\n"
		"  --in FILE        the same as FILE\n" PIN_OPTIONS_HELP SIGNER_SIGNATURES_HELP,
	.run = run,
};
