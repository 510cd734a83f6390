/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A query answered page by page: whatever a page holds, all of them together are what one answer
 * would be, each item once, also when items come, change and go between two pages.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/try.h"
#include "harness/test.h"
#include "items/sample.h"
#include "items/scene.h"
#include "wire/message.h"

enum {
	PAGES_MAX = 1000,
	TEXT_MAX = 256,
	ITEMS = 12,
};

#define ALL	  ",\"match_limit\":\"all\",\"return_persistent_ref\":true,\"return_attributes\":true}"
#define PASSWORDS "{\"class\":\"generic_password\"" ALL
#define ORDERLY	  "{\"class\":\"generic_password\",\"service\":\"even\"" ALL

static void add_password(struct scene *scene, int number)
{
	char text[TEXT_MAX];

	CHECK(snprintf(text, sizeof(text),
		       "{\"class\":\"generic_password\",\"service\":\"%s\",\"account\":\"%d\","
		       "\"label\":\"label\"}",
		       number % 2 == 0 ? "even" : "odd", number) > 0);
	CHECK(!scene_add(scene, KC_OK, text, "secret"));
}

static void add_passwords(struct scene *scene)
{
	for (int i = 0; i < ITEMS; i++)
		add_password(scene, i);
}

static struct json_object *parse(const char *text)
{
	struct json_object *value = json_tokener_parse(text);

	CHECK(value);
	return value;
}

/* The next page of @query. */
static struct json_object *turn(struct scene *scene, const char *text, size_t rows,
				struct engine_cursor *cursor)
{
	CLEANUP(field_free) struct json_object *query = parse(text);
	struct engine_page page = {.rows_max = rows};
	struct json_object *items = NULL;

	CHECK_OK(engine_copy_page(scene->engine, &scene->request, query, &page, cursor, &items));
	return items;
}

/* The page's items, after those of @sum. */
static void join(struct json_object *sum, struct json_object *items)
{
	for (size_t i = 0; i < json_object_array_length(items); i++)
		CHECK_OK(field_append(sum, json_object_get(json_object_array_get_idx(items, i))));
	json_object_put(items);
}

/* All pages of what @page says, joined. */
static struct json_object *read_all(struct scene *scene, const char *text,
				    const struct engine_page *page, int *ret_n_pages)
{
	CLEANUP(field_free) struct json_object *query = parse(text);
	struct json_object *sum = json_object_new_array();
	struct engine_cursor cursor = {0};
	int n = 0;

	for (; !cursor.is_at_end; n++) {
		struct json_object *items = NULL;

		CHECK(n < PAGES_MAX);
		CHECK_OK(engine_copy_page(scene->engine, &scene->request, query, page, &cursor,
					  &items));
		join(sum, items);
	}
	CHECK_INT(cursor.n_items, (int)json_object_array_length(sum));
	*ret_n_pages = n;
	return sum;
}

static void check_pages(struct scene *scene, const char *query, size_t n_expected)
{
	int n_pages = 0;
	CLEANUP(field_free)
	struct json_object *whole = read_all(scene, query, &(struct engine_page){0}, &n_pages);

	CHECK_INT(n_pages, 1);
	CHECK_INT((int)json_object_array_length(whole), (int)n_expected);
	for (size_t rows = 1; rows <= 3; rows++) {
		struct engine_page page = {.rows_max = rows};
		CLEANUP(field_free)
		struct json_object *joined = read_all(scene, query, &page, &n_pages);

		CHECK(json_object_equal(joined, whole));
		CHECK(n_pages * rows >= n_expected);
	}
}

TEST(pages_of_any_size_give_the_same_items)
{
	CLEANUP(scene_end) struct scene scene = scene_begin();

	add_passwords(&scene);
	check_pages(&scene, PASSWORDS, ITEMS);
	check_pages(&scene, "{\"class\":\"generic_password\",\"label\":\"label\"" ALL, ITEMS);
	check_pages(&scene, ORDERLY, ITEMS / 2);
	check_pages(&scene, "{\"class\":\"generic_password\",\"account\":\"3\"" ALL, 1);
	check_pages(&scene,
		    "{\"class\":\"generic_password\",\"service\":\"odd\",\"account\":\"3\"" ALL, 1);
	check_pages(&scene,
		    "{\"class\":\"generic_password\",\"return_data\":true,\"match_limit\":5}", 5);
	check_pages(&scene, "{\"class\":\"generic_password\",\"return_data\":true}", 1);
}

/* Pages of a token, then of the file. */
static void add_identities(struct scene *scene)
{
	static const char *const names[] = {"a", "b", "c", "d"};
	CLEANUP(sample_done) struct sample sample = {.n = 0};

	sample_add_certificate(&sample, "card 1", "ca", "1", "k1");
	sample_add_key(&sample, "slot 1", "k1", "pin");
	sample_add_certificate(&sample, "card 2", "ca", "2", "k2");
	sample_add_key(&sample, "slot 2", "k2", "pin");
	CHECK_OK(engine_publish(scene->engine, "org.keycask.test:A", sample.items, sample.n));
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct engine_part parts[] = {scene_certificate(names[i], "ca", names[i], names[i]),
					      scene_key(names[i], names[i])};

		CHECK(!scene_add_parts(scene, KC_OK, "{\"class\":\"identity\"}", parts, 2));
	}
}

