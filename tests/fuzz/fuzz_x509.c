/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a card may call a certificate: read or refused, and what is read can be sent. The same
 * bytes as a name: the normalized form of a normalized name is itself.
 */
#include <stdlib.h>
#include <string.h>

#include "codec/display.h"
#include "codec/utf8.h"
#include "x509/inspect.h"
#include "x509/name_impl.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
	if (!condition)
		abort();
}

static void try_name(struct kc_view view)
{
	CLEANUP(bytes_done) struct bytes once = BYTES_INIT(4 * NAME_MAX_BYTES);
	CLEANUP(bytes_done) struct bytes twice = BYTES_INIT(4 * NAME_MAX_BYTES);

	if (name_normalize(view, &once) != KC_OK || once.len > NAME_MAX_BYTES)
		return;
	require(name_normalize(bytes_view(&once), &twice) == KC_OK);
	require(view_equal(bytes_view(&once), bytes_view(&twice)));
}

/* Whom it names: nothing that a person could take for another name. */
static void check_names(struct json_object *fields, const char *name)
{
	struct json_object *names = field_get(fields, name);

	require(names && json_object_array_length(names) <= 256);
	for (size_t i = 0; i < json_object_array_length(names); i++) {
		const char *text = json_object_get_string(json_object_array_get_idx(names, i));

		require(text[0] && strlen(text) <= 254 && !strchr(text, '\n'));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(field_free) struct json_object *fields = NULL;

	try_name(view_of(data, size));
	if (inspect_certificate(view_of(data, size), &fields) != KC_OK)
		return 0;
	require(field_text(fields, "public_key_hash") && field_text(fields, "summary"));
	check_names(fields, "dns_names");
	check_names(fields, "ip_addresses");
	check_names(fields, "principal_names");
	require(field_get(fields, "is_ca") && field_number(fields, "path_length", 0) >= 0);
	require(utf8_is_text(view_of_text(json_object_to_json_string(fields))));
	return 0;
}
