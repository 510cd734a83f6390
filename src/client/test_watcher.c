/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Handlers of a token watcher. The canned daemon's stream is: A comes, B comes, A goes, the end; so
 * B has gone as well, and it all begins anew.
 */
#include <string.h>

#include <keycask/daemon.h>
#include <keycask/error.h>
#include <keycask/token.h>

#include "base/bytes.h"
#include "harness/canned_daemon.h"
#include "harness/test.h"

#define TOKENS                                                                                     \
	"[{\"token_id\":\"A\",\"driver\":\"d\",\"state\":\"present\"},"                            \
	"{\"token_id\":\"B\",\"driver\":\"d\",\"state\":\"refused\"}]"

static struct canned_daemon daemon;
static struct kc_token_watcher *watcher;
static char told[256]; /* "+A" inserted, "-A" removed */

static void start(void)
{
	told[0] = '\0';
	daemon = canned_daemon_start("[]", TOKENS);
	CHECK_OK(kc_token_watcher_new(&watcher));
}

static void stop(void)
{
	watcher = kc_token_watcher_free(watcher);
	kc_daemon_disconnect();
	canned_daemon_stop(&daemon);
}

static void note(char sign, const char *token_id)
{
	size_t n = strlen(told);

	CHECK(n + 3 < sizeof(told));
	told[n] = sign;
	told[n + 1] = token_id[0];
	told[n + 2] = '\0';
}

static bool has_told(const char *what)
{
	return strncmp(told, what, strlen(what)) == 0;
}

static void dispatch_until(const char *what)
{
	while (strlen(told) < strlen(what))
		CHECK_OK(kc_token_watcher_dispatch(watcher, -1));
	if (!has_told(what))
		CHECK_TEXT(told, what);
}

static void on_removal(const char *token_id, const struct kc_dictionary *token, void *userdata)
{
	CHECK_TEXT(kc_dictionary_text(token, KC_TOKEN_ID), token_id);
	note(userdata ? *(const char *)userdata : '-', token_id);
}

static void on_insertion(const char *token_id, const struct kc_dictionary *token, void *userdata)
{
	CHECK_TEXT(kc_dictionary_text(token, KC_TOKEN_ID), token_id);
	CHECK(userdata == told);
	if (strcmp(token_id, "A") == 0)
		CHECK_TEXT(kc_dictionary_text(token, KC_TOKEN_SLOT), "s");
	note('+', token_id);
}

static void on_insertion_watch_removal(const char *token_id, const struct kc_dictionary *token,
				       void *userdata)
{
	on_insertion(token_id, token, userdata);
	CHECK_OK(kc_token_watcher_add_removal_handler(watcher, token_id, on_removal, NULL));
}

TEST(insertions_and_removals_come_in_order_again_and_again)
{
	start();
	CHECK_OK(kc_token_watcher_set_insertion_handler(watcher, on_insertion_watch_removal, told));
	dispatch_until("+A+B-A-B+A+B-A-B");
	stop();
}

TEST(a_late_handler_is_told_of_those_present)
{
	struct kc_dictionary *event = NULL;

	start();
	for (int i = 0; i < 2; i++) {
		CHECK_OK(kc_token_watcher_next(watcher, -1, &event));
		kc_dictionary_free(event);
	}
	CHECK_OK(kc_token_watcher_set_insertion_handler(watcher, on_insertion, told));
	CHECK(has_told("")); /* not before dispatch */
	CHECK_INT(strlen(told), 0);
	CHECK_OK(kc_token_watcher_dispatch(watcher, 0));
	CHECK(has_told("+A+B"));
	stop();
}

TEST(a_removal_handler_of_an_absent_token_runs_once)
{
	start();
	CHECK_OK(kc_token_watcher_add_removal_handler(watcher, "X", on_removal, NULL));
	CHECK_INT(strlen(told), 0);
	CHECK_OK(kc_token_watcher_dispatch(watcher, 0));
	CHECK_TEXT(told, "-X");
	CHECK_OK(kc_token_watcher_dispatch(watcher, 0));
	CHECK_TEXT(told, "-X");
	/* One that is refused has no items in the keychain: it is not there. */
	CHECK_OK(kc_token_watcher_add_removal_handler(watcher, "B", on_removal, NULL));
	CHECK_OK(kc_token_watcher_dispatch(watcher, 0));
	CHECK(has_told("-X-B"));
	stop();
}

/* A is there, as the daemon knows, before the stream has told of it. */
TEST(a_removal_handler_of_a_present_token_waits)
{
	start();
	CHECK_OK(kc_token_watcher_set_insertion_handler(watcher, on_insertion, told));
	CHECK_OK(kc_token_watcher_add_removal_handler(watcher, "A", on_removal, NULL));
	dispatch_until("+A+B-A");
	stop();
}

