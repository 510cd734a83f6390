/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Writing PEM. */
#include "frontends/cli/pem.h"

#include <stdio.h>
#include <stdlib.h>

#include <keycask/text.h>

#include "base/cleanup.h"
#include "base/try.h"

enum {
	LINE = 64, /* RFC 7468 2: "exactly 64 characters" */
	BOUNDARY_MAX = 64,
};

static enum kc_status put_boundary(const char *word, const char *label, struct bytes *pem)
{
	char text[BOUNDARY_MAX];

	(void)snprintf(text, sizeof(text), "-----%s %s-----\n", word, label);
	return bytes_append(pem, view_of_text(text));
}

enum kc_status pem_put(const char *label, struct kc_view der, struct bytes *pem)
{
	CLEANUP(freep) char *base64 = kc_text_base64(der);
	struct kc_view rest = view_of_text(base64);

	REQUIRE(base64, KC_ERR_ALLOCATE, "out of memory");
	TRY(put_boundary("BEGIN", label, pem));
	for (; rest.len > 0; rest = view_slice(rest, LINE, rest.len)) {
		TRY(bytes_append(pem, view_slice(rest, 0, LINE)));
		TRY(bytes_append_byte(pem, '\n'));
	}
	return put_boundary("END", label, pem);
}
