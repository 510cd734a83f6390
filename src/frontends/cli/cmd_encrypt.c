/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* keycask encrypt: to the public half of a key. */
#include "base/bytes.h"
#include "base/cleanup.h"
#include "frontends/cli/file_io.h"
#include "frontends/cli/options.h"
#include "frontends/cli/output.h"
#include "frontends/cli/signer.h"

struct arguments {
	const char *key;
	const char *algorithm;
	const char *in;
	const char *out;
};

/* Whoever names no key means one that can undo it. */
static enum resolve_kind kind_of(const struct arguments *arguments)
{
	return arguments->key ? RESOLVE_ENCRYPTER : RESOLVE_DECRYPTER;
}

static enum kc_status encrypt(struct context *context, const struct arguments *arguments)
{
	CLEANUP(signer_done) struct signer signer = {.key = NULL};
	CLEANUP(bytes_done) struct bytes data = BYTES_INIT(FILE_IO_MAX);
	CLEANUP(kc_bytes_free) struct kc_bytes ciphertext = {NULL, 0};

	TRY(signer_find(context, arguments->key, arguments->algorithm, kind_of(arguments),
			&signer));
	TRY(file_io_read(arguments->in, &data));
	signer_fit(&signer, data.len, false);
	TRY(kc_key_encrypt(signer.key, signer.algorithm, bytes_view(&data), &ciphertext));
	return output_deliver(context, arguments->out,
			      &(struct output){"ciphertext",
					       view_of(ciphertext.data, ciphertext.len),
					       signer.algorithm});
}

static enum kc_status run(struct context *context, char **words, int n_words)
{
	struct arguments arguments = {.key = NULL};
	const struct option_row rows[] = {{"key", OPTION_TEXT, &arguments.key},
					  {"algorithm", OPTION_TEXT, &arguments.algorithm},
					  {"out", OPTION_TEXT, &arguments.out}};

	TRY(options_parse(context, rows, ARRAY_LEN(rows), words, &n_words));
	if (context->wants_help)
		return KC_OK;
	TRY(options_one_word(context, "the file", false, words, n_words, &arguments.in));
	return encrypt(context, &arguments);
}

const struct command cmd_encrypt = {
	.name = "encrypt",
	.arguments = "[--key KEY] [--algorithm A] [--out FILE] [FILE]",
	.summary = "encrypt a file",
	.help = "Encrypts FILE, or standard input, to the owner of the RSA or EC key KEY, which\n"
		"keycask decrypt undoes. Needs no PIN. FILE has 700 KiB at most.\n"
		"\n"
		"  --algorithm A    default: of an EC key\n"
		"                   ecies_encryption_standard_variable_iv_x963_sha256_aesgcm, of "
		"an\n"
		"                   RSA key rsa_encryption_oaep_sha256 or, when the file is "
		"longer\n"
		"                   than that takes (190 bytes with 2048 bits), the same with\n"
		"                   _aesgcm; rsa_encryption_pkcs1 with a token that can decrypt\n"
		"                   nothing else\n"
		"  --out FILE       write the ciphertext there\n" SIGNER_ENCRYPTIONS_HELP,
	.run = run,
};
