/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ECDSA signatures from one form into the other, by OpenSSL's own reader and writer. */
#include "keys/ecdsa_form_impl.h"

#include <openssl/crypto.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>

#include "base/try.h"
#include "codec/curve.h"
#include "keys/digest_impl.h"

enum {
	WIDTH_MAX = 66, /* of P-521 */
};

static void sig_done(ECDSA_SIG **sig)
{
	ECDSA_SIG_free(*sig);
	*sig = NULL;
}

enum kc_status ecdsa_form_put_plain(struct kc_view signature, unsigned size_in_bits,
				    struct bytes *bytes)
{
	const uint8_t *at = signature.data;
	CLEANUP(sig_done) ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &at, (long)signature.len);
	int width = (int)curve_width(size_in_bits);
	uint8_t plain[2 * WIDTH_MAX];

	ERR_clear_error();
	REQUIRE(sig && at == signature.data + signature.len && width <= WIDTH_MAX &&
			BN_bn2binpad(ECDSA_SIG_get0_r(sig), plain, width) == width &&
			BN_bn2binpad(ECDSA_SIG_get0_s(sig), plain + width, width) == width,
		KC_ERR_VERIFY_FAILED, "not an ECDSA signature of this curve");
	return bytes_append(bytes, view_of(plain, 2 * (size_t)width));
}

static enum kc_status put_sig(const ECDSA_SIG *sig, struct bytes *bytes)
{
	unsigned char *der = NULL;
	int len = i2d_ECDSA_SIG(sig, &der);
	enum kc_status status = KC_OK;

	if (len < 0)
		return digest_fail_openssl("signature");
	status = bytes_append(bytes, view_of(der, (size_t)len));
	OPENSSL_free(der);
	return status;
}

enum kc_status ecdsa_form_put_der(struct kc_view signature, unsigned size_in_bits,
				  struct bytes *bytes)
{
	CLEANUP(sig_done) ECDSA_SIG *sig = ECDSA_SIG_new();
	int width = (int)curve_width(size_in_bits);
	BIGNUM *r = NULL;
	BIGNUM *s = NULL;

	REQUIRE(signature.len == 2 * (size_t)width, KC_ERR_VERIFY_FAILED,
		"a signature of this curve has %d bytes", 2 * width);
	r = BN_bin2bn(signature.data, width, NULL);
	s = BN_bin2bn(signature.data + width, width, NULL);
	if (!sig || !r || !s || ECDSA_SIG_set0(sig, r, s) != 1) {
		BN_free(r);
		BN_free(s);
		return digest_fail_openssl("signature");
	}
	return put_sig(sig, bytes);
}
