/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Linked into a program that handles PINs, this makes every heap block clean before the allocator
 * gets it back: buffers inside json-c and stdio too, which no code of ours could wipe. Only the
 * two functions that give memory back are replaced, for the whole process (the program's symbol
 * wins over libc's); they hand on to glibc's own allocator under its second names, which are part
 * of glibc's ABI since 2.2.5. malloc, calloc, memalign, aligned_alloc and posix_memalign only
 * take, so they stay libc's; reallocarray calls realloc.
 *
 * Not built into programs with a sanitizer, which brings an allocator of its own.
 */
#include <errno.h>
#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <keycask/bytes.h>

extern void __libc_free(void *block);

static void wipe_and_free(void *block)
{
	explicit_bzero(block, malloc_usable_size(block));
	__libc_free(block);
}

KC_PUBLIC void free(void *block)
{
	if (block)
		wipe_and_free(block);
}

/* Stay in place when the block fits and is not much too large; else move and wipe. */
static int fits(size_t usable, size_t size)
{
	return size <= usable && size >= usable / 2;
}

KC_PUBLIC void *realloc(void *block, size_t size)
{
	void *moved = NULL;
	size_t usable = 0;

	if (!block)
		return malloc(size);
	if (size == 0) { /* glibc frees and returns NULL */
		wipe_and_free(block);
		return NULL;
	}
	usable = malloc_usable_size(block);
	if (fits(usable, size))
		return block;
	moved = malloc(size);
	if (!moved)
		return NULL;
	memcpy(moved, block, size < usable ? size : usable);
	wipe_and_free(block);
	return moved;
}

/* glibc's own calls realloc as well; stated here so that it cannot be bound past ours. */
KC_PUBLIC void *reallocarray(void *block, size_t n, size_t size)
{
	size_t total = 0;

	if (__builtin_mul_overflow(n, size, &total)) {
		errno = ENOMEM;
		return NULL;
	}
	return realloc(block, total);
}
