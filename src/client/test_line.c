/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The line to the daemon: what is repeated and what never, fork, threads, the watcher, autostart.
 */
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <keycask/daemon.h>
#include <keycask/error.h>
#include <keycask/item.h>
#include <keycask/key.h>
#include <keycask/token.h>

#include "base/bytes.h"
#include "base/try.h"
#include "client/launch.h"
#include "client/line.h"
#include "harness/canned_daemon.h"
#include "harness/refused_call.h"
#include "harness/test.h"

#define ITEMS "[{\"class\":\"key\",\"label\":\"L\",\"value_persistent_ref\":\"cmVm\"}]"

static enum kc_status query(void)
{
	struct kc_dictionary *dictionary = KC_DICTIONARY({KC_CLASS, KC_TEXT("key")});
	enum kc_status status = kc_item_copy_matching(dictionary, NULL);

	kc_dictionary_free(dictionary);
	return status;
}

static enum kc_status sign(const char *pin, struct kc_bytes *ret_signature)
{
	struct kc_options options = KC_OPTIONS_INIT;
	struct kc_key *key = NULL;
	enum kc_status status = kc_key_from_persistent_ref(view_of_text("ref"), &key);

	if (pin)
		options.pin = view_of_text(pin);
	options.interaction = KC_INTERACTION_FAIL;
	if (status == KC_OK)
		status = kc_key_sign(key, KC_ALGORITHM_RSA_SIGNATURE_MESSAGE_PKCS1V15_SHA256,
				     view_of_text("data"), &options, ret_signature);
	kc_key_free(key);
	return status;
}

TEST(calls_share_one_connection)
{
	struct canned_daemon daemon = canned_daemon_start(ITEMS, "[]");

	CHECK_OK(query());
	CHECK_OK(query());
	CHECK_INT(daemon.state->n_connections, 1);
	CHECK_INT(daemon.state->n_queries, 2);
	kc_daemon_disconnect();
	canned_daemon_stop(&daemon);
}

static int line_descriptor(void)
{
	int fd = wire_client_fd(line_hold().client);

	line_release();
	return fd;
}

/* As daemons do it that close whatever they have inherited. */
TEST(what_the_application_has_closed_is_made_anew)
{
	struct canned_daemon daemon = canned_daemon_start(ITEMS, "[]");
	int file = memfd_create("the application's", MFD_CLOEXEC);
	struct stat info;
	int fd = -1;

	CHECK_OK(query());
	close(line_descriptor());
	CHECK_OK(query());
	CHECK_INT(daemon.state->n_connections, 2);
	fd = line_descriptor();
	CHECK_INT(dup3(file, fd, O_CLOEXEC), fd);
	CHECK_OK(query());
	CHECK_INT(daemon.state->n_connections, 3);
	CHECK(line_descriptor() != fd);
	CHECK_INT(fstat(fd, &info), 0); /* nobody closed it */
	CHECK_INT(info.st_size, 0);
	close(fd);
	fd = line_descriptor();
	CHECK_INT(dup3(file, fd, O_CLOEXEC), fd);
	kc_daemon_disconnect();
	CHECK_INT(fstat(fd, &info), 0);
	CHECK_INT(info.st_size, 0);
	close(fd);
	close(file);
	canned_daemon_stop(&daemon);
}

static void *sign_in_a_thread(void *unused)
{
	struct kc_bytes signature = {NULL, 0};

	CHECK_OK(sign(NULL, &signature));
	kc_bytes_free(&signature);
	return unused;
}