TEST(pages_of_a_token_and_the_file)
{
	CLEANUP(scene_end) struct scene scene = scene_begin();

	scene.request.caller.sees_tokens = true;
	add_identities(&scene);
	check_pages(&scene, "{\"class\":\"certificate\"" ALL, 6);
	check_pages(&scene, "{\"class\":\"key\"" ALL, 6);
	check_pages(&scene, "{\"class\":\"identity\"" ALL, 6);
	check_pages(&scene, "{\"class\":\"identity\",\"key_class\":\"private\"" ALL, 6);
	check_pages(&scene, "{\"class\":\"identity\",\"issuer\":\"STpjYQ==\"" ALL, 6);
}

/* An item that does not fit any more comes with the next page; one alone is a page of its own. */
TEST(pages_end_before_what_does_not_fit)
{
	CLEANUP(scene_end) struct scene scene = scene_begin();
	CLEANUP(field_free) struct json_object *whole = NULL;
	CLEANUP(field_free) struct json_object *small = NULL;
	CLEANUP(field_free) struct json_object *narrow = NULL;
	int n_pages = 0;

	add_passwords(&scene);
	whole = read_all(&scene, PASSWORDS, &(struct engine_page){0}, &n_pages);
	small = read_all(&scene, PASSWORDS, &(struct engine_page){.bytes_max = 1}, &n_pages);
	CHECK_INT(n_pages, ITEMS);
	CHECK(json_object_equal(small, whole));
	narrow = read_all(&scene, PASSWORDS, &(struct engine_page){.values_max = 40}, &n_pages);
	CHECK(n_pages > 1 && n_pages < ITEMS);
	CHECK(json_object_equal(narrow, whole));
}

/* However full it is: what a page says of its size is what a message has. */
TEST(pages_fit_into_what_they_are_told)
{
	enum {
		BYTES = 2000
	};
	CLEANUP(scene_end) struct scene scene = scene_begin();
	CLEANUP(field_free) struct json_object *query = parse(PASSWORDS);
	struct engine_page page = {.bytes_max = BYTES};
	struct engine_cursor cursor = {0};

	CHECK(!scene_add(&scene, KC_OK,
			 "{\"class\":\"generic_password\",\"account\":\"\\u0001\\n\\\"\\\\ü\"}",
			 "secret"));
	add_passwords(&scene);
	while (!cursor.is_at_end) {
		CLEANUP(bytes_done) struct bytes text = BYTES_INIT(WIRE_MESSAGE_MAX);
		CLEANUP(field_free) struct json_object *items = NULL;

		CHECK_OK(engine_copy_page(scene.engine, &scene.request, query, &page, &cursor,
					  &items));
		CHECK_OK(message_put_value(&text, items));
		CHECK(text.len <= BYTES + 2);
		CHECK(cursor.is_at_end || text.len > BYTES / 2);
	}
}

TEST(pages_that_have_nothing_are_empty_until_the_last)
{
	CLEANUP(scene_end) struct scene scene = scene_begin();
	CLEANUP(field_free)
	struct json_object *query = parse("{\"class\":\"generic_password\",\"service\":\"even\","
					  "\"type\":7,\"match_limit\":\"all\"}");
	CLEANUP(field_free)
	struct json_object *one = parse("{\"class\":\"generic_password\",\"match_item_list\":"
					"[\"Z2VucAAAAAAAAAAAAAAAAAAAAAA=\"]}");
	struct engine_page page = {.rows_max = ITEMS / 2};
	struct engine_cursor cursor = {0};
	CLEANUP(field_free) struct json_object *items = NULL;

	add_passwords(&scene);
	CHECK_STATUS(engine_copy_page(scene.engine, &scene.request, query, &page, &cursor, &items),
		     KC_ERR_ITEM_NOT_FOUND);
	CHECK(!items);
	CHECK_OK(engine_copy_page(scene.engine, &scene.request, one, &page, &cursor, &items));
	CHECK_INT((int)json_object_array_length(items), 0);
	CHECK(!cursor.is_at_end);
	field_free(&items);
	CHECK_OK(engine_copy_page(scene.engine, &scene.request, one, &page, &cursor, &items));
	CHECK(!cursor.is_at_end);
	field_free(&items);
	CHECK_STATUS(engine_copy_page(scene.engine, &scene.request, one, &page, &cursor, &items),
		     KC_ERR_ITEM_NOT_FOUND);
}

static void check_accounts(struct json_object *items, const char *expected)
{
	char text[TEXT_MAX] = "";
	size_t len = 0;

	for (size_t i = 0; i < json_object_array_length(items); i++) {
		int n = snprintf(text + len, sizeof(text) - len, "%s ",
				 field_text(json_object_array_get_idx(items, i), "account"));

		CHECK(n > 0 && (size_t)n < sizeof(text) - len);
		len += (size_t)n;
	}
	CHECK_TEXT(text, expected);
}

