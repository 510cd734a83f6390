/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A private key in OpenSSH's own form that somebody imports: the bytes behind the base64. Read or
 * refused, and what is read is one key.
 */
#include <openssl/pem.h>
#include <stdlib.h>

#include "base/error.h"
#include "codec/utf8.h"
#include "x509/keyfile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
	if (!condition)
		abort();
}

static enum kc_status read_block(struct kc_view block, struct json_object **ret_contents)
{
	struct keyfile_source source = {.format = NULL};
	BIO *bio = BIO_new(BIO_s_mem());
	char *text = NULL;
	enum kc_status status = KC_OK;

	require(bio &&
		PEM_write_bio(bio, "OPENSSH PRIVATE KEY", "", block.data, (long)block.len) > 0);
	source.data.len = (size_t)BIO_get_mem_data(bio, &text);
	source.data.data = (const uint8_t *)text;
	error_clear();
	status = keyfile_read(&source, ret_contents);
	BIO_free(bio);
	return status;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(field_free) struct json_object *contents = NULL;

	if (size < 1)
		return 0;
	if (read_block(view_of(data, size), &contents) != KC_OK) {
		require(error_get()->message[0] &&
			utf8_is_text(view_of_text(error_get()->message)));
		return 0;
	}
	require(json_object_array_length(field_get(contents, "keys")) == 1);
	require(utf8_is_text(view_of_text(json_object_to_json_string(contents))));
	return 0;
}