/* A signature that waits for a person keeps no other thread from looking something up. */
TEST(who_looks_something_up_waits_for_nobody)
{
	struct canned_daemon daemon = canned_daemon_start(ITEMS, "[]");
	struct kc_value *tokens = NULL;
	pthread_t thread;

	daemon.state->holds_sign = true;
	CHECK(pthread_create(&thread, NULL, sign_in_a_thread, NULL) == 0);
	CHECK(sem_wait(&daemon.state->sign_is_here) == 0);
	CHECK_OK(query());
	CHECK_OK(kc_token_list(&tokens));
	kc_value_free(tokens);
	CHECK_INT(daemon.state->n_connections, 2);
	CHECK(sem_post(&daemon.state->sign_may_go) == 0);
	CHECK(pthread_join(thread, NULL) == 0);
	daemon.state->holds_sign = false;
	CHECK_OK(query()); /* on the first connection again */
	CHECK_INT(daemon.state->n_connections, 2);
	kc_daemon_disconnect();
	canned_daemon_stop(&daemon);
}

TEST(a_query_is_asked_again_when_the_connection_breaks)
{
	struct canned_daemon daemon = canned_daemon_start(ITEMS, "[]");

	daemon.state->dies_on_query = true;
	CHECK_OK(query());
	CHECK_INT(daemon.state->n_queries, 2);
	CHECK_INT(daemon.state->n_connections, 2);
	kc_daemon_disconnect();
	canned_daemon_stop(&daemon);
}

#define THREE                                                                                      \
	"[{\"class\":\"key\",\"label\":\"A\"},{\"class\":\"key\",\"label\":\"B\"},"                \
	"{\"class\":\"key\",\"label\":\"C\"}]"

/* How many keys it has, all of which must be different; 0 when it fails. */
static size_t count_keys(enum kc_status expected)
{
	struct kc_dictionary *dictionary =
		KC_DICTIONARY({KC_CLASS, KC_TEXT("key")}, {KC_RETURN_ATTRIBUTES, KC_TRUE},
			      {KC_MATCH_LIMIT, KC_TEXT(KC_MATCH_LIMIT_ALL)});
	struct kc_value *found = NULL;
	size_t n = 0;

	CHECK_STATUS(kc_item_copy_matching(dictionary, &found), expected);
	CHECK((found != NULL) == (expected == KC_OK));
	n = found ? kc_value_count(found) : 0;
	for (size_t i = 1; i < n; i++)
		CHECK(strcmp(kc_dictionary_text(kc_value_dictionary(kc_value_at(found, i - 1)),
						KC_ATTR_LABEL),
			     kc_dictionary_text(kc_value_dictionary(kc_value_at(found, i)),
						KC_ATTR_LABEL)) < 0);
	kc_value_free(found);
	kc_dictionary_free(dictionary);
	return n;
}

TEST(pages_are_one_result)
{
	struct canned_daemon daemon = canned_daemon_start(THREE, "[]");

	daemon.state->answers_in_pages = true;
	CHECK_INT(count_keys(KC_OK), 3);
	CHECK_INT(daemon.state->n_queries, 1);
	kc_daemon_disconnect();
	canned_daemon_stop(&daemon);
}

TEST(pages_before_the_connection_broke_are_void)
{
	struct canned_daemon daemon = canned_daemon_start(THREE, "[]");

	daemon.state->answers_in_pages = true;
	daemon.state->dies_after_page = true;
	CHECK_INT(count_keys(KC_OK), 3);
	CHECK_INT(daemon.state->n_queries, 2);
	kc_daemon_disconnect();
	canned_daemon_stop(&daemon);
}

TEST(a_failure_after_pages_is_the_result)
{
	struct canned_daemon daemon = canned_daemon_start(THREE, "[]");

	daemon.state->answers_in_pages = true;
	daemon.state->fails_after_page = true;
	CHECK_INT(count_keys(KC_ERR_INTERACTION_NOT_ALLOWED), 0);
	daemon.state->fails_after_page = false;
	CHECK_INT(count_keys(KC_OK), 3);
	CHECK_INT(daemon.state->n_connections, 1);
	kc_daemon_disconnect();
	canned_daemon_stop(&daemon);
}

