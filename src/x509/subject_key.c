/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The subject's public key as keys and identities use it (reference/keychain.md 5.5, 5.6): the
 * content of the BIT STRING, except that a compressed EC point is written out, since that is the
 * form in which a token's key is known. A key we cannot use does not make the certificate
 * unreadable: it is listed, of type "other".
 */
#include "x509/subject_key_impl.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/sha.h>

#include "base/try.h"

enum {
	RSA_BITS_MIN = 512,
	RSA_BITS_MAX = 16384,
	EC_BITS_MAX = 521,
	POINT_UNCOMPRESSED = 0x04, /* SEC 1 2.3.3 */
};

struct kind {
	const char *name;
	unsigned size_in_bits;
};

static const struct kind other = {"other", 0};

static struct kind kind_of_rsa(const EVP_PKEY *pkey)
{
	int bits = EVP_PKEY_get_bits(pkey);

	if (bits < RSA_BITS_MIN || bits > RSA_BITS_MAX)
		return other;
	return (struct kind){"rsa", (unsigned)bits};
}

/* Named curves only: parameters of one's own are how CVE-2020-0601 forged a key. */
static struct kind kind_of_ec(EVP_PKEY *pkey)
{
	char encoding[32] = "";
	size_t len = 0;
	int bits = EVP_PKEY_get_bits(pkey);

	if (EVP_PKEY_get_utf8_string_param(pkey, OSSL_PKEY_PARAM_EC_ENCODING, encoding,
					   sizeof(encoding), &len) != 1 ||
	    strcmp(encoding, OSSL_PKEY_EC_ENCODING_GROUP) != 0 || bits <= 0 || bits > EC_BITS_MAX)
		return other;
	return (struct kind){"ec", (unsigned)bits};
}

static struct kind kind_of(EVP_PKEY *pkey)
{
	if (!pkey)
		return other;
	switch (EVP_PKEY_get_base_id(pkey)) {
	case EVP_PKEY_RSA:
		return kind_of_rsa(pkey);
	case EVP_PKEY_EC:
		return kind_of_ec(pkey);
	case EVP_PKEY_ED25519:
		return (struct kind){"ed25519", 256};
	case EVP_PKEY_X25519:
		return (struct kind){"x25519", 256};
	case EVP_PKEY_ED448:
		return (struct kind){"ed448", 456};
	case EVP_PKEY_X448:
		return (struct kind){"x448", 448};
	default:
		return other;
	}
}

static void big_done(BIGNUM **number)
{
	BN_free(*number);
	*number = NULL;
}

static enum kc_status put_number(EVP_PKEY *pkey, const char *name, size_t width,
				 struct bytes *bytes)
{
	CLEANUP(big_done) BIGNUM *number = NULL;
	uint8_t out[(EC_BITS_MAX + 7) / 8];

	REQUIRE(EVP_PKEY_get_bn_param(pkey, name, &number) == 1 && width <= sizeof(out) &&
			BN_bn2binpad(number, out, (int)width) == (int)width,
		KC_ERR_DECODE, "the public key is no point");
	return bytes_append(bytes, view_of(out, width));
}

static enum kc_status put_point(EVP_PKEY *pkey, unsigned size_in_bits, struct bytes *bytes)
{
	size_t width = (size_in_bits + 7) / 8;

	TRY(bytes_append_byte(bytes, POINT_UNCOMPRESSED));
	TRY(put_number(pkey, OSSL_PKEY_PARAM_EC_PUB_X, width, bytes));
	return put_number(pkey, OSSL_PKEY_PARAM_EC_PUB_Y, width, bytes);
}

static enum kc_status put_content(X509 *certificate, struct bytes *bytes)
{
	const ASN1_BIT_STRING *bits = X509_get0_pubkey_bitstr(certificate);

	/* X.690 8.6.2: the low bits of flags count the unused ones of the last byte. */
	REQUIRE(bits && ASN1_STRING_length(bits) > 0 && (bits->flags & 0x07) == 0, KC_ERR_DECODE,
		"the certificate has no public key of whole bytes");
	return bytes_append(bytes,
			    view_of(ASN1_STRING_get0_data(bits), (size_t)ASN1_STRING_length(bits)));
}

static enum kc_status put_fields(struct kind kind, struct kc_view public_key,
				 struct json_object *fields)
{
	uint8_t hash[SHA_DIGEST_LENGTH];

	REQUIRE(EVP_Digest(public_key.data, public_key.len, hash, NULL, EVP_sha1(), NULL) == 1,
		KC_ERR_INTERNAL, "no SHA-1");
	TRY(field_put_text(fields, "key_type", kind.name));
	TRY(field_put_number(fields, "key_size_in_bits", kind.size_in_bits));
	TRY(field_put_data(fields, "public_key", public_key));
	return field_put_data(fields, "public_key_hash", VIEW_OF(hash));
}

enum kc_status subject_key_put(X509 *certificate, struct json_object *fields)
{
	CLEANUP(bytes_done) struct bytes public_key = BYTES_INIT(SUBJECT_KEY_MAX);
	EVP_PKEY *pkey = X509_get0_pubkey(certificate);
	struct kind kind = kind_of(pkey);

	ERR_clear_error();
	TRY(put_content(certificate, &public_key));
	if (strcmp(kind.name, "ec") == 0 && public_key.data[0] != POINT_UNCOMPRESSED) {
		bytes_done(&public_key);
		TRY(put_point(pkey, kind.size_in_bits, &public_key));
	}
	return put_fields(kind, bytes_view(&public_key), fields);
}

enum kc_status subject_key_put_known(EVP_PKEY *pkey, struct kc_view public_key,
				     struct json_object *fields)
{
	struct kind kind = kind_of(pkey);

	ERR_clear_error();
	return put_fields(kind, public_key, fields);
}

/* The content of the BIT STRING that its SubjectPublicKeyInfo would have. */
static enum kc_status put_info_content(EVP_PKEY *pkey, struct bytes *bytes)
{
	X509_PUBKEY *info = NULL;
	const unsigned char *data = NULL;
	int len = 0;
	enum kc_status status = KC_ERR_DECODE;

	if (X509_PUBKEY_set(&info, pkey) == 1 &&
	    X509_PUBKEY_get0_param(NULL, &data, &len, NULL, info) == 1 && len > 0)
		status = bytes_append(bytes, view_of(data, (size_t)len));
	X509_PUBKEY_free(info);
	ERR_clear_error();
	return status;
}

enum kc_status subject_key_put_pkey(EVP_PKEY *pkey, struct json_object *fields)
{
	CLEANUP(bytes_done) struct bytes public_key = BYTES_INIT(SUBJECT_KEY_MAX);
	struct kind kind = kind_of(pkey);
	enum kc_status status = KC_OK;

	ERR_clear_error();
	REQUIRE(kind.size_in_bits > 0, KC_ERR_DECODE,
		"a public key of a kind that is not kept here");
	if (strcmp(kind.name, "ec") == 0)
		status = put_point(pkey, kind.size_in_bits, &public_key);
	else
		status = put_info_content(pkey, &public_key);
	REQUIRE(status == KC_OK, KC_ERR_DECODE, "the public key cannot be written");
	return put_fields(kind, bytes_view(&public_key), fields);
}
