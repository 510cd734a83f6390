/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Keys made by OpenSSL, taken apart here and there, and what is wrong with others. */
#include "keys/private_key.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "base/try.h"
#include "harness/test.h"
#include "keys/pem_identity.h"
#include "keys/private_pkey_impl.h"
#include "keys/public_key_impl.h"

struct made {
	EVP_PKEY *pkey;
	struct secret external;
	struct bytes public_key;
};

static void made_done(struct made *made)
{
	EVP_PKEY_free(made->pkey);
	secret_done(&made->external);
	bytes_done(&made->public_key);
}

static struct made make(EVP_PKEY *pkey)
{
	struct made made = {.pkey = pkey, .public_key = BYTES_INIT(PRIVATE_KEY_PUBLIC_MAX)};

	CHECK(pkey);
	CHECK_OK(private_pkey_put_external(pkey, &made.external));
	CHECK_OK(private_pkey_put_public(pkey, &made.public_key));
	return made;
}

static struct made make_rsa(unsigned bits)
{
	return make(EVP_RSA_gen(bits));
}

static struct made make_ec(const char *curve)
{
	return make(EVP_EC_gen(curve));
}

static struct made make_raw(const char *name)
{
	return make(EVP_PKEY_Q_keygen(NULL, NULL, name));
}

static enum kc_status read_as(const char *key_class, const char *key_type, struct kc_view data,
			      struct private_key *ret_key)
{
	struct private_key_claim claim = {.key_class = key_class, .key_type = key_type};

	error_clear();
	return private_key_read(claim, data, ret_key);
}

static void check_same(const struct private_key *key, const char *key_class, const char *key_type,
		       unsigned size_in_bits, const struct made *made)
{
	uint8_t hash[PRIVATE_KEY_HASH_BYTES];
	struct kc_view public_key = bytes_view(&made->public_key);

	CHECK_TEXT(key->key_class, key_class);
	CHECK_TEXT(key->key_type, key_type);
	CHECK_INT(key->size_in_bits, size_in_bits);
	CHECK(view_equal(bytes_view(&key->public_key), public_key));
	CHECK(EVP_Digest(public_key.data, public_key.len, hash, NULL, EVP_sha1(), NULL) == 1);
	CHECK(memcmp(hash, key->public_key_hash, sizeof(hash)) == 0);
}

/* Whatever is said of it or left to the bytes; its public half too. */
static void check_kind(struct made made, const char *key_type, unsigned size_in_bits)
{
	CLEANUP(made_done) struct made owned = made;
	bool tells = strcmp(key_type, "rsa") == 0 || strcmp(key_type, "ec") == 0;

	for (unsigned i = 0; i < (tells ? 4U : 2U); i++) {
		CLEANUP(private_key_done) struct private_key key = {0};
		CLEANUP(private_key_done) struct private_key public_key = {0};
		const char *type = i < 2 ? key_type : NULL;

		CHECK_OK(read_as(i % 2 || !tells ? "private" : NULL, type,
				 secret_view(&owned.external), &key));
		check_same(&key, "private", key_type, size_in_bits, &owned);
		CHECK(view_equal(private_key_data(&key), secret_view(&owned.external)));
		CHECK_OK(read_as(i % 2 || !tells ? "public" : NULL, type,
				 bytes_view(&owned.public_key), &public_key));
		check_same(&public_key, "public", key_type, size_in_bits, &owned);
		CHECK(view_equal(private_key_data(&public_key), bytes_view(&owned.public_key)));
	}
}

TEST(every_type_is_read)
{
	check_kind(make_rsa(1024), "rsa", 1024);
	check_kind(make_rsa(2048), "rsa", 2048);
	check_kind(make_ec("P-224"), "ec", 224);
	check_kind(make_ec("P-256"), "ec", 256);
	check_kind(make_ec("secp256k1"), "ec", 256);
	check_kind(make_ec("P-384"), "ec", 384);
	check_kind(make_ec("P-521"), "ec", 521);
	check_kind(make_ec("brainpoolP512r1"), "ec", 512);
	check_kind(make_raw("ED25519"), "ed25519", 256);
	check_kind(make_raw("X25519"), "x25519", 256);
	check_kind(make_raw("ED448"), "ed448", 456);
	check_kind(make_raw("X448"), "x448", 448);
}