TEST(a_signature_is_never_asked_for_twice)
{
	struct canned_daemon daemon = canned_daemon_start(ITEMS, "[]");
	struct kc_bytes signature = {NULL, 0};

	daemon.state->dies_on_sign = true;
	CHECK_STATUS(sign(NULL, &signature), KC_ERR_NOT_AVAILABLE);
	CHECK_INT(daemon.state->n_signs, 1);
	CHECK(!signature.data);
	daemon.state->dies_on_sign = false;
	CHECK_OK(sign(NULL, &signature));
	CHECK_INT(daemon.state->n_signs, 2);
	kc_bytes_free(&signature);
	kc_daemon_disconnect();
	canned_daemon_stop(&daemon);
}

TEST(a_signature_is_sent_on_a_line_that_stands)
{
	struct canned_daemon daemon = canned_daemon_start(ITEMS, "[]");
	struct kc_bytes signature = {NULL, 0};
	struct pollfd poll_line = {.fd = open("/dev/null", O_RDONLY), .events = POLLRDHUP};

	/* The line takes this number next; wait until it has noticed. */
	close(poll_line.fd);
	CHECK_OK(query());
	canned_daemon_stop(&daemon);
	CHECK(poll(&poll_line, 1, -1) == 1 && (poll_line.revents & POLLNVAL) == 0);
	daemon = canned_daemon_start(ITEMS, "[]");
	CHECK_OK(sign(NULL, &signature));
	CHECK_INT(daemon.state->n_signs, 1);
	kc_bytes_free(&signature);
	kc_daemon_disconnect();
	canned_daemon_stop(&daemon);
}

TEST(a_pin_travels_sealed_and_a_failure_keeps_its_record)
{
	struct canned_daemon daemon = canned_daemon_start(ITEMS, "[]");
	struct kc_bytes signature = {NULL, 0};

	CHECK_OK(sign("123456", &signature));
	CHECK_HEX(view_of(signature.data, signature.len), "7369676e6174757265");
	CHECK_TEXT(daemon.state->pin, "123456");
	CHECK(strstr(daemon.state->interaction, "\"authentication_ui\":\"fail\""));
	CHECK(!strstr(daemon.state->interaction, "tty"));
	kc_bytes_free(&signature);
	CHECK_STATUS(sign("", &signature), KC_ERR_AUTH_FAILED);
	CHECK_INT(kc_error_sw(kc_error_last()), 0x63c2);
	CHECK_INT(kc_error_tries_left(kc_error_last()), 2);
	CHECK_TEXT(kc_error_token_id(kc_error_last()), "org.keycask.piv:00");
	CHECK_TEXT(kc_error_message(kc_error_last()), "wrong PIN");
	kc_daemon_disconnect();
	canned_daemon_stop(&daemon);
}

TEST(options_of_another_size_are_refused)
{
	struct kc_options options = KC_OPTIONS_INIT;
	struct kc_bytes signature = {NULL, 0};
	struct kc_key *key = NULL;

	options.size = 3;
	CHECK_OK(kc_key_from_persistent_ref(view_of_text("ref"), &key));
	CHECK_STATUS(kc_key_sign(key, "x", view_of_text("d"), &options, &signature), KC_ERR_PARAM);
	kc_key_free(key);
}

TEST(verify_tells_a_wrong_signature_from_a_failure)
{
	struct canned_daemon daemon = canned_daemon_start(ITEMS, "[]");
	struct kc_key *key = NULL;
	bool is_supported = false;

	CHECK_OK(kc_key_from_persistent_ref(view_of_text("ref"), &key));
	CHECK_OK(kc_key_verify(key, "a", view_of_text("d"), view_of_text("signature")));
	CHECK_STATUS(kc_key_verify(key, "a", view_of_text("d"), view_of_text("x")),
		     KC_ERR_VERIFY_FAILED);
	CHECK_OK(kc_key_is_algorithm_supported(key, "sign", "a", &is_supported));
	CHECK(is_supported);
	kc_key_free(key);
	kc_daemon_disconnect();
	canned_daemon_stop(&daemon);
}

static struct kc_key *new_key(void)
{
	struct kc_key *key = NULL;

	CHECK_OK(kc_key_from_persistent_ref(view_of_text("ref"), &key));
	return key;
}

