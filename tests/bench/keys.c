/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Times signatures. It says "ready" when it has its key; then commands come in lines on standard
 * input, each is answered by a line:
 *
 *	sign N	sign N times
 *	floor N	round trips of a message to a process that only sends it back
 *
 * The line is median and 99th percentile in µs, then when the first began and when the last had
 * ended, in µs of the monotonic clock, which all processes share.
 */
#include "keys.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "samples.h"

enum {
	FLOOR_BYTES = 512,
};

unsigned char keys_message[KEYS_MESSAGE_BYTES];

void keys_fail(const char *what, long status)
{
	fprintf(stderr, "%s: %ld (0x%lx)\n", what, status, (unsigned long)status);
	exit(1);
}

static void answer(unsigned n, double began)
{
	double ended = samples_now_us();

	samples_print(n);
	printf(" %.0f %.0f\n", began, ended);
}

static void time_signatures(unsigned n)
{
	double began = samples_now_us();

	for (unsigned i = 0; i < n; i++) {
		double start = samples_now_us();

		keys_message[0]++;
		if (signer_sign() == 0)
			keys_fail("an empty signature", i);
		samples[i] = samples_now_us() - start;
	}
	answer(n, began);
}

static void time_floor(unsigned n)
{
	double began = samples_now_us();

	samples_take_floor(n, FLOOR_BYTES, keys_fail);
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
