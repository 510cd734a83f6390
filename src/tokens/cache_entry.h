/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TOKENS_CACHE_ENTRY_H
#define TOKENS_CACHE_ENTRY_H

/*
 * What is sealed: a driver's answer to Enumerate, as text. It is held to the driver's definition
 * as the answer itself was: a file may be older than the program.
 */

#include "wire/idl.h"

enum {
	CACHE_ENTRY_MAX = 256 * 1024, /* bytes of text; a card with more is read each time */
};

/* Append @enumerated's text. Expected: KC_ERR_PARAM  longer than @text may grow */
KC_MUST_CHECK enum kc_status cache_entry_put(struct json_object *enumerated, struct bytes *text);

/* @definition is that of org.keycask.Driver. Expected: KC_ERR_DECODE */
KC_MUST_CHECK enum kc_status cache_entry_parse(struct kc_view text, const struct idl *definition,
					       struct json_object **ret_enumerated);

#endif