static bool has_sent(const struct canned_daemon *daemon, const char *text)
{
	return strstr(daemon->state->parameters, text) != NULL;
}

TEST(decryption_is_a_call_like_signing)
{
	struct canned_daemon daemon = canned_daemon_start(ITEMS, "[]");
	struct kc_options options = KC_OPTIONS_INIT;
	struct kc_bytes out = {NULL, 0};
	struct kc_key *key = new_key();

	options.pin = view_of_text("123456");
	CHECK_OK(kc_key_decrypt(key, "a", view_of_text("d"), &options, &out));
	CHECK_HEX(view_of(out.data, out.len), "7369676e6174757265");
	CHECK(has_sent(&daemon, "\"key\":\"cmVm\",\"algorithm\":\"a\",\"data\":\"ZA==\""));
	CHECK_TEXT(daemon.state->pin, "123456");
	kc_bytes_free(&out);
	options.pin = view_of_text("");
	CHECK_STATUS(kc_key_decrypt(key, "a", view_of_text("d"), &options, &out),
		     KC_ERR_AUTH_FAILED);
	CHECK_STATUS(kc_key_decrypt(key, NULL, view_of_text("d"), NULL, &out), KC_ERR_PARAM);
	CHECK_STATUS(kc_key_decrypt(NULL, "a", view_of_text("d"), NULL, &out), KC_ERR_PARAM);
	CHECK_TEXT(kc_error_message(kc_error_last()), "no key");
	kc_key_free(key);
	kc_daemon_disconnect();
	canned_daemon_stop(&daemon);
}

TEST(an_exchange_sends_what_it_is_given)
{
	struct canned_daemon daemon = canned_daemon_start(ITEMS, "[]");
	struct kc_exchange exchange = KC_EXCHANGE_INIT;
	struct kc_bytes out = {NULL, 0};
	struct kc_key *key = new_key();

	CHECK_OK(kc_key_exchange(key, "a", view_of_text("p"), NULL, NULL, &out));
	CHECK(has_sent(&daemon, "\"public_key\":\"cA==\""));
	CHECK(!has_sent(&daemon, "requested_size") && !has_sent(&daemon, "shared_info"));
	kc_bytes_free(&out);
	exchange.requested_size = 16;
	exchange.shared_info = view_of_text("i");
	CHECK_OK(kc_key_exchange(key, "a", view_of_text("p"), &exchange, NULL, &out));
	CHECK(has_sent(&daemon, "\"requested_size\":16,\"shared_info\":\"aQ==\""));
	kc_bytes_free(&out);
	exchange.size = 0;
	CHECK_STATUS(kc_key_exchange(key, "a", view_of_text("p"), &exchange, NULL, &out),
		     KC_ERR_PARAM);
	CHECK(strstr(kc_error_message(kc_error_last()), "KC_EXCHANGE_INIT"));
	kc_key_free(key);
	kc_daemon_disconnect();
	canned_daemon_stop(&daemon);
}

