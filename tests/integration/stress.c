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
#include "stress.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <openssl/pem.h>

#if defined(__SANITIZE_ADDRESS__)
#define HAS_CHILDREN false
#elif defined(__has_feature)
#define HAS_CHILDREN (!__has_feature(address_sanitizer))
#else
#define HAS_CHILDREN true
#endif

enum {
	SIGNAL_US = 2000,
	MS_PER_S = 1000,
	PAUSE_MS = 10,
	SIDE_LINES = 3, /* connections that libkeycask may have besides its first */
};

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

/* Each signal interrupts poll(). */
static bool can_hear(int fd)
{
	struct pollfd heard = {.fd = fd, .events = POLLIN};
	time_t end = time(NULL) + PATIENCE_S;
	int n = 0;

	do
		n = poll(&heard, 1, MS_PER_S);
	while (n != 1 && time(NULL) < end);
	return n == 1;
}

static void hear(int fd, const struct signer *signer)
{
	struct outcome outcome;

	require(can_hear(fd), "a child hangs");
	require(TEMP_FAILURE_RETRY(read(fd, &outcome, sizeof(outcome))) == sizeof(outcome),
		"a child has failed");
	require(outcome.status != KC_OK || fits(signer->judge, &outcome.signature),
		"a child's signature does not verify");
}

static void have_one_child(void)
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

/*
 * AddressSanitizer's own malloc(), unlike glibc's, is not made ready for fork(): a child of which
 * another thread was in it hangs there. With it this is a program without children.
 */
static void have_child(void)
{
	if (HAS_CHILDREN)
		have_one_child();
	else
		(void)poll(NULL, 0, PAUSE_MS);
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
	tasks_begin();
}

static void end(void)
{
	tasks_end();
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
	tasks_set_goals();
	while (!tasks_have_reached_goals()) {
		have_child();
		tasks_look_for_who_hangs();
	}
	puts("gone");
	fflush(stdout);
}

int main(int argc, char **argv)
{
	size_t n_descriptors = 0;
	size_t n_threads = 0; /* a sanitizer may have its own */
	char command = '\0';

	require(argc == 8, "stress TOKEN-ID, three references, three files");
	begin(argv);
	n_descriptors = count_entries("/proc/self/fd");
	tasks_start();
	n_threads = count_entries("/proc/self/task") - tasks_count();
	start_signals();
	puts("ready");
	fflush(stdout);
	while (command != 'e') {
		have_child();
		tasks_look_for_who_hangs();
		command = hear_command();
		if (command == 'g')
			go_on();
	}
	tasks_join();
	stop_signals();
	tasks_check_everything_works();
	require(count_entries("/proc/self/fd") <= n_descriptors + SIDE_LINES,
		"descriptors are left over");
	require(count_entries("/proc/self/task") == n_threads, "a thread is left over");
	require(waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD, "a child is left over");
	end();
	return 0;
}
