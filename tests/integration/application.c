/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A program on libkeycask, as an application is: it sees the public headers and the shared library.
 * test_client.py runs it beside a real daemon with a card, and acts when it asks for something on
 * standard output. It signs with a key that wants the PIN (9A) and one that does not (9E), from
 * threads, from forked children, and over a restart of the daemon; and it keeps passwords.
 */
#include <dirent.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <keycask/daemon.h>
#include <keycask/error.h>
#include <keycask/identity.h>
#include <keycask/item.h>
#include <keycask/key.h>
#include <keycask/token.h>

enum {
	N_THREADS = 6,
	N_ROUNDS = 20,
	N_CHILDREN = 20,
};

#define ALGORITHM "ecdsa_signature_message_x962_sha256"

static const struct kc_view pin = {(const uint8_t *)"123456", 6};
static const struct kc_view nothing = {NULL, 0};
static struct kc_key *pin_key;
static struct kc_key *free_key;

#define EXPECT(status_, call_) expect((status_), (call_), #call_, __LINE__)

static void expect(enum kc_status expected, enum kc_status status, const char *call, int line)
{
	if (status == expected)
		return;
	fprintf(stderr, "application.c:%d: %s is %s, not %s: %s\n", line, call,
		kc_status_name(status), kc_status_name(expected),
		status == KC_OK ? "" : kc_error_message(kc_error_last()));
	_exit(1);
}

/* --- what applications do ---------------------------------------------------------------- */

static enum kc_status find(const char *label, struct kc_key **ret_key)
{
	struct kc_dictionary *query =
		KC_DICTIONARY({KC_CLASS, KC_TEXT(KC_CLASS_KEY)}, {KC_ATTR_LABEL, KC_TEXT(label)},
			      {KC_RETURN_REF, KC_TRUE});
	struct kc_value *item = NULL;
	enum kc_status status = kc_item_copy_matching(query, &item);

	if (status == KC_OK && ret_key)
		status = kc_key_from_item(item, ret_key);
	kc_value_free(item);
	kc_dictionary_free(query);
	return status;
}

/* A signature that verifies. */
static enum kc_status sign(const struct kc_key *key, struct kc_view with_pin)
{
	struct kc_options options = KC_OPTIONS_INIT;
	struct kc_bytes signature = {NULL, 0};
	struct kc_view data = {(const uint8_t *)"data", 4};
	enum kc_status status = KC_OK;

	options.interaction = KC_INTERACTION_FAIL;
	options.pin = with_pin;
	status = kc_key_sign(key, ALGORITHM, data, &options, &signature);
	if (status == KC_OK)
		status = kc_key_verify(key, ALGORITHM, data,
				       (struct kc_view){signature.data, signature.len});
	kc_bytes_free(&signature);
	return status;
}

static int count_descriptors(void)
{
	DIR *folder = opendir("/proc/self/fd");
	int n = 0;

	while (readdir(folder))
		n++;
	closedir(folder);
	return n;
}

/* Tell the test what is needed and wait until it is done. */
static void ask(const char *what)
{
	char line[16];

	puts(what);
	fflush(stdout);
	if (!fgets(line, sizeof(line), stdin))
		_exit(1);
}

static void wait_for_child(pid_t pid)
{
	int status = 0;

	if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0) {
		fprintf(stderr, "a child failed: %d\n", status);
		_exit(1);
	}
}

/* --- the parts ----------------------------------------------------------------------------- */

/* The PIN serves the connection on which it was given, which is this process's. */
static void use_the_pin(void)
{
	EXPECT(KC_ERR_INTERACTION_NOT_ALLOWED, sign(pin_key, nothing));
	EXPECT(KC_OK, sign(pin_key, pin));
	EXPECT(KC_OK, sign(pin_key, nothing));
}

