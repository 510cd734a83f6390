/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Texts of fixed length. A character of UTF-8 that does not fit is left out, not cut in two: half
 * of one makes p11-kit and GLib refuse the token. */
#include "frontends/pkcs11/p11_text.h"

#include <string.h>

enum {
	CONTINUATION_MASK = 0xC0,
	CONTINUATION = 0x80,
};

void p11_text_pad(unsigned char *field, size_t size, const char *text)
{
	size_t len = strlen(text);

	if (len > size) {
		len = size;
		while (len > 0 && ((unsigned char)text[len] & CONTINUATION_MASK) == CONTINUATION)
			len--;
	}
	memset(field, ' ', size);
	memcpy(field, text, len);
}