TEST(a_public_key_does_what_is_public)
{
	struct canned_daemon daemon = canned_daemon_start(ITEMS, "[]");
	struct kc_bytes out = {NULL, 0};
	struct kc_key *public_key = NULL;
	struct kc_key *key = new_key();
	bool is_supported = true;

	CHECK_STATUS(kc_key_copy_public(NULL, &public_key), KC_ERR_PARAM);
	CHECK_OK(kc_key_copy_public(key, &public_key));
	CHECK_INT(kc_key_persistent_ref(public_key).len, 0);
	CHECK_OK(kc_key_encrypt(public_key, "a", view_of_text("d"), &out));
	CHECK_HEX(view_of(out.data, out.len), "64");
	kc_bytes_free(&out);
	CHECK_OK(kc_key_verify(public_key, "a", view_of_text("d"), view_of_text("signature")));
	CHECK_STATUS(kc_key_sign(public_key, "a", view_of_text("d"), NULL, &out), KC_ERR_PARAM);
	CHECK_TEXT(kc_error_message(kc_error_last()), "a public key cannot sign");
	CHECK_STATUS(kc_key_decrypt(public_key, "a", view_of_text("d"), NULL, &out), KC_ERR_PARAM);
	CHECK_STATUS(kc_key_exchange(public_key, "a", view_of_text("d"), NULL, NULL, &out),
		     KC_ERR_PARAM);
	CHECK_OK(kc_key_is_algorithm_supported(public_key, "decrypt", "a", &is_supported));
	CHECK(!is_supported);
	CHECK_OK(kc_key_is_algorithm_supported(public_key, "encrypt", "a", &is_supported));
	CHECK(is_supported);
	CHECK_OK(kc_key_copy_external_representation(public_key, &out));
	CHECK_HEX(view_of(out.data, out.len), "707562");
	kc_bytes_free(&out);
	CHECK_STATUS(kc_key_copy_public_info(public_key, &out), KC_ERR_UNIMPLEMENTED);
	CHECK_STATUS(kc_key_copy_external_representation(key, &out), KC_ERR_UNIMPLEMENTED);
	kc_key_free(public_key);
	kc_key_free(key);
	kc_daemon_disconnect();
	canned_daemon_stop(&daemon);
}

TEST(a_child_has_a_connection_of_its_own)
{
	struct canned_daemon daemon = canned_daemon_start(ITEMS, "[]");
	int status = 0;
	pid_t pid = 0;

	CHECK_OK(query());
	pid = fork();
	if (pid == 0)
		_exit(query() == KC_OK ? 0 : 1);
	CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0);
	CHECK_OK(query());
	CHECK_INT(daemon.state->n_connections, 2);
	CHECK_INT(daemon.state->n_queries, 3);
	kc_daemon_disconnect();
	canned_daemon_stop(&daemon);
}

/* Who looks for fork() at each call does not ask the kernel each time: p11_module.c alone did ten
 * times for a signature. A line that took itself for a child's would be a second one. */
TEST(the_kernel_is_not_asked_who_we_are)
{
	struct canned_daemon daemon = {.state = NULL};

	if (!REFUSED_CALL_HAS_GETPID)
		return;
	daemon = canned_daemon_start(ITEMS, "[]");
	CHECK_OK(query());
	refused_call_begin(SYS_getpid, -1);
	CHECK(getpid() < 0);
	CHECK_OK(query());
	CHECK_INT(daemon.state->n_connections, 1);
	kc_daemon_disconnect();
	canned_daemon_stop(&daemon);
}

static void *query_often(void *userdata)
{
	int *n_good = userdata;

	for (int i = 0; i < 50; i++)
		*n_good += query() == KC_OK ? 1 : 0;
	return NULL;
}

static void *sign_often(void *userdata)
{
	int *n_good = userdata;

	for (int i = 0; i < 50; i++) {
		struct kc_bytes signature = {NULL, 0};

		*n_good += sign(NULL, &signature) == KC_OK ? 1 : 0;
		kc_bytes_free(&signature);
	}
	return NULL;
}

static void in_threads(void *(*run)(void *userdata))
{
	pthread_t threads[8];
	int n_good[8] = {0};

	for (size_t i = 0; i < ARRAY_LEN(threads); i++)
		CHECK(pthread_create(&threads[i], NULL, run, &n_good[i]) == 0);
	for (size_t i = 0; i < ARRAY_LEN(threads); i++) {
		CHECK(pthread_join(threads[i], NULL) == 0);
		CHECK_INT(n_good[i], 50);
	}
}

/* Signatures are made on one connection, to which PINs belong; reading has three more at most. */
TEST(threads_share_the_line)
{
	struct canned_daemon daemon = canned_daemon_start(ITEMS, "[]");

	in_threads(sign_often);
	CHECK_INT(daemon.state->n_connections, 1);
	in_threads(query_often);
	CHECK(daemon.state->n_connections <= 4);
	kc_daemon_disconnect();
	canned_daemon_stop(&daemon);
}

/* --- the watcher --------------------------------------------------------------------------- */