/* A certificate's data leads back to the identity, and its key verifies by itself. */
static void come_back_by_the_certificate(void)
{
	struct kc_identity *identity = NULL;
	struct kc_identity *found = NULL;
	struct kc_certificate *certificate = NULL;
	struct kc_certificate *copy = NULL;
	struct kc_dictionary *query =
		KC_DICTIONARY({KC_CLASS, KC_TEXT(KC_CLASS_IDENTITY)},
			      {KC_ATTR_LABEL, KC_TEXT("Certificate For Card Authentication")},
			      {KC_RETURN_REF, KC_TRUE});
	struct kc_value *item = NULL;
	struct kc_key *public_key = NULL;
	struct kc_view data = kc_view_of_text("data");
	struct kc_bytes signature = {NULL, 0};
	struct kc_view reference;

	EXPECT(KC_OK, kc_item_copy_matching(query, &item));
	EXPECT(KC_OK, kc_identity_from_item(item, &identity));
	EXPECT(KC_OK, kc_certificate_from_item(item, &copy)); /* an identity's reference */
	EXPECT(KC_OK, kc_identity_copy_certificate(identity, &certificate));
	EXPECT(KC_OK, kc_identity_from_certificate(certificate, &found));
	reference = kc_identity_persistent_ref(identity);
	if (kc_identity_persistent_ref(found).len != reference.len ||
	    memcmp(kc_identity_persistent_ref(found).data, reference.data, reference.len) != 0 ||
	    strcmp(kc_certificate_summary(copy), kc_certificate_summary(certificate)) != 0)
		EXPECT(KC_OK, KC_ERR_INTERNAL);
	EXPECT(KC_OK, kc_certificate_copy_key(certificate, &public_key));
	EXPECT(KC_OK, kc_key_sign(free_key, ALGORITHM, data, NULL, &signature));
	EXPECT(KC_OK, kc_key_verify(public_key, ALGORITHM, data, kc_view_of_bytes(&signature)));
	EXPECT(KC_ERR_PARAM, kc_key_sign(public_key, ALGORITHM, data, NULL, &signature));
	kc_bytes_free(&signature);
	kc_key_free(public_key);
	kc_certificate_free(copy);
	kc_certificate_free(certificate);
	kc_identity_free(found);
	kc_identity_free(identity);
	kc_value_free(item);
	kc_dictionary_free(query);
}

/* --- what a watcher tells of all this ------------------------------------------------------ */

static struct kc_token_watcher *watcher;
static int n_insertions;
static int n_removals;

static void on_removal(const char *token_id, const struct kc_dictionary *token, void *userdata)
{
	(void)token_id;
	(void)token;
	(void)userdata;
	n_removals++;
}

static void on_insertion(const char *token_id, const struct kc_dictionary *token, void *userdata)
{
	(void)token;
	(void)userdata;
	n_insertions++;
	EXPECT(KC_OK, kc_token_watcher_add_removal_handler(watcher, token_id, on_removal, NULL));
}

static void begin_to_watch(void)
{
	EXPECT(KC_OK, kc_token_watcher_new(&watcher));
	EXPECT(KC_OK, kc_token_watcher_set_insertion_handler(watcher, on_insertion, NULL));
}

/* The card has been inserted that often, and been removed in between. */
static void await_insertions(int n)
{
	while (n_insertions < n)
		EXPECT(KC_OK, kc_token_watcher_dispatch(watcher, -1));
	if (n_insertions != n || n_removals != n - 1)
		EXPECT(KC_OK, KC_ERR_INTERNAL);
}

static void fork_a_child(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		EXPECT(KC_OK, find("Key For PIV Authentication", NULL));
		EXPECT(KC_OK, sign(free_key, nothing));
		use_the_pin();
		_exit(0);
	}
	EXPECT(KC_OK, sign(pin_key, nothing));
	wait_for_child(pid);
	EXPECT(KC_OK, sign(pin_key, nothing));
}

static void *work(void *unused)
{
	for (int i = 0; i < N_ROUNDS; i++) {
		EXPECT(KC_OK, find("Key For Card Authentication", NULL));
		EXPECT(KC_OK, sign(i % 2 ? pin_key : free_key, nothing));
		EXPECT(KC_ERR_ITEM_NOT_FOUND, find("nobody's", NULL));
		if (strcmp(kc_error_message(kc_error_last()), "no key matches") != 0)
			EXPECT(KC_OK, KC_ERR_INTERNAL); /* another thread's error */
	}
	return unused;
}

