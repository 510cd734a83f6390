/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What was freed holds nothing, and the allocator still works. Built without sanitizers only. */
#include <errno.h>
#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "harness/test.h"

enum {
	SIZE = 200,
	ALLOCATOR_LINKS = 16, /* glibc keeps its own pointers at the start of a free block */
};

/* Called by address: the tests look at what a checker would rightly call a mistake. */
static void *(*volatile resize)(void *, size_t) = realloc;
static void *(*volatile resize_array)(void *, size_t, size_t) = reallocarray;

/* Looking at freed memory on purpose: by address, so that the compiler does not see it. */
static size_t pattern_at(uintptr_t address, size_t from, size_t to)
{
	size_t n = 0;

	for (size_t i = from; i < to; i++)
		n += *(volatile const uint8_t *)(address + i) == 0xA7; // NOLINT
	return n;
}

static uintptr_t filled(void *block, size_t size)
{
	CHECK(block != NULL);
	memset(block, 0xA7, size);
	return (uintptr_t)block;
}

TEST(freed_blocks_are_empty)
{
	void *block = malloc(SIZE);
	uintptr_t address = filled(block, SIZE);

	CHECK_INT(pattern_at(address, ALLOCATOR_LINKS, SIZE), SIZE - ALLOCATOR_LINKS);
	free(block);
	CHECK_INT(pattern_at(address, ALLOCATOR_LINKS, SIZE), 0);
	free(NULL);
}

TEST(aligned_blocks_too)
{
	void *block = NULL;
	uintptr_t address = 0;

	CHECK(posix_memalign(&block, 256, SIZE) == 0);
	address = filled(block, SIZE);
	CHECK_INT(address % 256, 0);
	free(block);
	CHECK_INT(pattern_at(address, ALLOCATOR_LINKS, SIZE), 0);
	block = aligned_alloc(64, 256);
	address = filled(block, 256);
	free(block);
	CHECK_INT(pattern_at(address, ALLOCATOR_LINKS, 256), 0);
}

TEST(moved_blocks_leave_nothing)
{
	uint8_t *block = malloc(SIZE);
	uintptr_t before = filled(block, SIZE);

	block = resize(block, 100 * SIZE);
	CHECK(block != NULL);
	CHECK_INT(pattern_at((uintptr_t)block, 0, SIZE), SIZE);
	CHECK((uintptr_t)block != before);
	CHECK_INT(pattern_at(before, ALLOCATOR_LINKS, SIZE), 0);
	memset(block, 0xA7, 100 * SIZE);
	before = (uintptr_t)block;
	block = resize(block, SIZE);
	CHECK(block != NULL);
	CHECK_INT(pattern_at((uintptr_t)block, 0, SIZE), SIZE);
	CHECK_INT(pattern_at(before, SIZE + 2 * ALLOCATOR_LINKS, 100 * SIZE), 0);
	free(block);
}

TEST(realloc_keeps_its_word)
{
	uint8_t *block = resize(NULL, SIZE);
	volatile size_t huge = SIZE_MAX / 2;

	CHECK(block != NULL);
	memset(block, 0xA7, SIZE);
	CHECK(resize_array(block, huge, 4) == NULL);
	CHECK_INT(errno, ENOMEM);
	CHECK(resize(block, huge + 1) == NULL);
	CHECK_INT(pattern_at((uintptr_t)block, 0, SIZE), SIZE);
	block = resize_array(block, SIZE, 4);
	CHECK(block != NULL);
	CHECK_INT(pattern_at((uintptr_t)block, 0, SIZE), SIZE);
	CHECK(resize(block, 0) == NULL);
}

TEST(fresh_blocks_are_zero_when_asked)
{
	for (int i = 0; i < 100; i++) {
		uint8_t *block = malloc(SIZE);
		uint8_t *zeros = NULL;

		memset(block, 0xA7, SIZE);
		free(block);
		zeros = calloc(1, SIZE);
		CHECK(zeros != NULL);
		for (size_t n = 0; n < SIZE; n++)
			CHECK(zeros[n] == 0);
		free(zeros);
	}
}

/* libc's own blocks go the same way. */
TEST(libraries_free_through_us)
{
	char *text = strdup("a PIN that libc copied, and that is longer than the links");
	uintptr_t address = (uintptr_t)text;
	size_t len = strlen(text);

	text[len] = '\xA7';
	free(text);
	CHECK_INT(pattern_at(address, ALLOCATOR_LINKS, len + 1), 0);
}
