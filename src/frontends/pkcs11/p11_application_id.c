/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* CKA_ID as "pkcs11:id=%01%02": each byte percent-encoded, so that there is one spelling. */
#include "frontends/pkcs11/p11_application_id.h"

#include <string.h>

#include "base/copy.h"
#include "base/try.h"
#include "codec/hex.h"

static const char prefix[] = "pkcs11:id=";

enum {
	PREFIX_LEN = sizeof(prefix) - 1,
	LEN_OF_BYTE = 3, /* %01 */
};

static bool read_byte(const char *text, struct bytes *id)
{
	char digits[] = {text[1], text[2], '\0'};

	return text[0] == '%' && hex_decode(digits, id) == KC_OK;
}

bool p11_application_id_read(const char *alias, struct bytes *id)
{
	size_t len = alias ? strlen(alias) : 0;

	if (len <= PREFIX_LEN || len > PREFIX_LEN + LEN_OF_BYTE * P11_APPLICATION_ID_MAX ||
	    memcmp(alias, prefix, PREFIX_LEN) != 0 || (len - PREFIX_LEN) % LEN_OF_BYTE != 0)
		return false;
	for (size_t i = PREFIX_LEN; i < len; i += LEN_OF_BYTE) {
		if (!read_byte(alias + i, id))
			return false;
	}
	return true;
}

enum kc_status p11_application_id_write(struct kc_view id, char **ret_alias)
{
	static const char digits[] = "0123456789ABCDEF";
	char alias[PREFIX_LEN + LEN_OF_BYTE * P11_APPLICATION_ID_MAX + 1];
	char *end = alias + PREFIX_LEN;

	REQUIRE(id.len > 0 && id.len <= P11_APPLICATION_ID_MAX, KC_ERR_PARAM,
		"a CKA_ID of %zu bytes", id.len);
	memcpy(alias, prefix, PREFIX_LEN);
	for (size_t i = 0; i < id.len; i++) {
		*end++ = '%';
		*end++ = digits[id.data[i] >> 4];
		*end++ = digits[id.data[i] & 15];
	}
	*end = '\0';
	return copy_text(alias, ret_alias);
}
