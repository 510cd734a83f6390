/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CODEC_CURVE_H
#define CODEC_CURVE_H

/*
 * Curves that a token's EC key may be on. Of such a key we know the point, not the curve: the
 * point tells, since it lies on one of the curves of its size only.
 */

#include <stddef.h>

struct curve {
	unsigned size_in_bits;
	const char *name; /* as OpenSSL has it */
};

/* The likely ones first; NULL: no more. */
const struct curve *curve_at(size_t index);

/* Bytes of a coordinate, and of a number modulo the order, of a curve of @size_in_bits. */
static inline size_t curve_width(unsigned size_in_bits)
{
	return (size_in_bits + 7) / 8;
}

#endif