static void work_in_threads(void)
{
	pthread_t threads[N_THREADS];

	for (int i = 0; i < N_THREADS; i++)
		if (pthread_create(&threads[i], NULL, work, NULL) != 0)
			abort();
	for (int i = 0; i < N_THREADS; i++)
		pthread_join(threads[i], NULL);
}

static void *query_until(void *is_over)
{
	while (!atomic_load((atomic_bool *)is_over))
		EXPECT(KC_OK, find("Key For Card Authentication", NULL));
	return NULL;
}

/* A child that begins while another thread is in the library must not find it locked. */
static void fork_beside_a_thread(void)
{
	atomic_bool is_over = false;
	pthread_t thread;

	if (pthread_create(&thread, NULL, query_until, &is_over) != 0)
		abort();
	for (int i = 0; i < N_CHILDREN; i++) {
		pid_t pid = fork();

		if (pid == 0) {
			EXPECT(KC_OK, find("Key For Card Authentication", NULL));
			_exit(0);
		}
		wait_for_child(pid);
	}
	atomic_store(&is_over, true);
	pthread_join(thread, NULL);
}

/* Keys are names: they outlive the daemon. What was authenticated does not. */
static void outlive_the_daemon(void)
{
	ask("restart");
	EXPECT(KC_OK, sign(free_key, nothing));
	use_the_pin();
}

static void outlive_the_card(void)
{
	ask("pull");
	EXPECT(KC_ERR_ITEM_NOT_FOUND, sign(pin_key, nothing));
	EXPECT(KC_ERR_ITEM_NOT_FOUND, find("Key For PIV Authentication", NULL));
	ask("insert");
	use_the_pin();
}

static void disconnect(int n_descriptors)
{
	kc_daemon_disconnect();
	if (count_descriptors() != n_descriptors)
		EXPECT(KC_OK, KC_ERR_INTERNAL);
	EXPECT(KC_ERR_INTERACTION_NOT_ALLOWED, sign(pin_key, nothing));
}

/* --- passwords ----------------------------------------------------------------------------- */

static const struct kc_view first = {(const uint8_t *)"first", 5};
static const struct kc_view second = {(const uint8_t *)"second", 6};

static struct kc_dictionary *a_password(int64_t number, struct kc_literal wanted)
{
	char account[24];

	snprintf(account, sizeof(account), "%lld", (long long)number);
	return KC_DICTIONARY({KC_CLASS, KC_TEXT(KC_CLASS_GENERIC_PASSWORD)},
			     {KC_ATTR_SERVICE, KC_TEXT("application")},
			     {KC_ATTR_ACCOUNT, KC_TEXT(account)}, {KC_RETURN_DATA, wanted});
}

/* The password of that account is @expected, or not there when that is empty. */
static void check_password(int64_t number, struct kc_view expected)
{
	struct kc_dictionary *query = a_password(number, KC_TRUE);
	struct kc_value *value = NULL;
	struct kc_view data;

	EXPECT(expected.len > 0 ? KC_OK : KC_ERR_ITEM_NOT_FOUND,
	       kc_item_copy_matching(query, &value));
	data = kc_value_data(value);
	if (data.len != expected.len ||
	    (data.len > 0 && memcmp(data.data, expected.data, data.len)))
		EXPECT(KC_OK, KC_ERR_VERIFY_FAILED);
	kc_value_free(value);
	kc_dictionary_free(query);
}

static void add_password(int64_t number)
{
	struct kc_dictionary *item = a_password(number, KC_FALSE);

	EXPECT(KC_OK, kc_dictionary_set(item, KC_VALUE_DATA, KC_DATA(first)));
	EXPECT(KC_OK, kc_item_add(item, NULL));
	EXPECT(KC_ERR_DUPLICATE_ITEM, kc_item_add(item, NULL));
	kc_dictionary_free(item);
}

