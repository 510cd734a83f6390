/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Sign standard input with whichever identity fits best; a person is asked for the PIN. Which
 * one fits, the daemon judges: its certificate is for signing and valid today, its key does one
 * of these.
 *
 *	cc sign.c $(pkg-config --cflags --libs keycask)
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include <keycask/error.h>
#include <keycask/identity.h>

static const char *const algorithms[] = {
	KC_ALGORITHM_RSA_SIGNATURE_MESSAGE_PKCS1V15_SHA256,
	KC_ALGORITHM_ECDSA_SIGNATURE_MESSAGE_X962_SHA256,
	KC_ALGORITHM_EDDSA_SIGNATURE_MESSAGE_ED25519,
};

enum {
	N_ALGORITHMS = sizeof(algorithms) / sizeof(algorithms[0]),
};

static enum kc_status choose_key(struct kc_key **key)
{
	struct kc_choice choice = KC_CHOICE_INIT;
	struct kc_identity *identity = NULL;
	enum kc_status status = KC_OK;

	choice.algorithms = algorithms;
	choice.n_algorithms = N_ALGORITHMS;
	status = kc_identity_choose(KC_PURPOSE_SIGN, &choice, &identity);
	if (status == KC_OK)
		status = kc_identity_copy_key(identity, key);
	kc_identity_free(identity);
	return status;
}

/* The first that the key has; it was chosen because there is one. */
static enum kc_status choose_algorithm(const struct kc_key *key, const char **algorithm)
{
	bool is_supported = false;
	enum kc_status status = KC_OK;

	for (size_t i = 0; i < N_ALGORITHMS && status == KC_OK && !is_supported; i++) {
		*algorithm = algorithms[i];
		status = kc_key_is_algorithm_supported(key, KC_OPERATION_SIGN, *algorithm,
						       &is_supported);
	}
	return status;
}

static enum kc_status sign(const struct kc_key *key, const char *algorithm, struct kc_view data)
{
	struct kc_options options = KC_OPTIONS_INIT;
	struct kc_bytes signature = {NULL, 0};
	enum kc_status status = KC_OK;

	options.operation_prompt = "try the signing example";
	status = kc_key_sign(key, algorithm, data, &options, &signature);
	if (status == KC_OK)
		fwrite(signature.data, 1, signature.len, stdout);
	kc_bytes_free(&signature);
	return status;
}

/* All of standard input, to be freed; false when it cannot be read or held. */
static bool read_all(unsigned char **data, size_t *len)
{
	size_t size = 0;

	while (!feof(stdin) && !ferror(stdin)) {
		if (*len == size) {
			unsigned char *more = realloc(*data, size + 65536);

			if (!more)
				return false;
			*data = more;
			size += 65536;
		}
		*len += fread(*data + *len, 1, size - *len, stdin);
	}
	return !ferror(stdin);
}

static enum kc_status choose_and_sign(struct kc_view data)
{
	const char *algorithm = NULL;
	struct kc_key *key = NULL;
	enum kc_status status = choose_key(&key);

	if (status == KC_OK)
		status = choose_algorithm(key, &algorithm);
	if (status == KC_OK)
		status = sign(key, algorithm, data);
	if (status != KC_OK)
		fprintf(stderr, "%s\n%s\n", kc_error_message(kc_error_last()),
			kc_error_hint(kc_error_last()));
	kc_key_free(key);
	return status;
}

int main(void)
{
	unsigned char *buffer = NULL;
	size_t len = 0;
	bool is_signed = false;

	if (read_all(&buffer, &len))
		is_signed = choose_and_sign(kc_view_of(buffer, len)) == KC_OK;
	else
		perror("cannot read standard input");
	free(buffer);
	return is_signed ? 0 : 1;
}
