/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Times what a store of items does, in microseconds. Commands come in lines on standard input, each
 * is answered by a line:
 *
 *	load FROM TO	add the items from FROM to before TO	seconds
 *	hit N OF	find N of the items below OF		median and 99th percentile
 *	miss N		find N that are not there		median and 99th percentile
 *	list N		list all, N times			median, and how many there are
 *	add N FROM	add N from FROM on			median and 99th percentile
 *	update N OF	change N of the items below OF		median and 99th percentile
 *	delete N FROM	delete N from FROM on			median and 99th percentile
 *	floor N		N round trips to a process that only
 *			sends back what it gets			median and 99th percentile
 */
#include "items.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "samples.h"

enum {
	ABSENT = 1000000000,
	MESSAGE_BYTES = 1024,
};

unsigned char item_value[ITEM_BYTES];

void item_fail(const char *what, long status)
{
	fprintf(stderr, "%s: %ld (0x%lx)\n", what, status, (unsigned long)status);
	exit(1);
}

static void answer(unsigned n)
{
	samples_print(n);
	putchar('\n');
}

/* Spread over all of them, the same ones in every run. */
static unsigned some_of(unsigned i, unsigned n)
{
	return n > 0 ? (unsigned)((i * 2654435761UL + 12345) % n) : 0;
}

static void require(bool is_as_it_should_be, const char *what)
{
	if (!is_as_it_should_be)
		item_fail(what, 0);
}

static void time_one(const char *command, unsigned i, unsigned base)
{
	static unsigned round;

	if (strcmp(command, "hit") == 0)
		require(store_find(some_of(i, base)), "an item is not found");
	else if (strcmp(command, "miss") == 0)
		require(!store_find(ABSENT + i), "an item is found that is not there");
	else if (strcmp(command, "add") == 0)
		store_add(base + i);
	else if (strcmp(command, "update") == 0)
		store_update(some_of(i, base), ++round);
	else if (strcmp(command, "delete") == 0)
		store_delete(base + i);
	else
		item_fail(command, 0);
}

static void time_many(const char *command, unsigned n, unsigned base)
{
	for (unsigned i = 0; i < n; i++) {
		double start = samples_now_us();

		time_one(command, i, base);
		samples[i] = samples_now_us() - start;
	}
	answer(n);
}

static void time_list(unsigned n)
{
	size_t found = 0;

	for (unsigned i = 0; i < n; i++) {
		double start = samples_now_us();

		found = store_list();
		samples[i] = samples_now_us() - start;
	}
	samples_sort(n);
	printf("%.2f %zu\n", samples[n / 2], found);
}

static void load(unsigned from, unsigned to)
{
	double start = samples_now_us();

	for (unsigned i = from; i < to; i++)
		store_add(i);
	printf("%.3f 0\n", (samples_now_us() - start) / 1e6);
}

static void time_floor(unsigned n)
{
	samples_take_floor(n, MESSAGE_BYTES, item_fail);
	answer(n);
}

static void run(const char *line)
{
	char command[16] = "";
	unsigned first = 0;
	unsigned second = 0;

	if (sscanf(line, "%15s %u %u", command, &first, &second) < 2)
		item_fail(line, 0);
	require(first <= SAMPLES_MAX || strcmp(command, "load") == 0, "too many");
	if (strcmp(command, "load") == 0)
		load(first, second);
	else if (strcmp(command, "list") == 0)
		time_list(first);
	else if (strcmp(command, "floor") == 0)
		time_floor(first);
	else
		time_many(command, first, second);
	fflush(stdout);
}

int main(int argc, char **argv)
{
	char line[128];

	for (size_t i = 0; i < sizeof(item_value); i++)
		item_value[i] = (unsigned char)(i * 7);
	store_open(argc, argv);
	while (fgets(line, sizeof(line), stdin))
		run(line);
	return 0;
}