/* reference/keychain.md 5.5: 3·n + 1 bytes, 04 first. */
TEST(representation_is_apples)
{
	CLEANUP(made_done) struct made made = make_ec("P-521");

	CHECK_INT(made.external.len, 3 * 66 + 1);
	CHECK_INT(made.external.data[0], 4);
	CHECK(view_equal(view_slice(secret_view(&made.external), 0, 2 * 66 + 1),
			 bytes_view(&made.public_key)));
}

static void check_refused(const char *key_class, const char *key_type, struct kc_view data,
			  enum kc_status status, const char *message)
{
	CLEANUP(private_key_done) struct private_key key = {0};

	CHECK_STATUS(read_as(key_class, key_type, data, &key), status);
	CHECK_TEXT(error_get()->message, message);
	CHECK(!key.external.data && !key.public_key.data);
}

static const char not_rsa[] =
	"not a private key of type \"rsa\": that is a PKCS#1 RSAPrivateKey in DER";
static const char not_ec[] =
	"not a private key of type \"ec\": that is 04 and X, Y, K of a known curve";

TEST(rsa_is_strict)
{
	CLEANUP(made_done) struct made made = make_rsa(1024);
	CLEANUP(bytes_done) struct bytes longer = BYTES_INIT(SECRET_MAX);
	struct kc_view whole = secret_view(&made.external);

	CHECK_OK(bytes_append(&longer, whole));
	CHECK_OK(bytes_append_byte(&longer, 0));
	check_refused("private", "rsa", bytes_view(&longer), KC_ERR_DECODE, not_rsa);
	check_refused(NULL, NULL, view_slice(whole, 0, whole.len - 1), KC_ERR_DECODE, not_rsa);
	check_refused("private", "rsa", bytes_view(&made.public_key), KC_ERR_DECODE, not_rsa);
	check_refused("public", "rsa", whole, KC_ERR_DECODE, "not a public key of type \"rsa\"");
	check_refused("private", "ec", whole, KC_ERR_DECODE, not_ec);
}

/* The last byte of each of the nine numbers in turn. */
TEST(rsa_numbers_must_fit)
{
	CLEANUP(made_done) struct made made = make_rsa(1024);
	static const char *const names[] = {
		OSSL_PKEY_PARAM_RSA_N,	       OSSL_PKEY_PARAM_RSA_E,
		OSSL_PKEY_PARAM_RSA_D,	       OSSL_PKEY_PARAM_RSA_FACTOR1,
		OSSL_PKEY_PARAM_RSA_FACTOR2,   OSSL_PKEY_PARAM_RSA_EXPONENT1,
		OSSL_PKEY_PARAM_RSA_EXPONENT2, OSSL_PKEY_PARAM_RSA_COEFFICIENT1,
	};

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		uint8_t number[128];
		uint8_t *at = NULL;
		BIGNUM *value = NULL;
		int len = 0;

		CHECK(EVP_PKEY_get_bn_param(made.pkey, names[i], &value) == 1);
		len = BN_bn2bin(value, number);
		BN_free(value);
		at = memmem(made.external.data, made.external.len, number, (size_t)len);
		CHECK(at);
		at[len - 1] ^= 2;
		check_refused("private", "rsa", secret_view(&made.external), KC_ERR_DECODE,
			      "the numbers of this RSA key do not fit each other");
		at[len - 1] ^= 2;
	}
}

TEST(rsa_has_limits)
{
	CLEANUP(made_done) struct made made = make_rsa(768);

	check_refused("private", "rsa", secret_view(&made.external), KC_ERR_KEY_SIZE_NOT_ALLOWED,
		      "an RSA key of 768 bits; 1024 to 8192 are taken");
}

