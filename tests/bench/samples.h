/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BENCH_SAMPLES_H
#define BENCH_SAMPLES_H

/* What was measured, in microseconds. */

enum {
	SAMPLES_MAX = 1000000,
};

extern double samples[SAMPLES_MAX];

/* Of the monotonic clock, which all processes share. */
double samples_now_us(void);

/* Sort the first @n; the median is in the middle then. */
void samples_sort(unsigned n);

/* Sort them, and print median and 99th percentile. */
void samples_print(unsigned n);

/*
 * Take @n of round trips of a message of @size bytes to a process that only sends it back: below
 * this no daemon gets, whatever it does. @fail ends the program.
 */
void samples_take_floor(unsigned n, unsigned size, void (*fail)(const char *what, long status));

#endif
