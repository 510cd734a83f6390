/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files that OpenSSL makes here and now, whole and broken; those of other programs are in
 * tests/integration/test_import.py. */
#include "x509/keyfile.h"

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdlib.h>

#include "base/try.h"
#include "harness/test.h"

enum {
	ROOM = 64 * 1024,
	ITERATIONS = 10,
	ITERATIONS_MAX = 1000,
};

#define PASSPHRASE "gr\xc3\xbc\xc3\x9f Gott"

struct made {
	EVP_PKEY *pkey;
	X509 *certificate;
	PKCS8_PRIV_KEY_INFO *info;
};

static struct made make(void)
{
	struct made made = {EVP_EC_gen("P-256"), X509_new(), NULL};

	CHECK(made.pkey && made.certificate);
	CHECK(X509_set_pubkey(made.certificate, made.pkey) == 1);
	CHECK(X509_NAME_add_entry_by_txt(X509_get_subject_name(made.certificate), "CN",
					 V_ASN1_UTF8STRING, (const unsigned char *)"Jo", 2, -1,
					 0) == 1);
	CHECK(X509_gmtime_adj(X509_getm_notBefore(made.certificate), 0));
	CHECK(X509_gmtime_adj(X509_getm_notAfter(made.certificate), 3600));
	CHECK(X509_sign(made.certificate, made.pkey, EVP_sha256()) > 0);
	made.info = EVP_PKEY2PKCS8(made.pkey);
	CHECK(made.info);
	return made;
}

static void made_done(struct made *made)
{
	EVP_PKEY_free(made->pkey);
	X509_free(made->certificate);
	PKCS8_PRIV_KEY_INFO_free(made->info);
}

struct file {
	uint8_t data[ROOM];
	size_t len;
};

static struct file file_of_pfx(PKCS12 *pfx)
{
	struct file file = {.len = 0};
	uint8_t *at = file.data;
	int len = i2d_PKCS12(pfx, NULL);

	CHECK(len > 0 && len <= ROOM);
	file.len = (size_t)i2d_PKCS12(pfx, &at);
	PKCS12_free(pfx);
	return file;
}

static struct file pkcs12(const struct made *made, const char *passphrase, int cipher)
{
	PKCS12 *pfx = PKCS12_create(passphrase, "Jo's", made->pkey, made->certificate, NULL, cipher,
				    cipher, ITERATIONS, ITERATIONS, 0);

	CHECK(pfx);
	return file_of_pfx(pfx);
}

static struct file file_of_bio(BIO *bio)
{
	struct file file = {.len = 0};

	file.len = (size_t)BIO_read(bio, file.data, sizeof(file.data));
	BIO_free(bio);
	return file;
}

static enum kc_status read_as(const struct file *file, const char *format, const char *passphrase,
			      struct json_object **ret_contents)
{
	struct keyfile_source source = {.data = view_of(file->data, file->len),
					.format = format,
					.passphrase = view_of_text(passphrase),
					.iterations_max = ITERATIONS_MAX};

	error_clear();
	return keyfile_read(&source, ret_contents);
}

static size_t count(struct json_object *contents, const char *name)
{
	return json_object_array_length(field_get(contents, name));
}

static bool is_key(struct json_object *contents, const struct made *made)
{
	CLEANUP(bytes_done) struct bytes der = BYTES_INIT(ROOM);
	struct json_object *key = json_object_array_get_idx(field_get(contents, "keys"), 0);
	uint8_t expected[ROOM];
	uint8_t *at = expected;
	int len = i2d_PKCS8_PRIV_KEY_INFO(made->info, &at);

	CHECK_OK(field_data(key, "data", &der));
	return view_equal(bytes_view(&der), view_of(expected, (size_t)len));
}

