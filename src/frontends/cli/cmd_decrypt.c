/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* keycask decrypt: what somebody has encrypted to a key on a token. */
#include "base/bytes.h"
#include "base/cleanup.h"
#include "frontends/cli/file_io.h"
#include "frontends/cli/output.h"
#include "frontends/cli/pin_options.h"
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

static enum kc_status decrypt(struct context *context, struct arguments *arguments)
{
	CLEANUP(signer_done) struct signer signer = {.key = NULL};
	CLEANUP(bytes_done) struct bytes data = BYTES_INIT(FILE_IO_MAX);
	CLEANUP(kc_bytes_free) struct kc_bytes plaintext = {NULL, 0};
	struct kc_options options;

	TRY(pin_options_read(&arguments->pin, &options));
	TRY(signer_find(context, arguments->key, arguments->algorithm, RESOLVE_DECRYPTER, &signer));
	TRY(file_io_read(arguments->in, &data));
	signer_fit(&signer, data.len, true);
	signer_announce(&signer);
	TRY(kc_key_decrypt(signer.key, signer.algorithm, bytes_view(&data), &options, &plaintext));
	return output_deliver(context, arguments->out,
			      &(struct output){"plaintext", view_of(plaintext.data, plaintext.len),
					       signer.algorithm});
}

static enum kc_status run(struct context *context, char **words, int n_words)
{
	CLEANUP(arguments_done) struct arguments arguments = {.pin = PIN_OPTIONS_INIT};
	const struct option_row rows[] = {{"key", OPTION_TEXT, &arguments.key},
					  {"algorithm", OPTION_TEXT, &arguments.algorithm},
					  {"out", OPTION_TEXT, &arguments.out},
					  PIN_OPTIONS_ROWS(&arguments.pin)};

	TRY(options_parse(context, rows, ARRAY_LEN(rows), words, &n_words));
	if (context->wants_help)
		return KC_OK;
	TRY(options_one_word(context, "the file", false, words, n_words, &arguments.in));
	TRY(pin_options_check_input(context, &arguments.pin, "ciphertext", arguments.in));
	return decrypt(context, &arguments);
}

const struct command cmd_decrypt = {
	.name = "decrypt",
	.arguments = "[--key KEY] [--algorithm A] [--pin-fd N] [--out FILE] [FILE]",
	.summary = "decrypt a file",
	.help = "Decrypts FILE, or standard input. KEY is named as for keycask sign; it may be "
		"left\n"
		"out when there is just one key that can decrypt. The plaintext goes to standard\n"
		"output: as bytes, or as base64 on a terminal unless --out - says otherwise.\n"
		"\n"
		"  --algorithm A    default: what keycask encrypt takes for this key and length. "
		"What\n"
		"                   was not encrypted by rsa_encryption_pkcs1 comes out of it as\n"
		"                   noise, not as a failure.\n"
		"  --out FILE       write the plaintext there\n" PIN_OPTIONS_HELP
			SIGNER_ENCRYPTIONS_HELP,
	.run = run,
};
