/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An application that does everything at once with handles that it made in the beginning: eight
 * threads sign with a key on a card and one in the keychain, verify, search, decrypt and watch, and
 * children go on with what they have inherited, interrupted by a signal every other millisecond,
 * while test_stress.py takes the daemon and the card away and brings them back. OpenSSL judges each
 * result. What may fail is what is documented: not_available while the daemon is away,
 * item_not_found, the token named, while the card is.
 *
 *	stress TOKEN-ID CARD-KEY KEYCHAIN-KEY RSA-KEY (references in hexadecimal)
 *	       CARD-PUBLIC KEYCHAIN-PUBLIC RSA-PUBLIC (files in PEM)
 *
 * It says "ready" and goes on. Told "go" it says "gone" when everything was done a few times more;
 * told "end" it checks that everything works and that nothing is left over, and says how often each
 * thing was done.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <keycask/error.h>
#include <keycask/item.h>
#include <keycask/key.h>
#include <keycask/token.h>

#define ECDSA "ecdsa_signature_message_x962_sha256"
#define OAEP  "rsa_encryption_oaep_sha256"

enum {
	BLOCK_MAX = 512,
	PATIENCE_S = 100, /* until something that does not come back hangs */
	WATCH_MS = 20,
	TIMES = 5,
	SIGNAL_US = 2000,
	PAUSE_US = 1000, /* after a failure */
	SIDE_LINES = 3,	 /* connections that libkeycask may have besides its first */
	MS_PER_S = 1000,
};

struct signer {
	struct kc_key *key;
	EVP_PKEY *judge;
	const char *token_id; /* NULL: in the keychain */
};

struct block {
	unsigned char data[BLOCK_MAX];
	size_t len;
};

static struct signer card;
static struct signer keychain;
static struct signer rsa;
static struct kc_key *public_key; /* of keychain's */
static struct kc_token_watcher *watcher;
static struct block known_signature; /* of message, by keychain's key */
static struct block ciphertext;	     /* of message, for the RSA key */
static unsigned char message[] = "what everything is done with";
static struct kc_view message_view = {message, sizeof(message)};
static atomic_bool is_over;

static _Noreturn void give_up(const char *what, enum kc_status status)
{
	const struct kc_error *error = kc_error_last();

	fprintf(stderr, "stress[%d]: %s: %s: %s (token \"%s\", %s)\n", (int)getpid(), what,
		kc_status_name(status), kc_error_message(error), kc_error_token_id(error),
		kc_error_origin(error));
	_exit(1);
}

static void require(bool is_so, const char *what)
{
	if (!is_so)
		give_up(what, KC_OK);
}

/* What may fail while daemon or card are away. */
static bool is_documented(enum kc_status status, const char *token_id)
{
	if (status == KC_ERR_NOT_AVAILABLE)
		return true;
	return token_id && status == KC_ERR_ITEM_NOT_FOUND &&
	       strcmp(kc_error_token_id(kc_error_last()), token_id) == 0;
}

/* --- the judge ----------------------------------------------------------------------------- */

static bool fits(EVP_PKEY *judge, const void *signature, size_t len)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	bool is_good = context &&
		       EVP_DigestVerifyInit(context, NULL, EVP_sha256(), NULL, judge) == 1 &&
		       EVP_DigestVerify(context, signature, len, message, sizeof(message)) == 1;

	EVP_MD_CTX_free(context);
	return is_good;
}

static void encrypt(void)
{
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(rsa.judge, NULL);

	ciphertext.len = sizeof(ciphertext.data);
	require(context && EVP_PKEY_encrypt_init(context) == 1 &&
			EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_OAEP_PADDING) == 1 &&
			EVP_PKEY_CTX_set_rsa_oaep_md(context, EVP_sha256()) == 1 &&
			EVP_PKEY_encrypt(context, ciphertext.data, &ciphertext.len, message,
					 sizeof(message)) == 1,
		"OpenSSL cannot encrypt");
	EVP_PKEY_CTX_free(context);
}

/* --- what is done -------------------------------------------------------------------------- */

/* Each is KC_OK when it was done right; it ends the program when it was done wrong. */

