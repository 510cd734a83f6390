/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Persistent references: one form, and nothing else is taken for one. */
#include "items/reference.h"

#include "base/try.h"
#include "codec/hex.h"
#include "harness/test.h"

static void check_refused(const char *hex)
{
	CLEANUP(bytes_done) struct bytes bytes = BYTES_INIT(4096);
	struct reference reference = {.item_class = VOCABULARY_N_CLASSES};

	error_clear();
	CHECK_OK(hex_decode(hex, &bytes));
	CHECK_STATUS(reference_get(bytes_view(&bytes), &reference), KC_ERR_PARAM);
	CHECK_INT(reference.item_class, VOCABULARY_N_CLASSES);
	CHECK_INT(error_get()->status, KC_ERR_PARAM);
}

TEST(reference_has_one_form)
{
	CLEANUP(bytes_done) struct bytes bytes = BYTES_INIT(REFERENCE_MAX);
	struct reference reference = {.item_class = VOCABULARY_KEY,
				      .token_id = view_of_text("a.b:1"),
				      .object_id = view_of_text("\x9A\x01")};

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
	struct reference reference = {.item_class = VOCABULARY_CERTIFICATE,
				      .token_id = view_of(token, REFERENCE_TOKEN_MAX),
				      .object_id = view_of(object, REFERENCE_OBJECT_MAX)};
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

TEST(reference_of_a_software_item_is_its_row)
{
	CLEANUP(bytes_done) struct bytes bytes = BYTES_INIT(REFERENCE_MAX);
	uint8_t id[REFERENCE_ITEM_BYTES] = {1, 2, 3};
	struct reference reference = {.item_class = VOCABULARY_IDENTITY, .item_id = VIEW_OF(id)};
	struct reference again;

	CHECK_OK(reference_put(&reference, &bytes));
	CHECK_HEX(bytes_view(&bytes), "69646E7401020300000000000000000000000000");
	CHECK_OK(reference_get(bytes_view(&bytes), &again));
	CHECK_INT(again.item_class, VOCABULARY_IDENTITY);
	CHECK(view_equal(again.item_id, VIEW_OF(id)));
	CHECK(!reference_is_of_token(&again));
	reference.item_id.len--;
	CHECK_STATUS(reference_put(&reference, &bytes), KC_ERR_PARAM);
	check_refused("69646E740102030000000000000000000000000000"); /* a byte too many */
	check_refused("69646E74010203000000000000000000000000");     /* one too few */
	check_refused("61706C7301020300000000000000000000000000");   /* "apls" has no table */
	check_refused("6B63743101020300000000000000000000000000");
}

TEST(reference_of_a_token_is_of_its_classes)
{
	CLEANUP(bytes_done) struct bytes bytes = BYTES_INIT(REFERENCE_MAX);
	struct reference reference = {.item_class = VOCABULARY_GENERIC_PASSWORD,
				      .token_id = view_of_text("t"),
				      .object_id = view_of_text("o")};

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
