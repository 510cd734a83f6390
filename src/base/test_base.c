/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tests of the ground floor: buffers, secrets, lists, the error record. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/list.h"
#include "base/log.h"
#include "base/secret.h"
#include "base/try.h"
#include "harness/test.h"

TEST(bytes_grow_up_to_their_maximum_and_no_further)
{
	CLEANUP(bytes_done) struct bytes bytes = BYTES_INIT(100);
	uint8_t block[70] = {0};

	CHECK_OK(bytes_append(&bytes, VIEW_OF(block)));
	CHECK_STATUS(bytes_append(&bytes, VIEW_OF(block)), KC_ERR_PARAM);
	CHECK_INT(bytes.len, 70);
	CHECK_OK(bytes_append(&bytes, view_of(block, 30)));
	CHECK_INT(bytes.len, 100);
	CHECK_STATUS(bytes_append_byte(&bytes, 1), KC_ERR_PARAM);
}

TEST(bytes_consume_moves_the_rest_to_the_front_and_wipes_the_tail)
{
	CLEANUP(bytes_done) struct bytes bytes = BYTES_INIT(16);

	CHECK_OK(bytes_append(&bytes, view_of_text("abcdef")));
	bytes_consume(&bytes, 4);
	CHECK(view_equal(bytes_view(&bytes), view_of_text("ef")));
	CHECK_INT(bytes.data[4], 0);
}

TEST(bytes_take_leaves_an_empty_buffer)
{
	CLEANUP(bytes_done) struct bytes bytes = BYTES_INIT(16);
	struct kc_bytes taken;

	CHECK_OK(bytes_append(&bytes, view_of_text("x")));
	taken = bytes_take(&bytes);
	CHECK_INT(taken.len, 1);
	CHECK_INT(bytes.len, 0);
	kc_bytes_free(&taken);
	CHECK(!taken.data);
}

TEST(view_slice_never_leaves_the_view)
{
	struct kc_view view = view_of_text("abc");

	CHECK(view_equal(view_slice(view, 1, 9), view_of_text("bc")));
	CHECK_INT(view_slice(view, 3, 1).len, 0);
	CHECK_INT(view_slice(view, 99, 1).len, 0);
}

TEST(a_view_becomes_text_without_a_look_behind_it)
{
	static const uint8_t unterminated[] = {'a', 'b', 'c'};
	char *text = view_copy_text(view_of(unterminated, sizeof(unterminated)));
	char *empty = view_copy_text((struct kc_view){NULL, 0});

	CHECK_TEXT(text, "abc");
	CHECK_TEXT(empty, "");
	free(text);
	free(empty);
}

TEST(secret_moves_and_is_never_in_two_places)
{
	CLEANUP(secret_done) struct secret secret = {0};
	struct secret moved;

	CHECK_OK(secret_init(&secret, view_of_text("123456")));
	moved = secret_take(&secret);
	CHECK(!secret.data);
	CHECK(view_equal(secret_view(&moved), view_of_text("123456")));
	secret_done(&moved);
}

TEST(secret_may_be_longer_than_a_page)
{
	CLEANUP(secret_done) struct secret secret = {0};
	static const uint8_t block[SECRET_MAX] = {[SECRET_MAX - 1] = 1};

	CHECK_OK(secret_init(&secret, VIEW_OF(block)));
	CHECK(view_equal(secret_view(&secret), VIEW_OF(block)));
}

TEST(secret_refuses_what_is_too_long)
{
	struct secret secret = {0};
	static const uint8_t block[SECRET_MAX + 1];

	CHECK_STATUS(secret_init(&secret, VIEW_OF(block)), KC_ERR_PARAM);
	CHECK(!secret.data);
}

TEST(error_first_cause_wins)
{
	error_clear();
	CHECK_STATUS(fail(KC_ERR_DECODE, "byte %d", 3), KC_ERR_DECODE);
	CHECK_STATUS(fail(KC_ERR_INTERNAL, "something else"), KC_ERR_INTERNAL);
	CHECK_INT(error_get()->status, KC_ERR_DECODE);
	CHECK_TEXT(error_get()->message, "byte 3");
	CHECK(strncmp(error_get()->origin, "base/test_base.c:", 17) == 0);
	error_clear();
	CHECK_INT(error_get()->status, KC_OK);
	CHECK_INT(error_get()->tries_left, -1);
}

TEST(error_long_messages_are_cut_not_overrun)
{
	char text[2 * ERROR_MESSAGE_MAX];

	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	error_clear();
	ignore(fail(KC_ERR_PARAM, "%s", text));
	error_set_token(text, text);
	CHECK_INT(strlen(error_get()->message), ERROR_MESSAGE_MAX - 1);
	CHECK_INT(strlen(error_get()->token_id), ERROR_NAME_MAX - 1);
}

struct entry {
	int number;
	struct list link;
};

TEST(list_keeps_order_and_removal_is_idempotent)
{
	struct list list;
	struct entry a = {.number = 1};
	struct entry b = {.number = 2};
	int sum = 0;

	list_init(&list);
	list_append(&list, &a.link);
	list_append(&list, &b.link);
	CHECK_INT(list_entry(list.next, struct entry, link)->number, 1);
	list_for_each_safe (link, &list) {
		sum += list_entry(link, struct entry, link)->number;
		list_remove(link);
	}
	CHECK_INT(sum, 3);
	list_remove(&a.link);
	CHECK(list_is_empty(&list));
}

TEST(every_status_has_a_name)
{
	CHECK_TEXT(kc_status_name(KC_OK), "success");
	CHECK_TEXT(kc_status_name(KC_ERR_ITEM_NOT_FOUND), "item_not_found");
	CHECK_TEXT(kc_status_name(KC_ERR_PIN_BLOCKED), "pin_blocked");
	CHECK_TEXT(kc_status_name((enum kc_status)7), "unknown");
}

TEST(a_log_line_is_one_line)
{
	char text[128] = "";
	int ends[2] = {-1, -1};
	int before = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);

	CHECK_INT(pipe(ends), 0);
	CHECK(dup2(ends[1], STDERR_FILENO) >= 0);
	log_line(LOG_LEVEL_ERROR, "card session of %s",
		 "a\nkeycaskd[1] info: \033[2JM\xc3\xbcller");
	CHECK(dup2(before, STDERR_FILENO) >= 0);
	CHECK(read(ends[0], text, sizeof(text) - 1) > 0);
	CHECK(strstr(text, " error: card session of a?keycaskd[1] info: ?[2JM\xc3\xbcller\n") !=
	      NULL);
	CHECK(strchr(text, '\n') == text + strlen(text) - 1);
	close(ends[0]);
	close(ends[1]);
	close(before);
}