/* All four verbs; the item is there in the end when @is_kept. */
static void live_a_life(int64_t number, bool is_kept)
{
	struct kc_dictionary *query = a_password(number, KC_FALSE);
	struct kc_dictionary *changes = KC_DICTIONARY({KC_VALUE_DATA, KC_DATA(second)});

	add_password(number);
	check_password(number, first);
	EXPECT(KC_OK, kc_item_update(query, changes));
	check_password(number, second);
	if (!is_kept) {
		EXPECT(KC_OK, kc_item_delete(query));
		check_password(number, nothing);
		EXPECT(KC_ERR_ITEM_NOT_FOUND, kc_item_delete(query));
	}
	kc_dictionary_free(changes);
	kc_dictionary_free(query);
}

static void *live_lives(void *userdata)
{
	const int64_t *thread = userdata;

	for (int64_t i = 0; i < N_ROUNDS; i++)
		live_a_life(*thread * N_ROUNDS + i, i == 0);
	return NULL;
}

/* "Add: bare object", with a reference that finds it, also in another process. */
static void refer_to_an_item(void)
{
	struct kc_dictionary *item = KC_DICTIONARY(
		{KC_CLASS, KC_TEXT(KC_CLASS_INTERNET_PASSWORD)},
		{KC_ATTR_SERVER, KC_DATA(((struct kc_view){(const uint8_t *)"host", 4}))},
		{KC_ATTR_PORT, KC_NUMBER(443)}, {KC_ATTR_PROTOCOL, KC_TEXT(KC_PROTOCOL_HTTPS)},
		{KC_RETURN_PERSISTENT_REF, KC_TRUE});
	struct kc_value *reference = NULL;
	struct kc_dictionary *query = NULL;
	pid_t pid = 0;

	EXPECT(KC_OK, kc_item_add(item, &reference));
	query = KC_DICTIONARY({KC_VALUE_PERSISTENT_REF, KC_DATA(kc_value_data(reference))});
	pid = fork();
	if (pid == 0)
		_exit(kc_item_delete(query) == KC_OK ? 0 : 1);
	wait_for_child(pid);
	EXPECT(KC_ERR_ITEM_NOT_FOUND, kc_item_copy_matching(query, NULL));
	kc_dictionary_free(query);
	kc_dictionary_free(item);
	kc_value_free(reference);
}

static void keep_passwords(void)
{
	pthread_t threads[N_THREADS];
	int64_t numbers[N_THREADS];

	for (int64_t i = 0; i < N_THREADS; i++) {
		numbers[i] = i;
		EXPECT(KC_OK, pthread_create(&threads[i], NULL, live_lives, &numbers[i]) == 0
				      ? KC_OK
				      : KC_ERR_ALLOCATE);
	}
	for (int i = 0; i < N_THREADS; i++)
		pthread_join(threads[i], NULL);
	refer_to_an_item();
}

/* What was acknowledged is there after the daemon was another one. */
static void find_what_was_kept(void)
{
	for (int64_t i = 0; i < N_THREADS; i++)
		check_password(i * N_ROUNDS, second);
}

int main(void)
{
	int n_descriptors = count_descriptors();

	EXPECT(KC_OK, find("Key For PIV Authentication", &pin_key));
	EXPECT(KC_OK, find("Key For Card Authentication", &free_key));
	use_the_pin();
	come_back_by_the_certificate();
	begin_to_watch();
	await_insertions(1);
	fork_a_child();
	work_in_threads();
	fork_beside_a_thread();
	keep_passwords();
	outlive_the_daemon();
	await_insertions(2);
	find_what_was_kept();
	outlive_the_card();
	await_insertions(3);
	kc_token_watcher_free(watcher);
	disconnect(n_descriptors);
	kc_key_free(pin_key);
	kc_key_free(free_key);
	kc_daemon_disconnect();
	puts("done");
	return 0;
}