static void check_event(struct kc_token_watcher *watcher, const char *what, const char *token_id)
{
	struct kc_dictionary *event = NULL;

	CHECK_OK(kc_token_watcher_next(watcher, -1, &event));
	CHECK(event);
	CHECK_TEXT(kc_dictionary_text(event, KC_EVENT), what);
	CHECK_TEXT(kc_dictionary_text(event, KC_TOKEN_ID), token_id);
	kc_dictionary_free(event);
}

TEST(a_watcher_outlives_its_daemon)
{
	struct canned_daemon daemon = canned_daemon_start(ITEMS, "[]");
	struct kc_token_watcher *watcher = NULL;
	int fd = -1;

	CHECK_OK(kc_token_watcher_new(&watcher));
	fd = kc_token_watcher_fd(watcher);
	for (int i = 0; i < 2; i++) {
		check_event(watcher, "inserted", "A");
		check_event(watcher, "inserted", "B");
		check_event(watcher, "removed", "A");
		/* Its daemon has gone: so has B. */
		check_event(watcher, "removed", "B");
	}
	CHECK_INT(kc_token_watcher_fd(watcher), fd);
	CHECK(daemon.state->n_watches >= 2);
	watcher = kc_token_watcher_free(watcher);
	kc_daemon_disconnect();
	canned_daemon_stop(&daemon);
}

TEST(a_watcher_says_when_nothing_came)
{
	struct canned_daemon daemon = canned_daemon_start(ITEMS, "[]");
	struct kc_token_watcher *watcher = NULL;
	struct kc_dictionary *event = NULL;
	struct pollfd poll_watcher = {.events = POLLIN};

	CHECK_OK(kc_token_watcher_new(&watcher));
	poll_watcher.fd = kc_token_watcher_fd(watcher);
	for (int i = 0; i < 4; i++)
		check_event(watcher, i < 2 ? "inserted" : "removed", i % 2 == 0 ? "A" : "B");
	canned_daemon_stop(&daemon);
	do {
		event = kc_dictionary_free(event);
		CHECK_OK(kc_token_watcher_next(watcher, 0, &event));
	} while (event);
	/* It goes on looking for a daemon. */
	CHECK_INT(poll(&poll_watcher, 1, -1), 1);
	CHECK_OK(kc_token_watcher_next(watcher, 0, &event));
	CHECK(!event);
	kc_token_watcher_free(watcher);
}

TEST(a_watcher_works_on_in_a_child)
{
	struct canned_daemon daemon = canned_daemon_start(ITEMS, "[]");
	struct kc_token_watcher *watcher = NULL;
	int status = 0;
	pid_t pid = 0;

	CHECK_OK(kc_token_watcher_new(&watcher));
	check_event(watcher, "inserted", "A");
	pid = fork();
	if (pid == 0) {
		check_event(watcher, "removed", "A");
		check_event(watcher, "inserted", "A");
		_exit(0);
	}
	CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0);
	check_event(watcher, "inserted", "B");
	kc_token_watcher_free(watcher);
	kc_daemon_disconnect();
	canned_daemon_stop(&daemon);
}

/* --- autostart ----------------------------------------------------------------------------- */

static int n_signals;

static void on_child(int number)
{
	(void)number;
	n_signals++;
}

/* A program keycaskd that does what the shell text @body says. */
static void make_program(const char *body)
{
	char path[200];
	FILE *file = NULL;

	CHECK(snprintf(path, sizeof(path), "%s/keycaskd", test_directory()) < (int)sizeof(path));
	file = fopen(path, "we");
	CHECK(file);
	CHECK(fprintf(file, "#!/bin/sh\n%s\n", body) > 0 && fclose(file) == 0);
	CHECK(chmod(path, 0700) == 0);
	CHECK(setenv("KEYCASK_LIBEXEC_DIR", test_directory(), 1) == 0);
	CHECK(snprintf(path, sizeof(path), "%s/none", test_directory()) < (int)sizeof(path));
	CHECK(setenv("KEYCASK_SOCKET", path, 1) == 0);
}