static enum kc_status make_signature(const struct signer *signer, struct block *ret_signature)
{
	struct kc_bytes signature = {NULL, 0};
	struct kc_options options = KC_OPTIONS_INIT;
	enum kc_status status = KC_OK;

	options.interaction = KC_INTERACTION_FAIL;
	status = kc_key_sign(signer->key, ECDSA, message_view, &options, &signature);
	if (status == KC_OK) {
		require(signature.len <= BLOCK_MAX, "a signature is too long");
		memcpy(ret_signature->data, signature.data, signature.len);
		ret_signature->len = signature.len;
	}
	kc_bytes_free(&signature);
	return status;
}

static enum kc_status sign(const struct signer *signer)
{
	struct block signature;
	enum kc_status status = make_signature(signer, &signature);

	require(status != KC_OK || fits(signer->judge, signature.data, signature.len),
		"a signature does not verify");
	return status;
}

static enum kc_status sign_by_card(void)
{
	return sign(&card);
}

static enum kc_status sign_by_keychain(void)
{
	return sign(&keychain);
}

static enum kc_status verify(void)
{
	struct kc_view signature = {known_signature.data, known_signature.len};
	struct kc_view wrong = {known_signature.data, known_signature.len - 1};
	enum kc_status status = kc_key_verify(public_key, ECDSA, message_view, signature);

	if (status != KC_OK)
		return status;
	status = kc_key_verify(public_key, ECDSA, message_view, wrong);
	require(status != KC_OK, "half a signature verifies");
	return status == KC_ERR_VERIFY_FAILED ? KC_OK : status;
}

static enum kc_status search(void)
{
	struct kc_dictionary *query = KC_DICTIONARY(
		{KC_CLASS, KC_TEXT(KC_CLASS_KEY)}, {KC_MATCH_LIMIT, KC_TEXT(KC_MATCH_LIMIT_ALL)},
		{KC_ATTR_LABEL, KC_TEXT("stress")}, {KC_RETURN_ATTRIBUTES, KC_TRUE});
	struct kc_value *found = NULL;
	enum kc_status status = kc_item_copy_matching(query, &found);

	require(status != KC_OK || kc_value_count(found) == 2, "not two keys are found");
	kc_value_free(found);
	kc_dictionary_free(query);
	return status;
}

static enum kc_status decrypt(void)
{
	struct kc_view data = {ciphertext.data, ciphertext.len};
	struct kc_bytes plaintext = {NULL, 0};
	enum kc_status status = kc_key_decrypt(rsa.key, OAEP, data, NULL, &plaintext);

	require(status != KC_OK || (plaintext.len == sizeof(message) &&
				    memcmp(plaintext.data, message, sizeof(message)) == 0),
		"what was decrypted is something else");
	kc_bytes_free(&plaintext);
	return status;
}

/* Insertions and removals take turns. */
static enum kc_status watch(void)
{
	static bool is_there;
	struct kc_dictionary *event = NULL;
	enum kc_status status = kc_token_watcher_next(watcher, WATCH_MS, &event);

	if (event) {
		bool is_in = strcmp(kc_dictionary_text(event, KC_EVENT), KC_EVENT_INSERTED) == 0;

		require(strcmp(kc_dictionary_text(event, KC_TOKEN_ID), card.token_id) == 0,
			"an event of another token");
		require(is_in != is_there, "an event is told twice");
		is_there = is_in;
	}
	kc_dictionary_free(event);
	return status;
}

static struct task {
	const char *name;
	enum kc_status (*act)(void);
	bool is_of_card;
	pthread_t thread;
	atomic_ulong n_done;
	atomic_ulong n_failed;
	_Atomic time_t alive; /* when it last came back */
} tasks[] = {
	{.name = "sign_by_card", .act = sign_by_card, .is_of_card = true},
	{.name = "sign_by_card_too", .act = sign_by_card, .is_of_card = true},
	{.name = "sign_by_keychain", .act = sign_by_keychain},
	{.name = "sign_by_keychain_too", .act = sign_by_keychain},
	{.name = "verify", .act = verify},
	{.name = "search", .act = search},
	{.name = "decrypt", .act = decrypt},
	{.name = "watch", .act = watch},
};
static const size_t n_tasks = sizeof(tasks) / sizeof(tasks[0]);

