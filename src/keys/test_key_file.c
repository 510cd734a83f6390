/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files of keys, read again by OpenSSL, and what no such file can hold. Other programs read them in
 * tests/integration/test_export.py. */
#include "keys/key_file.h"

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/x509.h>

#include "base/try.h"
#include "harness/test.h"
#include "keys/private_key.h"

enum {
	ITERATIONS = 10,
	DER_MAX = 4096,
};

#define PASSPHRASE "gr\xc3\xbc\xc3\x9f Gott"

/* A SEQUENCE is what a certificate is as far as anybody looks here. */
static const uint8_t certificate[] = {0x30, 0x03, 0x02, 0x01, 0x07};

static struct private_key make(void)
{
	EVP_PKEY *pkey = EVP_EC_gen("P-256");
	struct private_key key = {.key_class = NULL};
	uint8_t der[DER_MAX];
	uint8_t *at = der;
	int len = i2d_PrivateKey(pkey, &at);

	CHECK_OK(private_key_import(view_of(der, (size_t)len), &key));
	EVP_PKEY_free(pkey);
	return key;
}

static struct key_file_entry entry_of(const struct private_key *key)
{
	return (struct key_file_entry){.kind = KEY_FILE_PRIVATE_KEY,
				       .data = private_key_data(key),
				       .key_type = key->key_type,
				       .size_in_bits = key->size_in_bits,
				       .label = "Jo's",
				       .id = VIEW_OF(key->public_key_hash)};
}

static const struct key_file_entry certificate_entry = {
	.kind = KEY_FILE_CERTIFICATE,
	.data = {certificate, sizeof(certificate)},
	.label = "Jo",
};

static enum kc_status write_as(enum key_file_format format, const struct key_file_entry *entries,
			       size_t n, const char *passphrase, struct bytes *ret_bytes)
{
	struct key_file file = {.format = format,
				.entries = entries,
				.n_entries = n,
				.passphrase = view_of_text(passphrase),
				.iterations = ITERATIONS};

	error_clear();
	return key_file_write(&file, ret_bytes);
}

static void refuse(enum key_file_format format, const struct key_file_entry *entries, size_t n,
		   const char *passphrase, const char *message)
{
	CLEANUP(bytes_done) struct bytes bytes = BYTES_INIT(KEY_FILE_BYTES_MAX);

	CHECK_STATUS(write_as(format, entries, n, passphrase, &bytes), KC_ERR_PARAM);
	CHECK_TEXT(error_get()->message, message);
	CHECK_INT(bytes.len, 0);
}

static void check_same(struct kc_view der, const struct private_key *key)
{
	CLEANUP(private_key_done) struct private_key again = {.key_class = NULL};

	CHECK_OK(private_key_import(der, &again));
	CHECK(view_equal(private_key_data(&again), private_key_data(key)));
}

TEST(key_file_knows_its_formats)
{
	enum key_file_format format = KEY_FILE_N_FORMATS;

	CHECK(key_file_find_format("pkcs8_pem", &format));
	CHECK_INT(format, KEY_FILE_PKCS8_PEM);
	CHECK(!key_file_find_format("jks", &format));
	CHECK(!key_file_find_format(NULL, &format));
}

TEST(key_file_writes_pkcs8)
{
	CLEANUP(bytes_done) struct bytes plain = BYTES_INIT(DER_MAX);
	CLEANUP(bytes_done) struct bytes sealed = BYTES_INIT(DER_MAX);
	CLEANUP(private_key_done) struct private_key key = make();
	struct key_file_entry entries[] = {certificate_entry, entry_of(&key)};
	PKCS8_PRIV_KEY_INFO *info = NULL;
	X509_SIG *sig = NULL;
	const uint8_t *at = NULL;

	CHECK_OK(write_as(KEY_FILE_PKCS8, entries, 2, NULL, &plain));
	check_same(bytes_view(&plain), &key);
	CHECK_OK(write_as(KEY_FILE_PKCS8, entries + 1, 1, PASSPHRASE, &sealed));
	at = sealed.data;
	sig = d2i_X509_SIG(NULL, &at, (long)sealed.len);
	CHECK(sig && !PKCS8_decrypt(sig, "wrong", -1));
	info = PKCS8_decrypt(sig, PASSPHRASE, -1);
	CHECK(info);
	PKCS8_PRIV_KEY_INFO_free(info);
	X509_SIG_free(sig);
}

static PKCS12 *read_pfx(const struct bytes *bytes, const char *passphrase)
{
	const uint8_t *at = bytes->data;
	PKCS12 *pfx = d2i_PKCS12(NULL, &at, (long)bytes->len);

	CHECK(pfx && at == bytes->data + bytes->len);
	CHECK(PKCS12_verify_mac(pfx, "wrong", -1) == 0);
	CHECK(PKCS12_verify_mac(pfx, passphrase, -1) == 1);
	return pfx;
}

