/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Writing PEM, and reading it from files that may have other text around it. */
#include "frontends/cli/pem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

/* --- reading ------------------------------------------------------------------------------- */

/* *ret_at: behind the first @needle in @text. */
static bool find(struct kc_view text, const char *needle, size_t *ret_begin, size_t *ret_end)
{
	const uint8_t *at = text.len ? memmem(text.data, text.len, needle, strlen(needle)) : NULL;

	if (!at)
		return false;
	*ret_begin = (size_t)(at - text.data);
	*ret_end = *ret_begin + strlen(needle);
	return true;
}

bool pem_is_text(struct kc_view text)
{
	size_t begin = 0;
	size_t end = 0;

	return find(text, "-----BEGIN ", &begin, &end);
}

static bool is_space(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* RFC 7468 3: white space anywhere in it is ignored. */
static enum kc_status decode(struct kc_view text, struct bytes *der)
{
	CLEANUP(bytes_done) struct bytes base64 = BYTES_INIT(text.len + 1);
	CLEANUP(kc_bytes_free) struct kc_bytes decoded = {NULL, 0};

	for (size_t i = 0; i < text.len; i++)
		if (!is_space(text.data[i]))
			TRY(bytes_append_byte(&base64, text.data[i]));
	TRY(bytes_append_byte(&base64, '\0'));
	if (kc_text_base64_decode((const char *)base64.data, &decoded) != KC_OK ||
	    decoded.len == 0) {
		error_clear();
		return fail(KC_ERR_DECODE, "the PEM is not base64");
	}
	return bytes_append(der, view_of(decoded.data, decoded.len));
}

enum kc_status pem_next(const char *label, struct kc_view *text, struct bytes *der)
{
	char boundary[BOUNDARY_MAX];
	struct kc_view body;
	size_t begin = 0;
	size_t end = 0;

	(void)snprintf(boundary, sizeof(boundary), "-----BEGIN %s-----", label);
	if (!find(*text, boundary, &begin, &end))
		return KC_OK;
	body = view_slice(*text, end, text->len);
	(void)snprintf(boundary, sizeof(boundary), "-----END %s-----", label);
	REQUIRE(find(body, boundary, &begin, &end), KC_ERR_DECODE, "the PEM has no end");
	TRY(decode(view_slice(body, 0, begin), der));
	*text = view_slice(body, end, body.len);
	return KC_OK;
}