TEST(keyfile_opens_pkcs12)
{
	static const int ciphers[] = {NID_aes_256_cbc, NID_pbe_WithSHA1And3_Key_TripleDES_CBC, -1};
	struct made made = make();

	for (size_t i = 0; i < ARRAY_LEN(ciphers); i++) {
		CLEANUP(field_free) struct json_object *contents = NULL;
		struct file file = pkcs12(&made, PASSPHRASE, ciphers[i]);
		struct json_object *key = NULL;
		struct json_object *certificate = NULL;

		CHECK_OK(read_as(&file, i ? NULL : "pkcs12", PASSPHRASE, &contents));
		CHECK_TEXT(field_text(contents, "format"), "pkcs12");
		CHECK(field_flag(contents, "is_encrypted", false) == (ciphers[i] != -1));
		CHECK_INT(count(contents, "keys"), 1);
		CHECK_INT(count(contents, "certificates"), 1);
		CHECK(is_key(contents, &made));
		key = json_object_array_get_idx(field_get(contents, "keys"), 0);
		certificate = json_object_array_get_idx(field_get(contents, "certificates"), 0);
		CHECK_TEXT(field_text(key, "friendly_name"), "Jo's");
		CHECK_TEXT(field_text(key, "local_key_id"),
			   field_text(certificate, "local_key_id"));
	}
	made_done(&made);
}

TEST(keyfile_tells_a_wrong_passphrase_from_none)
{
	CLEANUP(field_free) struct json_object *contents = NULL;
	struct made made = make();
	struct file file = pkcs12(&made, PASSPHRASE, NID_aes_256_cbc);

	CHECK_STATUS(read_as(&file, NULL, "wrong", &contents), KC_ERR_AUTH_FAILED);
	CHECK_TEXT(error_get()->message, "the passphrase is wrong, or the file is damaged");
	CHECK_STATUS(read_as(&file, NULL, NULL, &contents), KC_ERR_AUTH_FAILED);
	CHECK_TEXT(error_get()->message, "the file is encrypted, and there is no passphrase");
	CHECK_STATUS(read_as(&file, NULL, "", &contents), KC_ERR_AUTH_FAILED);
	made_done(&made);
}

/* RFC 7292 B.1: nobody can tell them apart, so all four open. */
TEST(keyfile_takes_no_passphrase_for_an_empty_one)
{
	struct made made = make();

	for (int i = 0; i < 4; i++) {
		CLEANUP(field_free) struct json_object *contents = NULL;
		struct file file = pkcs12(&made, i & 1 ? "" : NULL, -1);

		CHECK_OK(read_as(&file, NULL, i & 2 ? "" : NULL, &contents));
		CHECK(is_key(contents, &made));
	}
	made_done(&made);
}

static struct file sealed(const struct made *made, const EVP_CIPHER *cipher, int scheme,
			  int iterations)
{
	X509_SIG *sig =
		PKCS8_encrypt(scheme, cipher, PASSPHRASE, -1, NULL, 0, iterations, made->info);
	struct file file = {.len = 0};
	uint8_t *at = file.data;

	CHECK(sig);
	file.len = (size_t)i2d_X509_SIG(sig, &at);
	X509_SIG_free(sig);
	return file;
}

TEST(keyfile_opens_encrypted_pkcs8)
{
	CLEANUP(field_free) struct json_object *contents = NULL;
	struct made made = make();
	struct file file = sealed(&made, EVP_aes_256_cbc(), -1, ITERATIONS);

	CHECK_OK(read_as(&file, "pkcs8", PASSPHRASE, &contents));
	CHECK(is_key(contents, &made));
	CHECK(field_flag(contents, "is_encrypted", false));
	CHECK_STATUS(read_as(&file, NULL, "wrong", &contents), KC_ERR_AUTH_FAILED);
	CHECK_STATUS(read_as(&file, NULL, NULL, &contents), KC_ERR_AUTH_FAILED);
	CHECK_STATUS(read_as(&file, "pkcs12", PASSPHRASE, &contents), KC_ERR_DECODE);
	CHECK_TEXT(error_get()->message, "not a file of format \"pkcs12\" but of \"pkcs8\"");
	file = sealed(&made, EVP_aes_256_cbc(), -1, ITERATIONS_MAX + 1);
	CHECK_STATUS(read_as(&file, NULL, PASSPHRASE, &contents), KC_ERR_PARAM);
	CHECK_TEXT(error_get()->message, "its key derivation takes more than 1000 iterations");
	made_done(&made);
}