static time_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec;
}

static void *run_task(void *userdata)
{
	struct task *task = userdata;

	while (!is_over) {
		enum kc_status status = task->act();

		if (status != KC_OK &&
		    !is_documented(status, task->is_of_card ? card.token_id : NULL))
			give_up(task->name, status);
		atomic_fetch_add(status == KC_OK ? &task->n_done : &task->n_failed, 1);
		if (status != KC_OK)
			usleep(PAUSE_US);
		task->alive = now();
	}
	return NULL;
}

static void look_for_who_hangs(void)
{
	for (size_t i = 0; i < n_tasks; i++)
		require(now() - tasks[i].alive < PATIENCE_S, tasks[i].name);
}

/* --- children ------------------------------------------------------------------------------ */

/* What a child was given. Other threads may have been in the middle of OpenSSL when it was made, so
 * its parent does the judging. */
struct outcome {
	enum kc_status status;
	bool is_documented;
	struct block signature;
};

static void live_as_child(int fd)
{
	const struct signer *const signers[] = {&keychain, &card};

	for (size_t i = 0; i < 2; i++) {
		struct outcome outcome = {.status = KC_OK};

		outcome.status = make_signature(signers[i], &outcome.signature);
		outcome.is_documented = is_documented(outcome.status, signers[i]->token_id);
		if (outcome.status != KC_OK && !outcome.is_documented)
			give_up("in a child", outcome.status);
		require(write(fd, &outcome, sizeof(outcome)) == sizeof(outcome), "write");
	}
	_exit(0);
}

static void hear(int fd, const struct signer *signer)
{
	struct pollfd heard = {.fd = fd, .events = POLLIN};
	struct outcome outcome;

	require(TEMP_FAILURE_RETRY(poll(&heard, 1, PATIENCE_S * MS_PER_S)) == 1, "a child hangs");
	require(TEMP_FAILURE_RETRY(read(fd, &outcome, sizeof(outcome))) == sizeof(outcome),
		"a child has failed");
	require(outcome.status != KC_OK ||
			fits(signer->judge, outcome.signature.data, outcome.signature.len),
		"a child's signature does not verify");
}

static void have_child(void)
{
	int ends[2];
	int status = -1;
	pid_t child = 0;

	require(pipe2(ends, O_CLOEXEC) == 0, "pipe");
	child = fork();
	require(child >= 0, "fork");
	if (child == 0) {
		close(ends[0]);
		live_as_child(ends[1]);
	}
	close(ends[1]);
	hear(ends[0], &keychain);
	hear(ends[0], &card);
	close(ends[0]);
	require(TEMP_FAILURE_RETRY(waitpid(child, &status, 0)) == child && status == 0,
		"a child's end");
}

/* --- from the beginning to the end --------------------------------------------------------- */

static struct signer signer_of(const char *hex, const char *file, const char *token_id)
{
	struct signer signer = {.token_id = token_id};
	FILE *stream = fopen(file, "re");
	struct block reference = {.len = 0};

	while (reference.len < BLOCK_MAX &&
	       sscanf(hex + 2 * reference.len, "%2hhx", &reference.data[reference.len]) == 1)
		reference.len++;
	require(kc_key_from_persistent_ref((struct kc_view){reference.data, reference.len},
					   &signer.key) == KC_OK,
		"no reference");
	require(stream, file);
	signer.judge = PEM_read_PUBKEY(stream, NULL, NULL, NULL);
	fclose(stream);
	require(signer.judge, file);
	return signer;
}

static void begin(char **argv)
{
	card = signer_of(argv[2], argv[5], argv[1]);
	keychain = signer_of(argv[3], argv[6], NULL);
	rsa = signer_of(argv[4], argv[7], NULL);
	require(kc_key_copy_public(keychain.key, &public_key) == KC_OK, "no public key");
	require(make_signature(&keychain, &known_signature) == KC_OK, "no signature");
	require(fits(keychain.judge, known_signature.data, known_signature.len), "no judge");
	encrypt();
}

