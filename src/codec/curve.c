/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The named curves: FIPS 186-5's, RFC 5639's and SEC 2's secp256k1. All have the cofactor 1. */
#include "codec/curve.h"

#include "base/cleanup.h"

static const struct curve curves[] = {
	{256, "P-256"},		  {384, "P-384"},	    {521, "P-521"},
	{192, "P-192"},		  {224, "P-224"},	    {256, "secp256k1"},
	{256, "brainpoolP256r1"}, {384, "brainpoolP384r1"}, {512, "brainpoolP512r1"},
};

const struct curve *curve_at(size_t index)
{
	return index < ARRAY_LEN(curves) ? &curves[index] : NULL;
}
