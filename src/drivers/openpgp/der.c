/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* DER of two unsigned numbers: RSAPublicKey (RFC 8017, A.1.1) and Ecdsa-Sig-Value (RFC 3279). */
#include "drivers/openpgp/openpgp.h"

#include "base/cleanup.h"
#include "base/try.h"
#include "codec/tlv.h"

enum {
	DER_INTEGER = 0x02,
	DER_SEQUENCE = 0x30,
	SIGN_BIT = 0x80,
};

/* The shortest form that is not negative. */
static enum kc_status put_integer(struct bytes *der, struct kc_view number)
{
	bool needs_zero = false;

	while (number.len > 0 && number.data[0] == 0)
		number = view_slice(number, 1, number.len);
	needs_zero = number.len == 0 || (number.data[0] & SIGN_BIT) != 0;
	TRY(tlv_put_header(der, DER_INTEGER, number.len + needs_zero));
	if (needs_zero)
		TRY(bytes_append_byte(der, 0));
	return bytes_append(der, number);
}

enum kc_status openpgp_put_pair(struct bytes *der, struct kc_view first, struct kc_view second)
{
	CLEANUP(bytes_done) struct bytes numbers = BYTES_INIT(OPENPGP_PUBLIC_KEY_MAX);

	TRY(put_integer(&numbers, first));
	TRY(put_integer(&numbers, second));
	return tlv_put(der, DER_SEQUENCE, bytes_view(&numbers));
}
