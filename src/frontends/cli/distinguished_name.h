/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CLI_DISTINGUISHED_NAME_H
#define CLI_DISTINGUISHED_NAME_H

/* Names of subjects and issuers as people write them. */

#include "base/bytes.h"

enum {
	DISTINGUISHED_NAME_MAX = 4096, /* bytes, as text and as DER */
};

/* Is @text meant as one: "CN=…", "/O=…"? Else it may be the name of a file. */
bool distinguished_name_is_one(const char *text);

/*
 * Append the DER Name that @text stands for: RFC 4514 ("CN=Root,O=Example", the last comes first in
 * the Name; spaces behind a comma are fine) or openssl's "/O=Example/CN=Root" (in the Name's
 * order). Expected: KC_ERR_PARAM  saying what is wrong with it
 */
KC_MUST_CHECK enum kc_status distinguished_name_parse(const char *text, struct bytes *der);

#endif