TEST(ec_halves_must_belong_together)
{
	CLEANUP(made_done) struct made made = make_ec("P-256");
	CLEANUP(made_done) struct made other = make_ec("P-256");
	struct kc_view whole = secret_view(&made.external);

	memcpy(made.external.data + 65, other.external.data + 65, 32);
	check_refused("private", "ec", whole, KC_ERR_DECODE,
		      "the private number of this EC key is not that of its point");
	memset(made.external.data + 65, 0, 32);
	check_refused("private", "ec", whole, KC_ERR_DECODE,
		      "the private number of this EC key is not that of its point");
	made.external.data[1] ^= 1;
	check_refused("private", "ec", whole, KC_ERR_DECODE, not_ec);
	check_refused("private", "ec", view_slice(whole, 0, 96), KC_ERR_DECODE, not_ec);
	check_refused("public", "ec", view_slice(whole, 0, 65), KC_ERR_DECODE,
		      "not a public key of type \"ec\"");
}

/* 97 bytes are a private key on P-256 and a public one on P-384. */
TEST(ec_of_97_bytes_is_told_apart)
{
	CLEANUP(made_done) struct made small = make_ec("P-256");
	CLEANUP(made_done) struct made large = make_ec("P-384");
	CLEANUP(private_key_done) struct private_key one = {0};
	CLEANUP(private_key_done) struct private_key other = {0};

	CHECK_INT(small.external.len, large.public_key.len);
	CHECK_OK(read_as(NULL, NULL, secret_view(&small.external), &one));
	CHECK_TEXT(one.key_class, "private");
	CHECK_OK(read_as(NULL, NULL, bytes_view(&large.public_key), &other));
	CHECK_TEXT(other.key_class, "public");
}

TEST(bytes_that_tell_nothing_are_asked_about)
{
	CLEANUP(made_done) struct made made = make_raw("ED25519");

	made.external.data[0] = 1;
	check_refused("private", NULL, secret_view(&made.external), KC_ERR_PARAM,
		      "these bytes do not tell what key they are");
	CHECK_TEXT(error_get()->hint,
		   "say with key_type what it is: rsa, ec, ed25519, x25519, ed448, x448");
	check_refused("private", "dsa", secret_view(&made.external), KC_ERR_PARAM,
		      "no key_type \"dsa\"");
	check_refused("secret", "ec", secret_view(&made.external), KC_ERR_PARAM,
		      "key_class must be \"private\", \"public\" or \"symmetric\"");
	check_refused("private", "ed25519", view_slice(secret_view(&made.external), 0, 31),
		      KC_ERR_DECODE,
		      "not a private key of type \"ed25519\": that is its bytes, of just the right "
		      "number");
}

TEST(symmetric_is_any_bytes)
{
	CLEANUP(private_key_done) struct private_key key = {0};
	CLEANUP(field_free) struct json_object *attributes = NULL;
	static const uint8_t zeros[SECRET_MAX + 1];

	CHECK_OK(read_as("symmetric", "aes", view_of(zeros, 32), &key));
	CHECK(!key.key_type);
	CHECK_INT(key.size_in_bits, 256);
	CHECK_OK(private_key_describe(&key, &attributes));
	CHECK_TEXT(field_text(attributes, "key_class"), "symmetric");
	CHECK(!field_get(attributes, "application_label"));
	check_refused("symmetric", NULL, view_of(zeros, 0), KC_ERR_DECODE,
		      "a symmetric key of no bytes");
	check_refused("symmetric", NULL, VIEW_OF(zeros), KC_ERR_DECODE,
		      "a key of 8193 bytes; 8192 are the most");
}

/* --- attributes ---------------------------------------------------------------------------- */

