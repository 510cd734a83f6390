/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A file that somebody imports: the first byte says which passphrase comes with it. Read or
 * refused, and what is read can be sent and was counted.
 */
#include <stdlib.h>

#include "base/error.h"
#include "codec/utf8.h"
#include "x509/keyfile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
	ITERATIONS_MAX = 64,
};

static void require(bool condition)
{
	if (!condition)
		abort();
}

static size_t count(struct json_object *contents, const char *name)
{
	return json_object_array_length(field_get(contents, name));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const passphrases[] = {NULL, "", "keycask"};
	CLEANUP(field_free) struct json_object *contents = NULL;
	struct keyfile_source source = {.iterations_max = ITERATIONS_MAX};

	if (size < 1)
		return 0;
	source.passphrase = view_of_text(passphrases[data[0] % 3]);
	source.data = view_of(data + 1, size - 1);
	error_clear();
	if (keyfile_read(&source, &contents) != KC_OK) {
		require(error_get()->message[0] &&
			utf8_is_text(view_of_text(error_get()->message)));
		return 0;
	}
	require(count(contents, "keys") + count(contents, "public_keys") +
			count(contents, "certificates") >
		0);
	require(utf8_is_text(view_of_text(json_object_to_json_string(contents))));
	return 0;
}
