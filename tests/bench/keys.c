/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Times signatures. It says "ready" when it has its key; then commands come in lines on standard
 * input, each is answered by a line:
 *
 *	sign N	sign N times	median and 99th percentile in µs, then when the first began and the
 *				last had ended, in µs of the monotonic clock, which all processes
 *share floor N	round trips of a message of 512 bytes to a process that only sends it back: the same
 */
#include "keys.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
	SAMPLES_MAX = 1000000,
	FLOOR_BYTES = 512,
};

unsigned char keys_message[KEYS_MESSAGE_BYTES];
static double samples[SAMPLES_MAX];

void keys_fail(const char *what, long status)
{
	fprintf(stderr, "%s: %ld (0x%lx)\n", what, status, (unsigned long)status);
	exit(1);
}

static double now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static int compare(const void *left, const void *right)
{
	double a = *(const double *)left;
	double b = *(const double *)right;

	return (a > b) - (a < b);
}

static void answer(unsigned n, double began)
{
	double ended = now_us();

	qsort(samples, n, sizeof(samples[0]), compare);
	printf("%.2f %.2f %.0f %.0f\n", samples[n / 2], samples[n * 99UL / 100], began, ended);
}

static void time_signatures(unsigned n)
{
	double began = now_us();

	for (unsigned i = 0; i < n; i++) {
		double start = now_us();

		keys_message[0]++;
		if (signer_sign() == 0)
			keys_fail("an empty signature", i);
		samples[i] = now_us() - start;
	}
	answer(n, began);
}

static void send_back(int fd)
{
	static char message[FLOOR_BYTES];
	ssize_t n = 0;

	while ((n = recv(fd, message, sizeof(message), 0)) > 0 &&
	       send(fd, message, (size_t)n, 0) > 0)
		;
	_exit(0);
}

static void time_floor(unsigned n)
{
	static char message[FLOOR_BYTES];
	double began = now_us();
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0)
		keys_fail("socketpair", 0);
	if (fork() == 0) {
		close(ends[0]);
		send_back(ends[1]);
	}
	close(ends[1]);
	for (unsigned i = 0; i < n; i++) {
		double start = now_us();

		if (send(ends[0], message, sizeof(message), 0) != FLOOR_BYTES ||
		    recv(ends[0], message, sizeof(message), MSG_WAITALL) != FLOOR_BYTES)
			keys_fail("a round trip", i);
		samples[i] = now_us() - start;
	}
	close(ends[0]);
	wait(NULL);
	answer(n, began);
}

static void run(const char *line)
{
	char command[16] = "";
	unsigned n = 0;

	if (sscanf(line, "%15s %u", command, &n) < 2 || n == 0 || n > SAMPLES_MAX)
		keys_fail(line, n);
	if (strcmp(command, "sign") == 0)
		time_signatures(n);
	else
		time_floor(n);
	fflush(stdout);
}

static enum keys_kind kind_of(const char *name)
{
	static const char *const names[] = {"P-256", "RSA-2048", "Ed25519"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(names[i], name) == 0)
			return (enum keys_kind)i;
	keys_fail("a kind of key that is unknown here", 0);
}

int main(int argc, char **argv)
{
	char line[128];

	if (argc < 2)
		keys_fail("no kind of key", argc);
	signer_open(kind_of(argv[1]), argc - 2, argv + 2);
	puts("ready");
	fflush(stdout);
	while (fgets(line, sizeof(line), stdin))
		run(line);
	return 0;
}
