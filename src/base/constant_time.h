/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BASE_CONSTANT_TIME_H
#define BASE_CONSTANT_TIME_H

/*
 * Decisions about secrets without branches and without secret addresses. A mask is all ones for
 * true and 0 for false.
 */

#include <stddef.h>
#include <stdint.h>

#ifdef CONSTANT_TIME_CHECKED
#include <valgrind/memcheck.h>
#endif

/* The compiler may not conclude anything from @value: else it might make a branch of a mask. */
static inline size_t constant_time_barrier(size_t value)
{
	__asm__("" : "+r"(value) : /* no inputs */);
	return value;
}

/* All ones if the highest bit of @value is set. */
static inline size_t constant_time_spread(size_t value)
{
	return (size_t)0 - (constant_time_barrier(value) >> (8 * sizeof(value) - 1));
}

static inline size_t constant_time_is_zero(size_t value)
{
	return constant_time_spread(~value & (value - 1));
}

static inline size_t constant_time_equal(size_t a, size_t b)
{
	return constant_time_is_zero(a ^ b);
}

static inline size_t constant_time_less(size_t a, size_t b)
{
	return constant_time_spread(a ^ ((a ^ b) | ((a - b) ^ a)));
}

/*
 * From here on @data is no secret: whoever asks gets to know it. tests/integration/
 * test_constant_time.py runs these decisions in valgrind with secrets that count as uninitialised,
 * and is told here what may be looked at.
 */
static inline void constant_time_reveal(void *data, size_t len)
{
#ifdef CONSTANT_TIME_CHECKED
	(void)VALGRIND_MAKE_MEM_DEFINED(data, len);
#else
	(void)data;
	(void)len;
#endif
}

/* @a if @mask is true, else @b. */
static inline size_t constant_time_select(size_t mask, size_t a, size_t b)
{
	mask = constant_time_barrier(mask);
	return (mask & a) | (~mask & b);
}

#endif
