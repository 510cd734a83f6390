/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reading a peer's public key by OpenSSL. Whether the point is any good for the key at hand is for
 * the daemon to say.
 */
#include "frontends/cli/peer_key.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "base/cleanup.h"
#include "base/try.h"
#include "frontends/cli/file_io.h"

enum {
	POINT_UNCOMPRESSED = 0x04, /* SEC 1 2.3.3 */
	X25519_BYTES = 32,
};

static void pkey_done(EVP_PKEY **pkey)
{
	EVP_PKEY_free(*pkey);
	*pkey = NULL;
}

static EVP_PKEY *of_certificate(X509 *certificate)
{
	EVP_PKEY *pkey = certificate ? X509_get_pubkey(certificate) : NULL;

	X509_free(certificate);
	return pkey;
}

static EVP_PKEY *parse_der(struct kc_view data)
{
	const uint8_t *at = data.data;
	EVP_PKEY *pkey = d2i_PUBKEY(NULL, &at, (long)data.len);

	at = data.data;
	return pkey ? pkey : of_certificate(d2i_X509(NULL, &at, (long)data.len));
}

static EVP_PKEY *parse_pem(struct kc_view data)
{
	BIO *bio = BIO_new_mem_buf(data.data, (int)data.len);
	EVP_PKEY *pkey = bio ? PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL) : NULL;

	if (!pkey && bio && BIO_reset(bio) == 1)
		pkey = of_certificate(PEM_read_bio_X509(bio, NULL, NULL, NULL));
	BIO_free(bio);
	return pkey;
}

/* X25519 has one form only. */
static bool uncompress(EVP_PKEY *pkey)
{
	if (EVP_PKEY_is_a(pkey, "X25519"))
		return true;
	return EVP_PKEY_set_utf8_string_param(pkey, OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT,
					      OSSL_PKEY_EC_POINT_CONVERSION_FORMAT_UNCOMPRESSED) ==
	       1;
}

static enum kc_status put_point(EVP_PKEY *pkey, struct bytes *point)
{
	unsigned char *encoded = NULL;
	enum kc_status status = KC_OK;
	size_t len = 0;

	if (uncompress(pkey))
		len = EVP_PKEY_get1_encoded_public_key(pkey, &encoded);
	if (len > 0)
		status = bytes_append(point, view_of(encoded, len));
	else
		status = fail(KC_ERR_PARAM,
			      "the other side's public key is not an EC or X25519 key");
	OPENSSL_free(encoded);
	ERR_clear_error();
	return status;
}

enum kc_status peer_key_read(const char *path, struct bytes *point)
{
	CLEANUP(bytes_done) struct bytes data = BYTES_INIT(FILE_IO_MAX);
	CLEANUP(pkey_done) EVP_PKEY *pkey = NULL;

	TRY(file_io_read(path, &data));
	REQUIRE(data.len > 0, KC_ERR_PARAM, "the other side's public key is empty");
	if (data.data[0] == POINT_UNCOMPRESSED || data.len == X25519_BYTES)
		return bytes_append(point, bytes_view(&data));
	pkey = parse_der(bytes_view(&data));
	if (!pkey)
		pkey = parse_pem(bytes_view(&data));
	ERR_clear_error();
	REQUIRE(pkey, KC_ERR_PARAM, "no public key in it: neither PEM, DER nor a point");
	return put_point(pkey, point);
}