/* What changes, comes or goes between two pages: nothing is in two, and what is new in none. */
static void check_changes(const char *query, const char *expected)
{
	CLEANUP(scene_end) struct scene scene = scene_begin();
	struct engine_cursor cursor = {0};
	CLEANUP(field_free) struct json_object *sum = NULL;

	add_passwords(&scene);
	sum = turn(&scene, query, 3, &cursor);
	scene_update(&scene, KC_OK, "{\"class\":\"generic_password\",\"account\":\"2\"}",
		     "{\"account\":\"two\"}");
	scene_update(&scene, KC_OK, "{\"class\":\"generic_password\",\"account\":\"10\"}",
		     "{\"account\":\"ten\"}");
	scene_delete(&scene, KC_OK, "{\"class\":\"generic_password\",\"account\":\"8\"}");
	scene_delete(&scene, KC_OK, "{\"class\":\"generic_password\",\"account\":\"0\"}");
	add_password(&scene, 0);
	add_password(&scene, 100);
	while (!cursor.is_at_end)
		join(sum, turn(&scene, query, 3, &cursor));
	check_accounts(sum, expected);
}

TEST(pages_among_changes)
{
	check_changes(PASSWORDS, "0 1 2 3 4 5 6 7 9 ten 11 ");
}

TEST(pages_of_an_index_among_changes)
{
	check_changes(ORDERLY, "0 2 4 6 ten ");
}

/* A token that is published again has the same places; one that comes anew is not seen. */
TEST(pages_of_a_token_that_is_published_again)
{
	CLEANUP(scene_end) struct scene scene = scene_begin();
	CLEANUP(sample_done) struct sample sample = {.n = 0};
	struct engine_cursor cursor = {0};
	CLEANUP(field_free) struct json_object *sum = NULL;

	scene.request.caller.sees_tokens = true;
	sample_add_certificate(&sample, "card 1", "ca", "1", "k1");
	sample_add_certificate(&sample, "card 2", "ca", "2", "k2");
	sample_add_certificate(&sample, "card 3", "ca", "3", "k3");
	CHECK_OK(engine_publish(scene.engine, "org.keycask.test:A", sample.items, sample.n));
	sum = turn(&scene, "{\"class\":\"certificate\"" ALL, 2, &cursor);
	CHECK_OK(engine_publish(scene.engine, "org.keycask.test:A", sample.items, sample.n));
	CHECK_OK(engine_publish(scene.engine, "org.keycask.test:B", sample.items, sample.n));
	while (!cursor.is_at_end)
		join(sum, turn(&scene, "{\"class\":\"certificate\"" ALL, 2, &cursor));
	CHECK_INT((int)json_object_array_length(sum), 3);
}

/* A failure leaves the cursor where it was: the page is there when its reason has gone. */
TEST(pages_behind_a_lock)
{
	CLEANUP(scene_end) struct scene scene = scene_begin();
	CLEANUP(field_free) struct json_object *query = parse(PASSWORDS);
	CLEANUP(field_free) struct json_object *first = NULL;
	CLEANUP(field_free) struct json_object *rest = NULL;
	struct engine_page page = {.rows_max = 5};
	struct engine_cursor cursor = {0};

	add_passwords(&scene);
	scene_set_password(&scene, "password");
	first = turn(&scene, PASSWORDS, page.rows_max, &cursor);
	scene_lock(&scene);
	CHECK_STATUS(engine_copy_page(scene.engine, &scene.request, query, &page, &cursor, &rest),
		     KC_ERR_INTERACTION_NOT_ALLOWED);
	CHECK_INT(cursor.n_items, 5);
	scene_unlock(&scene, "password");
	rest = turn(&scene, PASSWORDS, 0, &cursor);
	CHECK(cursor.is_at_end);
	CHECK_INT((int)json_object_array_length(rest), ITEMS - 5);
}

/* Several updates can make what no message brings at once, and none could bring back. */
TEST(pages_have_no_item_larger_than_a_message)
{
	enum {
		BYTES = 600 * 1024
	};
	CLEANUP(scene_end) struct scene scene = scene_begin();
	CLEANUP(freep) char *value = malloc(BYTES + 1);
	CLEANUP(freep) char *changes = malloc(BYTES + TEXT_MAX);

	CHECK(value && changes);
	memset(value, 'v', BYTES);
	value[BYTES] = 0;
	CHECK(!scene_add(&scene, KC_OK, "{\"class\":\"generic_password\",\"account\":\"a\"}",
			 value));
	CHECK(snprintf(changes, BYTES + TEXT_MAX, "{\"comment\":\"%s\"}", value) > 0);
	scene_update(&scene, KC_OK, "{\"class\":\"generic_password\"}", changes);
	scene_copy(&scene, KC_ERR_PARAM,
		   "{\"class\":\"generic_password\",\"return_data\":true,"
		   "\"return_attributes\":true}");
	scene_said("an item is larger than an answer can be");
	json_object_put(
		scene_copy(&scene, KC_OK, "{\"class\":\"generic_password\",\"return_data\":true}"));
	json_object_put(scene_copy(&scene, KC_OK,
				   "{\"class\":\"generic_password\",\"return_attributes\":true}"));
}
