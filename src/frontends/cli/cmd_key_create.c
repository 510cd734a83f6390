/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* keycask key create: a key pair in the keychain, or on a token. */
#include <string.h>

#include <keycask/item.h>
#include <keycask/names.h>

#include "base/cleanup.h"
#include "frontends/cli/key_options.h"
#include "frontends/cli/token_options.h"
#include "frontends/cli/unlocking.h"

enum {
	DEFAULT_EC_BITS = 256,
	DEFAULT_RSA_BITS = 3072,
};

struct creation {
	struct key_options key;
	const char *type;
	int size_in_bits; /* -1: not said */
	struct token_options token;
	bool with_public;
	struct kc_dictionary *attributes;
	struct kc_key *made;
};

static void creation_done(struct creation *creation)
{
	token_options_done(&creation->token);
	creation->attributes = kc_dictionary_free(creation->attributes);
	creation->made = kc_key_free(creation->made);
}

/* --- attributes ---------------------------------------------------------------------------- */

/* 0: it has one size only, or is for the daemon to refuse. */
static int size_of(const struct creation *creation)
{
	if (creation->size_in_bits >= 0 || creation->token.token) /* which knows best */
		return creation->size_in_bits;
	if (strcmp(creation->type, KC_KEY_TYPE_NAME_RSA) == 0)
		return DEFAULT_RSA_BITS;
	return strcmp(creation->type, KC_KEY_TYPE_NAME_EC) == 0 ? DEFAULT_EC_BITS : 0;
}

static enum kc_status put_kind(const struct creation *creation)
{
	int size_in_bits = size_of(creation);

	TRY(kc_dictionary_set(creation->attributes, KC_ATTR_KEY_TYPE, KC_TEXT(creation->type)));
	if (size_in_bits <= 0 && creation->size_in_bits < 0)
		return KC_OK;
	return kc_dictionary_set(creation->attributes, KC_ATTR_KEY_SIZE_IN_BITS,
				 KC_NUMBER(size_in_bits));
}

static enum kc_status put_public(const struct creation *creation)
{
	struct kc_dictionary *half = NULL;
	enum kc_status status = KC_OK;

	if (!creation->with_public)
		return KC_OK;
	half = KC_DICTIONARY({KC_ATTR_IS_PERMANENT, KC_TRUE});
	REQUIRE(half, KC_ERR_ALLOCATE, "out of memory");
	status = kc_dictionary_set(creation->attributes, KC_PUBLIC_KEY_ATTRIBUTES, KC_NESTED(half));
	kc_dictionary_free(half);
	return status;
}

static enum kc_status prepare(struct context *context, struct creation *creation)
{
	creation->attributes = kc_dictionary_new(NULL, 0);
	REQUIRE(creation->attributes, KC_ERR_ALLOCATE, "out of memory");
	TRY(put_kind(creation));
	TRY(key_options_put(context, &creation->key, creation->attributes));
	TRY(token_options_find(&creation->token, false));
	TRY(token_options_put(&creation->token, creation->attributes));
	return put_public(creation);
}

/* --- the call ------------------------------------------------------------------------------ */

static enum kc_status create(void *userdata)
{
	struct creation *creation = userdata;
	struct kc_options options = KC_OPTIONS_INIT;

	token_options_fill(&creation->token, creation->key.no_prompt, &options);
	return kc_key_create(creation->attributes, &options, &creation->made);
}

static enum kc_status check(struct context *context, const struct creation *creation)
{
	if (!creation->type)
		return usage_error(
			context, "--type says what is made: rsa, ec, ed25519, x25519, ed448, x448");
	return token_options_check(context, &creation->token);
}

static enum kc_status run(struct context *context, char **words, int n_words)
{
	CLEANUP(creation_done)
	struct creation creation = {.size_in_bits = -1, .token = TOKEN_OPTIONS_INIT};
	const struct option_row rows[] = {KEY_OPTIONS_ROWS(&creation.key),
					  {"type", OPTION_TEXT, &creation.type},
					  {"size", OPTION_NUMBER, &creation.size_in_bits},
					  TOKEN_OPTIONS_ROWS(&creation.token),
					  {"with-public", OPTION_FLAG, &creation.with_public}};

	TRY(options_parse(context, rows, ARRAY_LEN(rows), words, &n_words));
	if (context->wants_help)
		return KC_OK;
	TRY(options_no_words(context, words, n_words));
	TRY(check(context, &creation));
	TRY(prepare(context, &creation));
	TRY(token_options_read(&creation.token));
	TRY(unlocking_run(!creation.key.no_prompt, create, &creation));
	return key_options_report(context, "Made", &creation.key, creation.made);
}

const struct command cmd_key_create = {
	.name = "key create",
	.arguments = "--type TYPE [--size BITS] [--label TEXT] [--token TOKEN [--object OBJECT]] …",
	.summary = "make a key",
	.help = "In the keychain, or with --token on a token that makes keys.\n"
		"\n"
		"  keycask key create --type ec --label work\n"
		"  keycask key create --type rsa --size 2048 --token \"PIV 0A1B2C3D\" --object 9a\n"
		"\n"
		"  --type TYPE        rsa, ec, ed25519, x25519, ed448 or x448\n"
		"  --size BITS        rsa 2048 to 4096 (otherwise 3072); ec 256 (otherwise), 384, "
		"521;\n"
		"                     tokens have sizes of their own\n"
		"  --token TOKEN      where it is made: its label, its ID, or 8 digits of that\n"
		"  --object OBJECT    where on the token (9a); otherwise a free one that signs\n"
		"  --replace          a key that is there is lost\n" TOKEN_OPTIONS_PROOF_HELP
		"  --with-public      the public key becomes an item too\n" KEY_OPTIONS_HELP,
	.run = run,
};
