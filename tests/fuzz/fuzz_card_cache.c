/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A file of the card cache: first byte 0, the rest is the envelope as it was found; 1, the rest is
 * what somebody who has the device key has sealed.
 */
#include <assert.h>

#include "base/error.h"
#include "tokens/cache_entry.h"
#include "tokens/cache_seal.h"
#include "tokens/contents.h"
#include "wire/protocol.h"

static const uint8_t device_key[32] = {7};

static void try_envelope(struct kc_view sealed)
{
	CLEANUP(bytes_done) struct bytes plain = BYTES_INIT(CACHE_ENTRY_MAX);

	/* Nobody without the key makes a true one. */
	assert(cache_seal_open(VIEW_OF(device_key), "token", sealed, &plain) != KC_OK);
	assert(plain.len == 0);
}

static void try_text(struct kc_view text)
{
	static struct idl *definition;
	CLEANUP(field_free) struct json_object *enumerated = NULL;
	struct contents *contents = NULL;
	size_t n = 0;

	if (!definition)
		assert(idl_parse(protocol_org_keycask_Driver, &definition) == KC_OK);
	if (cache_entry_parse(text, definition, &enumerated) != KC_OK ||
	    contents_new(field_get(enumerated, "objects"), &contents) != KC_OK)
		return;
	assert(contents_items(contents, &n) && n <= 256);
	contents_free(contents);
}

static void try_both_ways(struct kc_view text)
{
	CLEANUP(bytes_done) struct bytes sealed = BYTES_INIT(CACHE_ENTRY_MAX + CACHE_SEAL_OVERHEAD);
	CLEANUP(bytes_done) struct bytes plain = BYTES_INIT(CACHE_ENTRY_MAX + 1);

	if (cache_seal_close(VIEW_OF(device_key), "token", text, &sealed) != KC_OK)
		return;
	assert(cache_seal_open(VIEW_OF(device_key), "other", bytes_view(&sealed), &plain) != KC_OK);
	error_clear();
	assert(cache_seal_open(VIEW_OF(device_key), "token", bytes_view(&sealed), &plain) == KC_OK);
	assert(view_equal(bytes_view(&plain), text));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct kc_view rest = view_slice(view_of(data, size), 1, size);

	error_clear();
	if (size == 0)
		return 0;
	if (data[0] == 0) {
		try_envelope(rest);
		return 0;
	}
	try_text(rest);
	error_clear();
	try_both_ways(rest);
	return 0;
}