TEST(one_removal_handler_for_each_token)
{
	char second = '2';

	start();
	CHECK_OK(kc_token_watcher_add_removal_handler(watcher, "X", on_removal, NULL));
	CHECK_OK(kc_token_watcher_add_removal_handler(watcher, "Y", on_removal, NULL));
	CHECK_OK(kc_token_watcher_add_removal_handler(watcher, "Z", on_removal, NULL));
	CHECK_OK(kc_token_watcher_add_removal_handler(watcher, "X", on_removal, &second));
	CHECK_OK(kc_token_watcher_add_removal_handler(watcher, "Y", NULL, NULL));
	CHECK_OK(kc_token_watcher_dispatch(watcher, 0));
	CHECK_INT(strlen(told), 4);
	CHECK(strstr(told, "2X") && strstr(told, "-Z"));
	stop();
}

static void on_insertion_free(const char *token_id, const struct kc_dictionary *token,
			      void *userdata)
{
	on_insertion(token_id, token, userdata);
	watcher = kc_token_watcher_free(watcher);
	CHECK_TEXT(kc_dictionary_text(token, KC_TOKEN_ID), token_id);
}

TEST(a_handler_may_free_its_watcher)
{
	start();
	CHECK_OK(kc_token_watcher_set_insertion_handler(watcher, on_insertion_free, told));
	CHECK_OK(kc_token_watcher_add_removal_handler(watcher, "A", on_removal, NULL));
	CHECK_OK(kc_token_watcher_dispatch(watcher, -1));
	CHECK_TEXT(told, "+A");
	CHECK(!watcher);
	stop();
}

static void on_insertion_rearrange(const char *token_id, const struct kc_dictionary *token,
				   void *userdata)
{
	on_insertion(token_id, token, userdata);
	CHECK_STATUS(kc_token_watcher_dispatch(watcher, 0), KC_ERR_PARAM);
	CHECK_TEXT(kc_error_message(kc_error_last()), "this watcher's handlers run already");
	CHECK_OK(kc_token_watcher_add_removal_handler(watcher, "A", NULL, NULL));
	CHECK_OK(kc_token_watcher_set_insertion_handler(watcher, NULL, NULL));
}

TEST(a_handler_may_remove_handlers)
{
	start();
	CHECK_OK(kc_token_watcher_add_removal_handler(watcher, "A", on_removal, NULL));
	CHECK_OK(kc_token_watcher_set_insertion_handler(watcher, on_insertion_rearrange, told));
	CHECK_OK(kc_token_watcher_dispatch(watcher, -1));
	CHECK_INT(kc_error_status(kc_error_last()), KC_OK);
	CHECK_OK(kc_token_watcher_dispatch(watcher, 0));
	CHECK_TEXT(told, "+A");
	stop();
}

TEST(token_ids_are_those_present_now)
{
	struct kc_value *token_ids = NULL;

	start();
	CHECK_OK(kc_token_watcher_copy_token_ids(watcher, &token_ids));
	CHECK_INT(kc_value_count(token_ids), 1);
	CHECK_TEXT(kc_value_text(kc_value_at(token_ids, 0)), "A");
	token_ids = kc_value_free(token_ids);
	CHECK(kc_token_watcher_has_daemon(watcher));
	canned_daemon_stop(&daemon);
	CHECK_OK(kc_token_watcher_copy_token_ids(watcher, &token_ids));
	CHECK_INT(kc_value_count(token_ids), 0);
	kc_value_free(token_ids);
	/* Nor is any token there to wait for. */
	CHECK_OK(kc_token_watcher_add_removal_handler(watcher, "Q", on_removal, NULL));
	CHECK_OK(kc_token_watcher_dispatch(watcher, 0));
	CHECK(strstr(told, "-Q"));
	/* What the daemon said before its end comes first. */
	while (kc_token_watcher_has_daemon(watcher))
		CHECK_OK(kc_token_watcher_dispatch(watcher, 10));
	CHECK(!kc_token_watcher_has_daemon(NULL));
	kc_token_watcher_free(watcher);
	kc_daemon_disconnect();
}

TEST(nothing_is_refused)
{
	struct kc_value *token_ids = NULL;

	CHECK_STATUS(kc_token_watcher_dispatch(NULL, 0), KC_ERR_PARAM);
	CHECK_TEXT(kc_error_message(kc_error_last()), "no watcher");
	CHECK_STATUS(kc_token_watcher_set_insertion_handler(NULL, on_insertion, NULL),
		     KC_ERR_PARAM);
	CHECK_STATUS(kc_token_watcher_copy_token_ids(NULL, &token_ids), KC_ERR_PARAM);
	start();
	CHECK_STATUS(kc_token_watcher_add_removal_handler(watcher, "", on_removal, NULL),
		     KC_ERR_PARAM);
	CHECK_TEXT(kc_error_message(kc_error_last()), "no token ID");
	stop();
}