/* A passphrase may be empty; and one that is a part of something longer ends where it says. */
TEST(key_file_writes_pkcs12)
{
	static const char *const passphrases[] = {PASSPHRASE, ""};
	CLEANUP(private_key_done) struct private_key key = make();
	struct key_file_entry entries[] = {certificate_entry, entry_of(&key)};

	for (size_t i = 0; i < ARRAY_LEN(passphrases); i++) {
		CLEANUP(bytes_done) struct bytes bytes = BYTES_INIT(DER_MAX);
		STACK_OF(PKCS7) *safes = NULL;
		PKCS12 *pfx = NULL;

		CHECK_OK(write_as(KEY_FILE_PKCS12, entries, 2, passphrases[i], &bytes));
		pfx = read_pfx(&bytes, passphrases[i]);
		safes = PKCS12_unpack_authsafes(pfx);
		CHECK_INT(sk_PKCS7_num(safes), 2);
		sk_PKCS7_pop_free(safes, PKCS7_free);
		PKCS12_free(pfx);
	}
}

TEST(key_file_ends_a_passphrase_where_it_ends)
{
	CLEANUP(private_key_done) struct private_key key = make();
	CLEANUP(bytes_done) struct bytes bytes = BYTES_INIT(DER_MAX);
	struct key_file_entry entries[] = {certificate_entry, entry_of(&key)};
	struct key_file file = {.format = KEY_FILE_PKCS12,
				.entries = entries,
				.n_entries = 2,
				.passphrase = view_of("secret and more", 6),
				.iterations = ITERATIONS};

	CHECK_OK(key_file_write(&file, &bytes));
	PKCS12_free(read_pfx(&bytes, "secret"));
}

TEST(key_file_writes_pem)
{
	static const char begin[] = "-----BEGIN CERTIFICATE-----\n";
	CLEANUP(private_key_done) struct private_key key = make();
	CLEANUP(bytes_done) struct bytes pem = BYTES_INIT(DER_MAX);
	CLEANUP(bytes_done) struct bytes sealed = BYTES_INIT(DER_MAX);
	struct key_file_entry entries[] = {certificate_entry, entry_of(&key)};

	CHECK_OK(write_as(KEY_FILE_PEM, entries, 2, NULL, &pem));
	CHECK(memcmp(pem.data, begin, strlen(begin)) == 0);
	CHECK(memmem(pem.data, pem.len, "BEGIN PRIVATE KEY", 17));
	CHECK_OK(write_as(KEY_FILE_PKCS8_PEM, entries, 2, PASSPHRASE, &sealed));
	CHECK(memmem(sealed.data, sealed.len, "BEGIN ENCRYPTED PRIVATE KEY", 27));
}

TEST(key_file_writes_der)
{
	CLEANUP(private_key_done) struct private_key key = make();
	CLEANUP(bytes_done) struct bytes der = BYTES_INIT(DER_MAX);
	CLEANUP(bytes_done) struct bytes info = BYTES_INIT(DER_MAX);
	struct key_file_entry public_entry = entry_of(&key);
	const uint8_t *at = NULL;
	EVP_PKEY *pkey = NULL;

	CHECK_OK(write_as(KEY_FILE_DER, &certificate_entry, 1, NULL, &der));
	CHECK(view_equal(bytes_view(&der), VIEW_OF(certificate)));
	public_entry.kind = KEY_FILE_PUBLIC_KEY;
	public_entry.data = bytes_view(&key.public_key);
	CHECK_OK(write_as(KEY_FILE_DER, &public_entry, 1, NULL, &info));
	at = info.data;
	pkey = d2i_PUBKEY(NULL, &at, (long)info.len);
	CHECK(pkey && at == info.data + info.len);
	EVP_PKEY_free(pkey);
}

TEST(key_file_refuses_what_does_not_fit)
{
	CLEANUP(private_key_done) struct private_key key = make();
	struct key_file_entry entry = entry_of(&key);
	struct key_file_entry public_entry = {.kind = KEY_FILE_PUBLIC_KEY};
	struct key_file_entry two[] = {entry, entry};
	static struct key_file_entry many[KEY_FILE_ENTRIES_MAX + 1];

	refuse(KEY_FILE_PEM, NULL, 0, NULL, "there is nothing to export");
	refuse(KEY_FILE_PEM, many, ARRAY_LEN(many), NULL,
	       "129 keys and certificates; 128 are the most in one file");
	refuse(KEY_FILE_PKCS8, two, 2, NULL, "a \"pkcs8\" is one private key");
	refuse(KEY_FILE_PKCS8_PEM, &certificate_entry, 1, NULL,
	       "a \"pkcs8_pem\" is one private key");
	refuse(KEY_FILE_DER, &entry, 1, NULL, "a \"der\" is one certificate, or one public key");
	refuse(KEY_FILE_DER, &certificate_entry, 1, "x", "a \"der\" is not encrypted");
	refuse(KEY_FILE_PKCS12, &public_entry, 1, "x", "a \"pkcs12\" holds no public keys");
	refuse(KEY_FILE_PKCS12, &entry, 1, NULL, "a \"pkcs12\" needs a passphrase");
	refuse(KEY_FILE_PEM, &certificate_entry, 1, "x", "there is no private key to encrypt");
}