static void end(void)
{
	kc_key_free(public_key);
	kc_key_free(card.key);
	kc_key_free(keychain.key);
	kc_key_free(rsa.key);
	EVP_PKEY_free(card.judge);
	EVP_PKEY_free(keychain.judge);
	EVP_PKEY_free(rsa.judge);
}

static size_t count_entries(const char *path)
{
	DIR *folder = opendir(path);
	size_t n = 0;

	require(folder, path);
	while (readdir(folder))
		n++;
	closedir(folder);
	return n;
}

static void on_signal(int number)
{
	(void)number;
}

/* System calls of any thread are interrupted, and not restarted, all the time. */
static void start_signals(void)
{
	struct itimerval often = {{0, SIGNAL_US}, {0, SIGNAL_US}};
	struct sigaction action = {.sa_handler = on_signal};

	require(sigaction(SIGALRM, &action, NULL) == 0, "sigaction");
	require(setitimer(ITIMER_REAL, &often, NULL) == 0, "setitimer");
}

static void stop_signals(void)
{
	struct itimerval never = {{0, 0}, {0, 0}};

	require(setitimer(ITIMER_REAL, &never, NULL) == 0, "setitimer");
}

static void start_threads(void)
{
	for (size_t i = 0; i < n_tasks; i++) {
		tasks[i].alive = now();
		require(pthread_create(&tasks[i].thread, NULL, run_task, &tasks[i]) == 0, "thread");
	}
}

static void join_threads(void)
{
	is_over = true;
	for (size_t i = 0; i < n_tasks; i++)
		pthread_join(tasks[i].thread, NULL);
}

/* The first letter of a line on standard input: 'g' or 'e'; 0: there is none. */
static char hear_command(void)
{
	struct pollfd told = {.fd = STDIN_FILENO, .events = POLLIN};
	char line[16] = "e";

	if (TEMP_FAILURE_RETRY(poll(&told, 1, 0)) == 0)
		return '\0';
	return TEMP_FAILURE_RETRY(read(STDIN_FILENO, line, sizeof(line))) > 0 ? line[0] : 'e';
}

/* "go": until everything has been done a few times more. */
static void go_on(void)
{
	unsigned long goals[sizeof(tasks) / sizeof(tasks[0])];

	for (size_t i = 0; i < n_tasks; i++)
		goals[i] = tasks[i].n_done + TIMES;
	for (size_t i = 0; i < n_tasks;) {
		have_child();
		look_for_who_hangs();
		while (i < n_tasks && tasks[i].n_done >= goals[i])
			i++;
	}
	puts("gone");
	fflush(stdout);
}

static void check_everything_works(void)
{
	for (size_t i = 0; i < n_tasks; i++) {
		enum kc_status status = tasks[i].act();

		if (status != KC_OK)
			give_up(tasks[i].name, status);
		printf("%s %lu %lu\n", tasks[i].name, tasks[i].n_done, tasks[i].n_failed);
	}
}

int main(int argc, char **argv)
{
	size_t n_descriptors = 0;
	size_t n_threads = 0; /* a sanitizer may have its own */
	char command = '\0';

	require(argc == 8, "stress TOKEN-ID, three references, three files");
	begin(argv);
	n_descriptors = count_entries("/proc/self/fd");
	require(kc_token_watcher_new(&watcher) == KC_OK, "no watcher");
	start_threads();
	n_threads = count_entries("/proc/self/task") - n_tasks;
	start_signals();
	puts("ready");
	fflush(stdout);
	while (command != 'e') {
		have_child();
		look_for_who_hangs();
		command = hear_command();
		if (command == 'g')
			go_on();
	}
	join_threads();
	stop_signals();
	check_everything_works();
	kc_token_watcher_free(watcher);
	require(count_entries("/proc/self/fd") <= n_descriptors + SIDE_LINES,
		"descriptors are left over");
	require(count_entries("/proc/self/task") == n_threads, "a thread is left over");
	require(waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD, "a child is left over");
	end();
	return 0;
}