/* The flags that are set, in the order of reference/keychain.md 1.6: e v w d s u D. */
static void check_usage(const char *key_class, struct made made, const char *expected)
{
	static const struct {
		const char *name;
		char letter;
	} flags[] = {{"can_encrypt", 'e'}, {"can_verify", 'v'}, {"can_wrap", 'w'},
		     {"can_decrypt", 'd'}, {"can_sign", 's'},	{"can_unwrap", 'u'},
		     {"can_derive", 'D'}};
	CLEANUP(made_done) struct made owned = made;
	CLEANUP(private_key_done) struct private_key key = {0};
	CLEANUP(field_free) struct json_object *attributes = NULL;
	bool is_private = strcmp(key_class, "private") == 0;
	char set[8] = "";

	CHECK_OK(read_as(key_class, private_pkey_type(owned.pkey),
			 is_private ? secret_view(&owned.external) : bytes_view(&owned.public_key),
			 &key));
	CHECK_OK(private_key_describe(&key, &attributes));
	for (size_t i = 0; i < ARRAY_LEN(flags); i++)
		if (field_flag(attributes, flags[i].name, false))
			set[strlen(set)] = flags[i].letter;
	CHECK_TEXT(set, expected);
	CHECK(field_flag(attributes, "is_private", !is_private) == is_private);
}

TEST(usage_follows_the_kind)
{
	check_usage("private", make_rsa(1024), "dsu");
	check_usage("public", make_rsa(1024), "evwd");
	check_usage("private", make_ec("P-256"), "dsuD");
	check_usage("public", make_ec("P-256"), "evw");
	check_usage("private", make_raw("ED25519"), "s");
	check_usage("public", make_raw("ED25519"), "v");
	check_usage("private", make_raw("X25519"), "D");
	check_usage("public", make_raw("X25519"), "");
}

/* --- other encodings ----------------------------------------------------------------------- */

static struct kc_view der_of(EVP_PKEY *pkey, bool is_pkcs8, unsigned char **ret_der)
{
	int len = 0;

	*ret_der = NULL;
	if (is_pkcs8) {
		PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(pkey);

		len = i2d_PKCS8_PRIV_KEY_INFO(info, ret_der);
		PKCS8_PRIV_KEY_INFO_free(info);
	} else {
		len = i2d_PrivateKey(pkey, ret_der);
	}
	CHECK(len > 0);
	return view_of(*ret_der, (size_t)len);
}

static void check_import(struct made made, bool is_pkcs8)
{
	CLEANUP(made_done) struct made owned = made;
	CLEANUP(private_key_done) struct private_key key = {0};
	unsigned char *der = NULL;
	struct kc_view view = der_of(owned.pkey, is_pkcs8, &der);

	error_clear();
	CHECK_OK(private_key_import(view, &key));
	CHECK(view_equal(private_key_data(&key), secret_view(&owned.external)));
	CHECK_STATUS(private_key_import(view_slice(view, 0, view.len - 1), &key), KC_ERR_DECODE);
	CHECK_TEXT(error_get()->message, "not a private key in PKCS#8, PKCS#1 or SEC 1");
	OPENSSL_free(der);
}

TEST(other_encodings_are_imported)
{
	check_import(make_rsa(1024), true);
	check_import(make_rsa(1024), false);
	check_import(make_ec("P-384"), true);
	check_import(make_ec("P-384"), false);
	check_import(make_raw("ED25519"), true);
	check_import(make_raw("X25519"), true);
}

/* OpenSSL would ask at the terminal for a password, and there is somebody at it or not. */
TEST(encrypted_keys_are_refused_without_a_question)
{
	CLEANUP(made_done) struct made made = make_ec("P-256");
	CLEANUP(private_key_done) struct private_key key = {0};
	BIO *bio = BIO_new(BIO_s_mem());
	char pass[] = "pass";
	char *data = NULL;
	long len = 0;

	CHECK(i2d_PKCS8PrivateKey_bio(bio, made.pkey, EVP_aes_128_cbc(), NULL, 0, NULL, pass) == 1);
	len = BIO_get_mem_data(bio, &data);
	error_clear();
	CHECK_STATUS(private_key_import(view_of(data, (size_t)len), &key), KC_ERR_DECODE);
	BIO_free(bio);
}

