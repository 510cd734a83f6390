/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What all benches do alike: look at the clock, sort, and measure the least that there can be. */
#include "samples.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
	MESSAGE_MAX = 1024,
};

double samples[SAMPLES_MAX];

double samples_now_us(void)
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

void samples_sort(unsigned n)
{
	qsort(samples, n, sizeof(samples[0]), compare);
}

void samples_print(unsigned n)
{
	samples_sort(n);
	printf("%.2f %.2f", samples[n / 2], samples[n * 99UL / 100]);
}

static void send_back(int fd)
{
	static char message[MESSAGE_MAX];
	ssize_t n = 0;

	while ((n = recv(fd, message, sizeof(message), 0)) > 0 &&
	       send(fd, message, (size_t)n, 0) > 0)
		;
	_exit(0);
}

void samples_take_floor(unsigned n, unsigned size, void (*fail)(const char *what, long status))
{
	static char message[MESSAGE_MAX];
	int ends[2];

	if (size > MESSAGE_MAX || socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0)
		fail("socketpair", size);
	if (fork() == 0) {
		close(ends[0]);
		send_back(ends[1]);
	}
	close(ends[1]);
	for (unsigned i = 0; i < n; i++) {
		double start = samples_now_us();

		if (send(ends[0], message, size, 0) != (ssize_t)size ||
		    recv(ends[0], message, size, MSG_WAITALL) != (ssize_t)size)
			fail("a round trip", i);
		samples[i] = samples_now_us() - start;
	}
	close(ends[0]);
	wait(NULL);
}