/* The object identifier of pbeWithSHAAnd3-KeyTripleDES-CBC becomes that of 40BitRC2: 1.3 to 1.6 */
static void make_it_rc2(struct file *file)
{
	static const uint8_t triple_des[] = {0x2a, 0x86, 0x48, 0x86, 0xf7,
					     0x0d, 0x01, 0x0c, 0x01, 0x03};
	uint8_t *at = memmem(file->data, file->len, triple_des, sizeof(triple_des));

	CHECK(at != NULL);
	at[sizeof(triple_des) - 1] = 0x06;
}

TEST(keyfile_says_what_it_does_not_decrypt)
{
	CLEANUP(field_free) struct json_object *contents = NULL;
	struct made made = make();
	struct file file = sealed(&made, NULL, NID_pbe_WithSHA1And3_Key_TripleDES_CBC, ITERATIONS);

	make_it_rc2(&file);
	CHECK_STATUS(read_as(&file, NULL, PASSPHRASE, &contents), KC_ERR_UNIMPLEMENTED);
	CHECK_TEXT(error_get()->message,
		   "encrypted with RC2-40-CBC, which is broken: re-encrypt it");
	CHECK(strstr(error_get()->hint, "-legacy"));
	made_done(&made);
}

TEST(keyfile_reads_der)
{
	struct made made = make();
	struct file file = {.len = 0};

	for (int i = 0; i < 4; i++) {
		CLEANUP(field_free) struct json_object *contents = NULL;
		uint8_t *at = file.data;

		file.len = (size_t)(i == 0   ? i2d_PKCS8_PRIV_KEY_INFO(made.info, &at)
				    : i == 1 ? i2d_PrivateKey(made.pkey, &at)
				    : i == 2 ? i2d_X509(made.certificate, &at)
					     : i2d_PUBKEY(made.pkey, &at));
		CHECK_OK(read_as(&file, "der", NULL, &contents));
		CHECK(i > 1 || is_key(contents, &made));
		CHECK_INT(count(contents, "certificates"), i == 2);
		CHECK_INT(count(contents, "public_keys"), i == 3);
		CHECK_STATUS(read_as(&file, "pem", NULL, &contents), KC_ERR_DECODE);
		file.len--;
		CHECK_STATUS(read_as(&file, NULL, NULL, &contents), KC_ERR_DECODE);
		CHECK_TEXT(error_get()->message, "neither a key nor a certificate, or damaged");
	}
	made_done(&made);
}

static void write_block(BIO *bio, const char *name, const char *header, const char *text)
{
	CHECK(PEM_write_bio(bio, name, header, (const unsigned char *)text, (long)strlen(text)) >
	      0);
}

