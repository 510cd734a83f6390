/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files for signing: rsa_signature_message_pss_sha256 over a file is …_digest_… over its hash. */
#include "frontends/cli/message.h"

#include <openssl/evp.h>
#include <stdio.h>

#include "base/cleanup.h"
#include "base/try.h"
#include "frontends/cli/file_io.h"

static const char by_message[] = "_message_";

void message_done(struct message *message)
{
	bytes_done(&message->data);
}

static void free_context(EVP_MD_CTX **context)
{
	EVP_MD_CTX_free(*context);
}

/* The hash that ends the name of an algorithm over messages; NULL when it has none we know. */
static const EVP_MD *hash_of(const char *algorithm)
{
	static const char *const names[] = {"md5", "sha1", "sha224", "sha256", "sha384", "sha512"};
	const char *last = strrchr(algorithm, '_');

	for (size_t i = 0; last && strstr(algorithm, by_message) && i < ARRAY_LEN(names); i++) {
		if (strcmp(last + 1, names[i]) == 0)
			return EVP_get_digestbyname(names[i]);
	}
	return NULL;
}

static enum kc_status feed(void *userdata, struct kc_view piece)
{
	REQUIRE(EVP_DigestUpdate(userdata, piece.data, piece.len) == 1, KC_ERR_INTERNAL,
		"cannot hash the file");
	return KC_OK;
}

static enum kc_status hash_file(const char *path, const EVP_MD *hash, struct bytes *digest)
{
	CLEANUP(free_context) EVP_MD_CTX *context = EVP_MD_CTX_new();
	uint8_t value[EVP_MAX_MD_SIZE];
	unsigned len = 0;

	REQUIRE(context && EVP_DigestInit_ex(context, hash, NULL) == 1, KC_ERR_INTERNAL,
		"no such hash");
	TRY(file_io_pour(path, feed, context));
	REQUIRE(EVP_DigestFinal_ex(context, value, &len) == 1, KC_ERR_INTERNAL,
		"cannot hash the file");
	return bytes_append(digest, view_of(value, len));
}

/* "rsa_signature_message_…" to "rsa_signature_digest_…". */
static void name_digest(const char *algorithm, char *ret_name)
{
	const char *at = strstr(algorithm, by_message);

	(void)snprintf(ret_name, MESSAGE_ALGORITHM_MAX, "%.*s_digest_%s", (int)(at - algorithm),
		       algorithm, at + strlen(by_message));
}

enum kc_status message_read(const char *path, const char *algorithm, struct message *ret_message)
{
	CLEANUP(message_done) struct message message = {.data = BYTES_INIT(FILE_IO_MAX)};
	const EVP_MD *hash = hash_of(algorithm);

	REQUIRE(strlen(algorithm) < MESSAGE_ALGORITHM_MAX, KC_ERR_PARAM,
		"no algorithm has a name as long as that");
	(void)snprintf(message.algorithm, sizeof(message.algorithm), "%s", algorithm);
	if (hash) {
		name_digest(algorithm, message.algorithm);
		TRY(hash_file(path, hash, &message.data));
	} else {
		TRY(file_io_read(path, &message.data));
	}
	*ret_message = message;
	message.data = BYTES_INIT(0);
	return KC_OK;
}
