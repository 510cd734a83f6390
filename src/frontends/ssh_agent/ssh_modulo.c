/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Long division in base 2: the remainder is doubled for each bit of the number, and the divisor
 * subtracted when it fits, which a mask decides and no branch. Milliseconds for the longest keys,
 * once per ssh-add; not worth a library of large numbers in a process that has no other use for it.
 */
#include "frontends/ssh_agent/ssh_modulo.h"

#include "base/try.h"

/* @bytes = @bytes * 2 + @bit; what falls out. */
static unsigned shift_in(uint8_t *bytes, size_t n, unsigned bit)
{
	unsigned carry = bit;

	for (size_t i = n; i-- > 0;) {
		unsigned sum = (unsigned)bytes[i] << 1 | carry;

		bytes[i] = (uint8_t)sum;
		carry = sum >> 8;
	}
	return carry;
}

/* @ret_difference = @a - @b; 1 when that is negative. */
static unsigned subtract(const uint8_t *a, const uint8_t *b, size_t n, uint8_t *ret_difference)
{
	unsigned borrow = 0;

	for (size_t i = n; i-- > 0;) {
		unsigned difference = 0x100U + a[i] - b[i] - borrow;

		ret_difference[i] = (uint8_t)difference;
		borrow = 1 - (difference >> 8);
	}
	return borrow;
}

static void choose(uint8_t *bytes, const uint8_t *other, size_t n, unsigned use_other)
{
	uint8_t mask = (uint8_t)-use_other;

	for (size_t i = 0; i < n; i++)
		bytes[i] = (uint8_t)(bytes[i] ^ ((bytes[i] ^ other[i]) & mask));
}

static void divide(struct kc_view number, const uint8_t *divisor, size_t n, uint8_t *remainder)
{
	uint8_t difference[SSH_MODULO_MAX];

	memset(remainder, 0, n);
	for (size_t i = 0; i < number.len * 8; i++) {
		unsigned bit = number.data[i / 8] >> (7 - i % 8) & 1;
		unsigned carry = shift_in(remainder, n, bit);
		unsigned is_less = subtract(remainder, divisor, n, difference) & (1 - carry);

		choose(remainder, difference, n, 1 - is_less);
	}
	explicit_bzero(difference, sizeof(difference));
}

enum kc_status ssh_modulo_prime_minus_1(struct kc_view number, struct kc_view prime,
					uint8_t *remainder)
{
	uint8_t divisor[SSH_MODULO_MAX];

	REQUIRE(prime.len > 0 && prime.len <= SSH_MODULO_MAX && prime.data[0] != 0 &&
			(prime.data[prime.len - 1] & 1) && number.len <= 2 * SSH_MODULO_MAX,
		KC_ERR_DECODE, "no RSA key");
	memcpy(divisor, prime.data, prime.len);
	divisor[prime.len - 1] &= 0xFE;
	divide(number, divisor, prime.len, remainder);
	explicit_bzero(divisor, sizeof(divisor));
	return KC_OK;
}
