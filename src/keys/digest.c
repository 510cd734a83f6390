/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Hashes: OpenSSL's, and the constants that name them in PKCS#1 v1.5. */
#include "keys/digest_impl.h"

#include <openssl/err.h>

#include "base/try.h"

/* RFC 8017 9.2 note 1: DER of DigestInfo up to the hash itself. */
static const uint8_t info_md5[] = {0x30, 0x20, 0x30, 0x0c, 0x06, 0x08, 0x2a, 0x86, 0x48,
				   0x86, 0xf7, 0x0d, 0x02, 0x05, 0x05, 0x00, 0x04, 0x10};
static const uint8_t info_sha1[] = {0x30, 0x21, 0x30, 0x09, 0x06, 0x05, 0x2b, 0x0e,
				    0x03, 0x02, 0x1a, 0x05, 0x00, 0x04, 0x14};
static const uint8_t info_sha224[] = {0x30, 0x2d, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01,
				      0x65, 0x03, 0x04, 0x02, 0x04, 0x05, 0x00, 0x04, 0x1c};
static const uint8_t info_sha256[] = {0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01,
				      0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20};
static const uint8_t info_sha384[] = {0x30, 0x41, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01,
				      0x65, 0x03, 0x04, 0x02, 0x02, 0x05, 0x00, 0x04, 0x30};
static const uint8_t info_sha512[] = {0x30, 0x51, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01,
				      0x65, 0x03, 0x04, 0x02, 0x03, 0x05, 0x00, 0x04, 0x40};

const EVP_MD *digest_type(enum algorithm_hash hash)
{
	switch (hash) {
	case ALGORITHM_MD5:
		return EVP_md5();
	case ALGORITHM_SHA1:
		return EVP_sha1();
	case ALGORITHM_SHA224:
		return EVP_sha224();
	case ALGORITHM_SHA256:
		return EVP_sha256();
	case ALGORITHM_SHA384:
		return EVP_sha384();
	case ALGORITHM_SHA512:
		return EVP_sha512();
	case ALGORITHM_NO_HASH:
		break;
	}
	return NULL;
}

size_t digest_len(enum algorithm_hash hash)
{
	const EVP_MD *type = digest_type(hash);

	return type ? (size_t)EVP_MD_get_size(type) : 0;
}

enum kc_status digest_put(enum algorithm_hash hash, struct kc_view data, struct bytes *bytes)
{
	uint8_t out[EVP_MAX_MD_SIZE];
	unsigned len = 0;

	if (EVP_Digest(data.data, data.len, out, &len, digest_type(hash), NULL) != 1)
		return digest_fail_openssl("hash");
	return bytes_append(bytes, view_of(out, len));
}

struct kc_view digest_info_prefix(enum algorithm_hash hash)
{
	switch (hash) {
	case ALGORITHM_MD5:
		return VIEW_OF(info_md5);
	case ALGORITHM_SHA1:
		return VIEW_OF(info_sha1);
	case ALGORITHM_SHA224:
		return VIEW_OF(info_sha224);
	case ALGORITHM_SHA256:
		return VIEW_OF(info_sha256);
	case ALGORITHM_SHA384:
		return VIEW_OF(info_sha384);
	case ALGORITHM_SHA512:
		return VIEW_OF(info_sha512);
	case ALGORITHM_NO_HASH:
		break;
	}
	return view_of(NULL, 0);
}

enum kc_status digest_fail_openssl(const char *what)
{
	const char *reason = ERR_reason_error_string(ERR_peek_last_error());
	enum kc_status status =
		fail(KC_ERR_INTERNAL, "%s: %s", what, reason ? reason : "OpenSSL gives no reason");

	ERR_clear_error();
	return status;
}
