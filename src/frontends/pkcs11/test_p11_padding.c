/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * PSS and OAEP there and back, at every length of modulus near a byte's end, and with each part of
 * a block spoiled. What OpenSSL thinks of them is in tests/integration/test_pkcs11_ops.py.
 */
#include "frontends/pkcs11/p11_padding.h"

#include "base/cleanup.h"
#include "harness/test.h"

static const uint8_t digest[P11_DIGEST_MAX + 1] = "a digest of as many bytes as it takes";

static struct p11_parameters parameters_of(enum p11_hash_kind hash, enum p11_hash_kind mask,
					   size_t salt_len)
{
	return (struct p11_parameters){
		.hash = hash, .mask = mask, .salt_len = salt_len, .label = BYTES_INIT(64)};
}

static void check_pss(enum p11_hash_kind hash, enum p11_hash_kind mask, size_t salt_len,
		      size_t n_bits)
{
	CLEANUP(bytes_done) struct bytes block = BYTES_INIT(P11_BLOCK_MAX);
	struct p11_parameters how = parameters_of(hash, mask, salt_len);
	struct kc_view signed_digest = view_of(digest, p11_hash_bytes(hash));

	CHECK_INT(p11_padding_put_pss(&how, signed_digest, n_bits, &block), CKR_OK);
	CHECK_INT(block.len, (n_bits + 7) / 8);
	/* Below the modulus, whatever that is: its highest bit is 0. */
	CHECK((block.data[0] >> ((n_bits - 1) % 8)) == 0);
	CHECK(p11_padding_is_pss(&how, signed_digest, n_bits, bytes_view(&block)));
	for (size_t i = 0; i < block.len; i++) {
		block.data[i] ^= 0x20;
		CHECK(!p11_padding_is_pss(&how, signed_digest, n_bits, bytes_view(&block)));
		block.data[i] ^= 0x20;
	}
	CHECK(!p11_padding_is_pss(&how, view_of(digest + 1, signed_digest.len), n_bits,
				  bytes_view(&block)));
	how.salt_len++;
	CHECK(!p11_padding_is_pss(&how, signed_digest, n_bits, bytes_view(&block)));
}

TEST(pss_of_every_shape)
{
	for (size_t n_bits = 2041; n_bits <= 2049; n_bits++) {
		check_pss(P11_SHA256, P11_SHA1, 20, n_bits);
		check_pss(P11_SHA512, P11_SHA512, 0, n_bits);
	}
	check_pss(P11_SHA224, P11_SHA384, 256 - 28 - 2, 2048); /* no zeros at all */
}

TEST(pss_that_does_not_fit)
{
	CLEANUP(bytes_done) struct bytes block = BYTES_INIT(P11_BLOCK_MAX);
	struct p11_parameters how = parameters_of(P11_SHA256, P11_SHA256, 256 - 32 - 1);
	struct kc_view view = view_of(digest, 32);

	CHECK_INT(p11_padding_put_pss(&how, view, 2048, &block), CKR_KEY_SIZE_RANGE);
	CHECK_INT(p11_padding_put_pss(&how, view, 0, &block), CKR_KEY_SIZE_RANGE);
	CHECK_INT(p11_padding_put_pss(&how, view, 1000 * 1000, &block), CKR_KEY_SIZE_RANGE);
	CHECK_INT(block.len, 0);
	CHECK(!p11_padding_is_pss(&how, view, 2048, view_of(digest, 10)));
}

static void check_oaep(struct p11_parameters *how, size_t message_len, size_t len)
{
	CLEANUP(bytes_done) struct bytes block = BYTES_INIT(P11_BLOCK_MAX);
	CLEANUP(bytes_done) struct bytes message = BYTES_INIT(P11_BLOCK_MAX);
	uint8_t plain[P11_BLOCK_MAX];

	memset(plain, 0x01, sizeof(plain)); /* which is what ends the zeros, too */
	CHECK_INT(p11_padding_put_oaep(how, view_of(plain, message_len), len, &block), CKR_OK);
	CHECK_INT(block.len, len);
	CHECK_INT(block.data[0], 0);
	CHECK_INT(p11_padding_take_oaep(how, bytes_view(&block), &message), CKR_OK);
	CHECK(view_equal(bytes_view(&message), view_of(plain, message_len)));
	bytes_consume(&message, message.len);
	for (size_t i = 0; i < len; i++) {
		block.data[i] ^= 0x40;
		CHECK_INT(p11_padding_take_oaep(how, bytes_view(&block), &message),
			  CKR_ENCRYPTED_DATA_INVALID);
		CHECK_INT(message.len, 0);
		block.data[i] ^= 0x40;
	}
}

TEST(oaep_of_every_length)
{
	struct p11_parameters how = parameters_of(P11_SHA256, P11_SHA1, 0);

	for (size_t len = 0; len <= 128 - 66; len++)
		check_oaep(&how, len, 128);
	CHECK_OK(bytes_append(&how.label, view_of_text("a label")));
	check_oaep(&how, 0, 66);
	check_oaep(&how, 100, 256);
	bytes_done(&how.label);
}

TEST(oaep_with_another_label)
{
	CLEANUP(bytes_done) struct bytes block = BYTES_INIT(P11_BLOCK_MAX);
	CLEANUP(bytes_done) struct bytes message = BYTES_INIT(P11_BLOCK_MAX);
	struct p11_parameters how = parameters_of(P11_SHA1, P11_SHA1, 0);

	CHECK_INT(p11_padding_put_oaep(&how, view_of_text("message"), 128, &block), CKR_OK);
	CHECK_OK(bytes_append(&how.label, view_of_text("x")));
	CHECK_INT(p11_padding_take_oaep(&how, bytes_view(&block), &message),
		  CKR_ENCRYPTED_DATA_INVALID);
	bytes_done(&how.label);
}

TEST(oaep_that_does_not_fit)
{
	CLEANUP(bytes_done) struct bytes block = BYTES_INIT(P11_BLOCK_MAX);
	struct p11_parameters how = parameters_of(P11_SHA512, P11_SHA512, 0);

	CHECK_INT(p11_padding_put_oaep(&how, view_of(digest, 1), 130, &block), CKR_DATA_LEN_RANGE);
	CHECK_INT(p11_padding_put_oaep(&how, view_of(digest, 0), 129, &block), CKR_DATA_LEN_RANGE);
	CHECK_INT(p11_padding_put_oaep(&how, view_of(digest, 0), P11_BLOCK_MAX + 1, &block),
		  CKR_DATA_LEN_RANGE);
	CHECK_INT(p11_padding_take_oaep(&how, view_of(digest, 10), &block),
		  CKR_ENCRYPTED_DATA_INVALID);
	CHECK_INT(block.len, 0);
}