TEST(keyfile_reads_pem)
{
	CLEANUP(field_free) struct json_object *contents = NULL;
	struct made made = make();
	BIO *bio = BIO_new(BIO_s_mem());
	char passphrase[] = PASSPHRASE;
	struct file file;

	CHECK(BIO_puts(bio, "0 what this is\n") > 0);
	write_block(bio, "EC PARAMETERS", "", "any");
	CHECK(PEM_write_bio_X509(bio, made.certificate) == 1);
	CHECK(PEM_write_bio_PrivateKey_traditional(bio, made.pkey, EVP_aes_128_cbc(), NULL, 0, NULL,
						   passphrase) == 1);
	CHECK(PEM_write_bio_PUBKEY(bio, made.pkey) == 1);
	CHECK(PEM_write_bio_PKCS8PrivateKey(bio, made.pkey, NULL, NULL, 0, NULL, NULL) == 1);
	file = file_of_bio(bio);
	CHECK_OK(read_as(&file, NULL, PASSPHRASE, &contents));
	CHECK_INT(count(contents, "keys"), 2);
	CHECK_INT(count(contents, "certificates"), 1);
	CHECK_INT(count(contents, "public_keys"), 1);
	CHECK_INT(field_number(contents, "n_ignored", 0), 1);
	CHECK(is_key(contents, &made));
	CHECK_STATUS(read_as(&file, NULL, "wrong", &contents), KC_ERR_AUTH_FAILED);
	CHECK_STATUS(read_as(&file, NULL, NULL, &contents), KC_ERR_AUTH_FAILED);
	file.len -= 5;
	CHECK_STATUS(read_as(&file, NULL, PASSPHRASE, &contents), KC_ERR_DECODE);
	CHECK_TEXT(error_get()->message, "the PEM text is damaged");
	made_done(&made);
}

static void check_refused(const char *name, const char *header, enum kc_status status,
			  const char *message)
{
	CLEANUP(field_free) struct json_object *contents = NULL;
	BIO *bio = BIO_new(BIO_s_mem());
	struct file file;

	write_block(bio, name, header, "any");
	file = file_of_bio(bio);
	CHECK_STATUS(read_as(&file, NULL, PASSPHRASE, &contents), status);
	CHECK_TEXT(error_get()->message, message);
}

TEST(keyfile_says_what_it_does_not_read)
{
	CLEANUP(field_free) struct json_object *contents = NULL;
	struct file file = {.data = "what?", .len = 5};

	check_refused(
		"OPENSSH PRIVATE KEY", "", KC_ERR_DECODE,
		"OpenSSH's private key in it is damaged: it does not begin as one of OpenSSH's "
		"does");
	check_refused(
		"RSA PRIVATE KEY", "Proc-Type: 4,ENCRYPTED\nDEK-Info: DES-CBC,0123456789ABCDEF\n",
		KC_ERR_UNIMPLEMENTED, "encrypted with DES-CBC, which is broken: re-encrypt it");
	check_refused("X509 CRL", "", KC_ERR_DECODE,
		      "there is neither a key nor a certificate in it");
	check_refused("PRIVATE KEY", "", KC_ERR_DECODE,
		      "not a private key in PKCS#8, PKCS#1 or SEC 1");
	CHECK_STATUS(read_as(&file, NULL, NULL, &contents), KC_ERR_DECODE);
	CHECK_TEXT(error_get()->message, "neither PEM nor DER");
	CHECK_STATUS(read_as(&file, "jks", NULL, &contents), KC_ERR_PARAM);
	CHECK_TEXT(error_get()->message, "no format \"jks\" to import");
	file.len = 0;
	CHECK_STATUS(read_as(&file, NULL, NULL, &contents), KC_ERR_DECODE);
	CHECK_TEXT(error_get()->message, "the file is empty");
}

/* Each byte changed once, and each length: an answer, whatever it is. */
TEST(keyfile_survives_damage)
{
	struct made made = make();
	struct file whole = pkcs12(&made, PASSPHRASE, NID_aes_256_cbc);
	unsigned n_read = 0;

	for (size_t i = 0; i < whole.len; i++) {
		CLEANUP(field_free) struct json_object *contents = NULL;
		CLEANUP(field_free) struct json_object *cut = NULL;
		struct file file = whole;

		file.data[i] ^= 1;
		n_read += read_as(&file, NULL, PASSPHRASE, &contents) == KC_OK;
		file.data[i] ^= 1;
		file.len = i;
		CHECK(read_as(&file, NULL, PASSPHRASE, &cut) != KC_OK);
	}
	/* what the MAC does not cover: none of it says what the file holds */
	CHECK(n_read < whole.len / 100);
	made_done(&made);
}
