/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Persistent references: one form, and nothing else is taken for one. */
#include "items/reference.h"

#include "base/try.h"
#include "codec/hex.h"
#include "harness/test.h"

static void check_refused(const char *hex)
{
	CLEANUP(bytes_done) struct bytes bytes = BYTES_INIT(4096);
	struct reference reference = {VOCABULARY_N_CLASSES, {NULL, 0}, {NULL, 0}};

	error_clear();
	CHECK_OK(hex_decode(hex, &bytes));
	CHECK_STATUS(reference_get(bytes_view(&bytes), &reference), KC_ERR_PARAM);
	CHECK_INT(reference.item_class, VOCABULARY_N_CLASSES);
	CHECK_INT(error_get()->status, KC_ERR_PARAM);
}

TEST(reference_has_one_form)
{
	CLEANUP(bytes_done) struct bytes bytes = BYTES_INIT(REFERENCE_MAX);
	struct reference reference = {VOCABULARY_KEY, view_of_text("a.b:1"),
				      view_of_text("\x9A\x01")};

	CHECK_OK(reference_put(&reference, &bytes));
	CHECK_HEX(bytes_view(&bytes), "6B63743130100C036B65790C05612E623A3104029A01");
	CHECK_OK(reference_get(bytes_view(&bytes), &reference));
	CHECK_INT(reference.item_class, VOCABULARY_KEY);
	CHECK_HEX(reference.token_id, "612E623A31");
	CHECK_HEX(reference.object_id, "9A01");
}

TEST(reference_holds_the_longest_parts)
{
	CLEANUP(bytes_done) struct bytes bytes = BYTES_INIT(REFERENCE_MAX);
	uint8_t object[REFERENCE_OBJECT_MAX + 1] = {0};
	char token[REFERENCE_TOKEN_MAX + 1];
	struct reference reference = {VOCABULARY_CERTIFICATE, view_of(token, REFERENCE_TOKEN_MAX),
				      view_of(object, REFERENCE_OBJECT_MAX)};
	struct reference again;

	memset(token, 't', sizeof(token));
	CHECK_OK(reference_put(&reference, &bytes));
	CHECK_OK(reference_get(bytes_view(&bytes), &again));
	CHECK(view_equal(again.object_id, reference.object_id));
	reference.object_id.len++;
	CHECK_STATUS(reference_put(&reference, &bytes), KC_ERR_PARAM);
	reference.object_id.len = 0;
	CHECK_STATUS(reference_put(&reference, &bytes), KC_ERR_PARAM);
	reference.object_id.len = 1;
	reference.token_id.len++;
	CHECK_STATUS(reference_put(&reference, &bytes), KC_ERR_PARAM);
	reference.token_id.len = 0;
	CHECK_STATUS(reference_put(&reference, &bytes), KC_ERR_PARAM);
}

TEST(reference_is_of_token_items_only)
{
	CLEANUP(bytes_done) struct bytes bytes = BYTES_INIT(REFERENCE_MAX);
	struct reference reference = {VOCABULARY_GENERIC_PASSWORD, view_of_text("t"),
				      view_of_text("o")};

	CHECK_STATUS(reference_put(&reference, &bytes), KC_ERR_PARAM);
	/* "generic_password" */
	check_refused("6B63743130180C1067656E657269635F70617373776F72640C017404016F");
}

TEST(reference_refuses_what_it_would_not_write)
{
	check_refused("");
	check_refused("6B6374");
	check_refused("6B637431");
	check_refused("6B63743230100C036B65790C05612E623A3104029A01");	 /* other magic */
	check_refused("6B63743130100C036B65790C05612E623A3104029A0100"); /* trailing byte */
	check_refused("6B63743130110C036B65790C05612E623A3104029A0100"); /* within */
	check_refused("6B6374313081100C036B65790C05612E623A3104029A01"); /* long length */
	check_refused("6B63743130110C036B65790C05612E623A310481029A01"); /* long length */
	check_refused("6B637431300F0C036B65790C05612E623A3104019A01");	 /* short by one */
	check_refused("6B63743130100C036B65780C05612E623A3104029A01");	 /* class "kex" */
	check_refused("6B63743130100C036B65791305612E623A3104029A01");	 /* other string type */
	check_refused("6B63743130100C036B65790C05612E003A3104029A01");	 /* NUL in token ID */
	check_refused("6B63743130100C036B65790C05612EFF3A3104029A01");	 /* not UTF-8 */
	check_refused("6B637431300E0C036B65790C05612E623A310400");	 /* no object ID */
	check_refused("6B637431300B0C036B65790C0004029A01");		 /* no token ID */
}
