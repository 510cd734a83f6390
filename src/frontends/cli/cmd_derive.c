/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* keycask derive: the secret that a key on a token shares with another key. */
#include "base/bytes.h"
#include "base/cleanup.h"
#include "frontends/cli/file_io.h"
#include "frontends/cli/output.h"
#include "frontends/cli/peer_key.h"
#include "frontends/cli/pin_options.h"
#include "frontends/cli/signer.h"

struct arguments {
	const char *key;
	const char *algorithm;
	const char *peer;
	const char *shared_info;
	const char *out;
	int size;
	struct pin_options pin;
};

static void arguments_done(struct arguments *arguments)
{
	pin_options_done(&arguments->pin);
}

static enum kc_status derive(struct context *context, struct arguments *arguments)
{
	CLEANUP(signer_done) struct signer signer = {.key = NULL};
	CLEANUP(bytes_done) struct bytes point = BYTES_INIT(FILE_IO_MAX);
	CLEANUP(bytes_done) struct bytes shared_info = BYTES_INIT(FILE_IO_MAX);
	CLEANUP(kc_bytes_free) struct kc_bytes secret = {NULL, 0};
	struct kc_exchange exchange = KC_EXCHANGE_INIT;
	struct kc_options options;

	TRY(pin_options_read(&arguments->pin, &options));
	TRY(signer_find(context, arguments->key, arguments->algorithm, RESOLVE_DERIVER, &signer));
	TRY(peer_key_read(arguments->peer, &point));
	if (arguments->shared_info)
		TRY(file_io_read(arguments->shared_info, &shared_info));
	exchange.requested_size = arguments->size;
	exchange.shared_info = bytes_view(&shared_info);
	signer_announce(&signer);
	TRY(kc_key_exchange(signer.key, signer.algorithm, bytes_view(&point), &exchange, &options,
			    &secret));
	return output_deliver(
		context, arguments->out,
		&(struct output){"secret", view_of(secret.data, secret.len), signer.algorithm});
}

static enum kc_status run(struct context *context, char **words, int n_words)
{
	CLEANUP(arguments_done) struct arguments arguments = {.pin = PIN_OPTIONS_INIT};
	const struct option_row rows[] = {{"key", OPTION_TEXT, &arguments.key},
					  {"algorithm", OPTION_TEXT, &arguments.algorithm},
					  {"size", OPTION_NUMBER, &arguments.size},
					  {"shared-info", OPTION_TEXT, &arguments.shared_info},
					  {"out", OPTION_TEXT, &arguments.out},
					  PIN_OPTIONS_ROWS(&arguments.pin)};

	TRY(options_parse(context, rows, ARRAY_LEN(rows), words, &n_words));
	if (context->wants_help)
		return KC_OK;
	TRY(options_one_word(context, "the other side's public key", false, words, n_words,
			     &arguments.peer));
	if (arguments.shared_info && file_io_is_standard(arguments.shared_info))
		return usage_error(context, "--shared-info must be a file");
	TRY(pin_options_check_input(context, &arguments.pin, "public key", arguments.peer));
	return derive(context, &arguments);
}

const struct command cmd_derive = {
	.name = "derive",
	.arguments = "[--key KEY] [--algorithm A] [--size N] [--pin-fd N] [--out FILE] [FILE]",
	.summary = "a secret shared with another key",
	.help = "Derives the secret that KEY, an EC or X25519 key, shares with the owner of the "
		"public\n"
		"key in FILE (or standard input): PEM, DER, a certificate, or the point. KEY is\n"
		"named as for keycask sign; it may be left out when there is just one key that "
		"can\n"
		"derive. The secret goes to standard output: as bytes, or as base64 on a "
		"terminal.\n"
		"\n"
		"  --algorithm A    default: ecdh_key_exchange_standard, the secret itself; with "
		"such\n"
		"                   as ecdh_key_exchange_standard_x963_sha256 a key is derived "
		"from "
		"it\n"
		"  --size N         how many bytes to derive\n"
		"  --shared-info F  what both sides mix in: the content of the file F\n"
		"  --out FILE       write the secret there\n" PIN_OPTIONS_HELP
			SIGNER_EXCHANGES_HELP,
	.run = run,
};
