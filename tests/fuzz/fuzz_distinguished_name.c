/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What people give keycask choose as an issuer: a name that becomes a whole Name, which is the same
 * Name when x509 has read it, or a refusal; and files with PEM in them.
 */
#include <stdlib.h>
#include <string.h>

#include "frontends/cli/distinguished_name.h"
#include "frontends/cli/pem.h"
#include "x509/name_impl.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
	if (!condition)
		abort();
}

/* Bytes that are no UTF-8, or more than a certificate may have, are for x509 to refuse. */
static void try_name(const char *text)
{
	CLEANUP(bytes_done) struct bytes der = BYTES_INIT(DISTINGUISHED_NAME_MAX);
	CLEANUP(bytes_done) struct bytes normalized = BYTES_INIT(NAME_MAX_BYTES);
	size_t len = 0;

	(void)distinguished_name_is_one(text);
	if (distinguished_name_parse(text, &der) != KC_OK)
		return;
	require(der.len > 2 && der.data[0] == 0x30);
	len = der.data[1] < 0x80    ? (size_t)der.data[1] + 2
	      : der.data[1] == 0x81 ? (size_t)der.data[2] + 3
				    : ((size_t)der.data[2] << 8 | der.data[3]) + 4;
	require(len == der.len);
	(void)!name_normalize(bytes_view(&der), &normalized);
}

static void try_pem(struct kc_view text)
{
	struct kc_view rest = text;

	for (;;) {
		CLEANUP(bytes_done) struct bytes der = BYTES_INIT(64 * 1024);
		size_t before = rest.len;

		if (pem_next("CERTIFICATE", &rest, &der) != KC_OK || der.len == 0)
			return;
		require(rest.len < before && pem_is_text(text));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	require(text);
	if (size > 0)
		memcpy(text, data, size);
	text[size] = '\0';
	try_name(text);
	try_pem(view_of(data, size));
	free(text);
	return 0;
}