TEST(keys_of_other_kinds_are_refused)
{
	EVP_PKEY *pkey = EVP_EC_gen("sect283k1");
	CLEANUP(private_key_done) struct private_key key = {0};
	unsigned char *der = NULL;
	struct kc_view view = der_of(pkey, true, &der);

	error_clear();
	CHECK_STATUS(private_key_import(view, &key), KC_ERR_DECODE);
	CHECK_TEXT(error_get()->message, not_ec);
	OPENSSL_free(der);
	EVP_PKEY_free(pkey);
}

/* Any DER does for a certificate here: it is parsed elsewhere. */
static const char certificate[] =
	"-----BEGIN CERTIFICATE-----\nMAMCAQE=\n-----END CERTIFICATE-----\n";

static char *pem_of(EVP_PKEY *pkey, const char *before, const char *after, bool is_encrypted)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char pass[] = "pass";
	char *data = NULL;
	char *text = NULL;

	BIO_puts(bio, before);
	if (pkey)
		CHECK(PEM_write_bio_PrivateKey(bio, pkey, is_encrypted ? EVP_aes_128_cbc() : NULL,
					       NULL, 0, NULL, is_encrypted ? pass : NULL) == 1);
	BIO_puts(bio, after);
	CHECK(BIO_write(bio, "", 1) == 1);
	CHECK(BIO_get_mem_data(bio, &data) > 0);
	text = strdup(data);
	BIO_free(bio);
	return text;
}

static void check_pem(const char *text, enum kc_status status, const char *message)
{
	CLEANUP(private_key_done) struct private_key key = {0};
	CLEANUP(bytes_done) struct bytes der = BYTES_INIT(65536);

	error_clear();
	CHECK_STATUS(pem_identity_read(view_of_text(text), &der, &key), status);
	CHECK_TEXT(error_get()->message, message);
	CHECK((key.external.data != NULL) == (status == KC_OK));
	if (status == KC_OK)
		CHECK_HEX(bytes_view(&der), "3003020101");
}

TEST(pem_of_an_identity)
{
	CLEANUP(made_done) struct made made = make_ec("P-256");
	static const char parameters[] = "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n"
					 "-----END EC PARAMETERS-----\n";
	CLEANUP(freep) char *behind = pem_of(made.pkey, "a remark\n", certificate, false);
	CLEANUP(freep) char *before = pem_of(made.pkey, certificate, parameters, false);
	CLEANUP(freep) char *encrypted = pem_of(made.pkey, certificate, "", true);
	CLEANUP(freep) char *twice = pem_of(made.pkey, certificate, certificate, false);
	CLEANUP(freep) char *alone = pem_of(made.pkey, "", "", false);
	CLEANUP(freep) char *keys = pem_of(made.pkey, alone, certificate, false);

	check_pem(behind, KC_OK, "");
	check_pem(before, KC_OK, "");
	check_pem(encrypted, KC_ERR_PARAM, "the private key is encrypted");
	check_pem(twice, KC_ERR_PARAM, "more than one certificate: an identity is one and its key");
	check_pem(keys, KC_ERR_PARAM,
		  "more than one private key: an identity is a certificate and its key");
	check_pem(alone, KC_ERR_PARAM,
		  "an identity is PEM text with one certificate and one private key; here there is "
		  "no certificate");
	check_pem(certificate, KC_ERR_PARAM,
		  "an identity is PEM text with one certificate and one private key; here there is "
		  "no private key");
	check_pem("", KC_ERR_PARAM,
		  "an identity is PEM text with one certificate and one private key; here there is "
		  "neither");
	check_pem("nothing", KC_ERR_PARAM,
		  "an identity is PEM text with one certificate and one private key; here there is "
		  "neither");
	behind[strlen(behind) - 10] = '\0';
	check_pem(behind, KC_ERR_DECODE, "the PEM text is damaged");
}
