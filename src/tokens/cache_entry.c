/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Enumerate's answer as text and back. */
#include "tokens/cache_entry.h"

#include "base/try.h"
#include "wire/message.h"

enum kc_status cache_entry_put(struct json_object *enumerated, struct bytes *text)
{
	TRY(message_put(text, enumerated));
	text->len--; /* the NUL that ends a message */
	return KC_OK;
}

enum kc_status cache_entry_parse(struct kc_view text, const struct idl *definition,
				 struct json_object **ret_enumerated)
{
	CLEANUP(field_free) struct json_object *enumerated = NULL;
	const char *offender = NULL;

	TRY(message_parse(text, &enumerated));
	if (idl_check(definition, "Enumerate", IDL_OUTPUT, enumerated, &offender) != KC_OK) {
		error_clear();
		return fail(KC_ERR_DECODE, "it is not what drivers say today");
	}
	*ret_enumerated = take(enumerated);
	return KC_OK;
}