TEST(a_daemon_that_does_not_start_says_why)
{
	struct sigaction action = {.sa_handler = on_child};
	struct kc_value *tokens = NULL;

	CHECK(sigaction(SIGCHLD, &action, NULL) == 0);
	make_program("echo first >&2; echo \"no room: $*\" >&2; exit 3");
	CHECK_STATUS(kc_token_list(&tokens), KC_ERR_NOT_AVAILABLE);
	CHECK_TEXT(kc_error_message(kc_error_last()),
		   "keycaskd did not start: no room: --user --detach");
	CHECK(strstr(kc_error_hint(kc_error_last()), "keycaskd --user"));
	/* The application has not noticed that there was a child. */
	CHECK_INT(n_signals, 0);
	CHECK(waitpid(-1, NULL, WNOHANG) < 0);
}

TEST(no_daemon_is_started_when_that_is_forbidden)
{
	struct kc_value *tokens = NULL;

	make_program("exit 3");
	CHECK(setenv("KEYCASK_AUTOSTART", "0", 1) == 0);
	CHECK_STATUS(kc_token_list(&tokens), KC_ERR_NOT_AVAILABLE);
	CHECK(strstr(kc_error_message(kc_error_last()), "cannot connect"));
	CHECK(unsetenv("KEYCASK_AUTOSTART") == 0);
	CHECK_STATUS(kc_daemon_stop(), KC_ERR_NOT_AVAILABLE);
	CHECK(strstr(kc_error_message(kc_error_last()), "cannot connect"));
}

TEST(nothing_is_started_when_the_program_says_so)
{
	struct kc_token_watcher *watcher = NULL;
	struct kc_value *tokens = NULL;

	make_program("exit 3");
	kc_daemon_set_autostart(false);
	CHECK_STATUS(kc_token_list(&tokens), KC_ERR_NOT_AVAILABLE);
	CHECK(strstr(kc_error_message(kc_error_last()), "cannot connect"));
	CHECK_TEXT(kc_error_hint(kc_error_last()), "start the daemon: keycask daemon start");
	CHECK_STATUS(kc_token_watcher_new(&watcher), KC_ERR_NOT_AVAILABLE);
	kc_daemon_set_autostart(true);
	CHECK_STATUS(kc_token_list(&tokens), KC_ERR_NOT_AVAILABLE);
	CHECK(strstr(kc_error_message(kc_error_last()), "keycaskd did not start"));
}

static int run_shell(const char *text, int timeout_ms, char *ret_said, size_t size)
{
	const char *const arguments[] = {"/bin/sh", "-c", text, NULL};
	int exit_status = -1;

	if (launch_run("/bin/sh", arguments, timeout_ms, &exit_status, ret_said, size) != KC_OK)
		return -1;
	return exit_status;
}

TEST(a_launched_program_gets_nothing_it_should_not_have)
{
	char said[256] = "";
	int leaked = open("/dev/null", O_RDONLY);

	CHECK(leaked >= 3);
	CHECK(setenv("SECRET_OF_THE_APP", "x", 1) == 0);
	CHECK(sigaction(SIGPIPE, &(struct sigaction){.sa_handler = SIG_IGN}, NULL) == 0);
	CHECK_INT(run_shell("echo \"fds: $(ls /proc/self/fd | wc -l) $SECRET_OF_THE_APP\" >&2;"
			    "exit 5",
			    10000, said, sizeof(said)),
		  5);
	CHECK_TEXT(said, "fds: 4 ");
	CHECK_INT(run_shell("kill -PIPE $$", 10000, said, sizeof(said)), -1);
	close(leaked);
}

TEST(a_launched_program_is_not_waited_for_for_ever)
{
	char said[64] = "";

	CHECK_INT(run_shell("exec sleep 1000", 50, said, sizeof(said)), -1);
	CHECK(waitpid(-1, NULL, __WALL | WNOHANG) < 0);
	error_clear();
}
