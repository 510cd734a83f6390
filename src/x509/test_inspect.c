/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Certificates made here by OpenSSL, read by us: ordinary ones, odd ones, broken ones. What is
 * expected is computed from what went in, not from what the reader says.
 */
#include "x509/inspect.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

#include "base/try.h"
#include "codec/hex.h"
#include "harness/test.h"
#include "x509/name_impl.h"

static X509_NAME *new_name(void)
{
	X509_NAME *name = X509_NAME_new();

	CHECK(name);
	return name;
}

/* @set -1: into the RDN before. */
static void add_value(X509_NAME *name, const char *field, int type, const void *data, int len,
		      int set)
{
	CHECK(X509_NAME_add_entry_by_txt(name, field, type, data, len, -1, set) == 1);
}

static void add(X509_NAME *name, const char *field, const char *value)
{
	add_value(name, field, V_ASN1_UTF8STRING, value, -1, 0);
}

/* A version 3 certificate of @pkey, self-issued by "CN=Issuer", serial number 1. */
static X509 *new_certificate(EVP_PKEY *pkey)
{
	X509 *certificate = X509_new();
	X509_NAME *name = new_name();

	CHECK(certificate && pkey);
	add(name, "O", "Example");
	add(name, "CN", "Jo Doe");
	CHECK(X509_set_version(certificate, 2) == 1);
	CHECK(X509_set_subject_name(certificate, name) == 1);
	CHECK(X509_set_issuer_name(certificate, name) == 1);
	X509_NAME_free(name);
	CHECK(ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1) == 1);
	CHECK(ASN1_TIME_set_string_X509(X509_getm_notBefore(certificate), "20200101000000Z") == 1);
	CHECK(ASN1_TIME_set_string_X509(X509_getm_notAfter(certificate), "20210203040506Z") == 1);
	CHECK(X509_set_pubkey(certificate, pkey) == 1);
	return certificate;
}

static void add_extension(X509 *certificate, int nid, const char *value)
{
	X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, nid, value);

	CHECK(extension && X509_add_ext(certificate, extension, -1) == 1);
	X509_EXTENSION_free(extension);
}

static struct kc_bytes sign_and_encode(X509 *certificate, EVP_PKEY *pkey)
{
	struct kc_bytes der = {NULL, 0};
	unsigned char *data = NULL;
	int len = 0;

	CHECK(X509_sign(certificate, pkey, EVP_sha256()) > 0);
	len = i2d_X509(certificate, &data);
	CHECK(len > 0);
	der.len = (size_t)len;
	der.data = malloc(der.len);
	CHECK(der.data);
	memcpy(der.data, data, der.len);
	OPENSSL_free(data);
	return der;
}

static struct json_object *inspect(struct kc_bytes der)
{
	struct json_object *fields = NULL;

	error_clear();
	CHECK_OK(inspect_certificate(view_of(der.data, der.len), &fields));
	return fields;
}

/* Sign, read, and release @certificate. */
static struct json_object *inspect_signed(X509 *certificate, EVP_PKEY *pkey)
{
	CLEANUP(kc_bytes_free) struct kc_bytes der = sign_and_encode(certificate, pkey);

	X509_free(certificate);
	return inspect(der);
}

static struct json_object *inspect_name(X509_NAME *name)
{
	EVP_PKEY *pkey = EVP_EC_gen("P-256");
	X509 *certificate = new_certificate(pkey);
	struct json_object *fields = NULL;

	CHECK(X509_set_subject_name(certificate, name) == 1);
	X509_NAME_free(name);
	fields = inspect_signed(certificate, pkey);
	EVP_PKEY_free(pkey);
	return fields;
}

static void check_data(struct json_object *fields, const char *name, const char *hex)
{
	CLEANUP(bytes_done) struct bytes bytes = BYTES_INIT(65536);

	CHECK(field_text(fields, name));
	CHECK_OK(field_data(fields, name, &bytes));
	CHECK_HEX(bytes_view(&bytes), hex);
}

static void check_list(struct json_object *fields, const char *name, const char *json)
{
	CHECK_TEXT(json_object_to_json_string_ext(field_get(fields, name), JSON_C_TO_STRING_PLAIN),
		   json);
}

static void check_key(struct json_object *fields, const char *type, int size)
{
	CHECK_TEXT(field_text(fields, "key_type"), type);
	CHECK_INT(field_number(fields, "key_size_in_bits", -1), size);
}

TEST(inspect_reads_an_ordinary_certificate)
{
	EVP_PKEY *pkey = EVP_RSA_gen(1024);
	X509 *certificate = new_certificate(pkey);
	CLEANUP(field_free) struct json_object *fields = NULL;

	add_extension(certificate, NID_key_usage, "critical,digitalSignature,keyEncipherment");
	add_extension(certificate, NID_ext_key_usage, "clientAuth,emailProtection,1.2.3.4.5");
	add_extension(certificate, NID_subject_alt_name, "email:jo@example.org,DNS:example.org");
	add_extension(certificate, NID_subject_key_identifier, "A1:B2:C3");
	fields = inspect_signed(certificate, pkey);
	CHECK_INT(field_number(fields, "version", 0), 3);
	CHECK_TEXT(field_text(fields, "subject_text"), "CN=Jo Doe, O=Example");
	CHECK_TEXT(field_text(fields, "issuer_text"), "CN=Jo Doe, O=Example");
	CHECK_TEXT(field_text(fields, "summary"), "Jo Doe");
	check_data(fields, "serial_number", "01");
	check_data(fields, "subject_key_id", "A1B2C3");
	CHECK_TEXT(field_text(fields, "not_valid_before"), "2020-01-01T00:00:00Z");
	CHECK_TEXT(field_text(fields, "not_valid_after"), "2021-02-03T04:05:06Z");
	check_list(fields, "key_usage", "[\"digital_signature\",\"key_encipherment\"]");
	check_list(fields, "extended_key_usage",
		   "[\"client_auth\",\"email_protection\",\"1.2.3.4.5\"]");
	check_list(fields, "email_addresses", "[\"jo@example.org\"]");
	check_key(fields, "rsa", 1024);
	/* O=Example, CN=Jo Doe; then the same folded. */
	check_data(fields, "subject_raw",
		   "3110300E060355040A0C074578616D706C65310F300D06035504030C064A6F20446F65");
	check_data(fields, "subject",
		   "3110300E060355040A0C076578616D706C65310F300D06035504030C066A6F20646F65");
	EVP_PKEY_free(pkey);
}

TEST(inspect_hashes_key_and_certificate)
{
	EVP_PKEY *pkey = EVP_RSA_gen(1024);
	X509 *certificate = new_certificate(pkey);
	CLEANUP(kc_bytes_free) struct kc_bytes der = sign_and_encode(certificate, pkey);
	CLEANUP(field_free) struct json_object *fields = inspect(der);
	CLEANUP(bytes_done) struct bytes key = BYTES_INIT(4096);
	CLEANUP(freep) char *hex = NULL;
	unsigned char hash[32];
	unsigned char *rsa = NULL;
	int len = i2d_PublicKey(pkey, &rsa); /* RSAPublicKey */

	CHECK_OK(field_data(fields, "public_key", &key));
	CHECK(view_equal(bytes_view(&key), view_of(rsa, (size_t)len)));
	CHECK(EVP_Digest(rsa, (size_t)len, hash, NULL, EVP_sha1(), NULL) == 1);
	hex = hex_encode(view_of(hash, 20), HEX_UPPER);
	check_data(fields, "public_key_hash", hex);
	free(take(hex));
	CHECK(EVP_Digest(der.data, der.len, hash, NULL, EVP_sha256(), NULL) == 1);
	hex = hex_encode(view_of(hash, 32), HEX_UPPER);
	check_data(fields, "certificate_hash", hex);
	OPENSSL_free(rsa);
	X509_free(certificate);
	EVP_PKEY_free(pkey);
}

static struct json_object *inspect_key(EVP_PKEY *pkey)
{
	EVP_PKEY *issuer = EVP_EC_gen("P-256");
	struct json_object *fields = inspect_signed(new_certificate(pkey), issuer);

	EVP_PKEY_free(issuer);
	EVP_PKEY_free(pkey);
	return fields;
}

TEST(inspect_knows_kinds_of_keys)
{
	static const struct {
		const char *curve;
		int size;
	} curves[] = {{"P-256", 256}, {"P-384", 384}, {"P-521", 521}, {"brainpoolP256r1", 256}};
	static const struct {
		const char *algorithm;
		const char *type;
		int size;
	} others[] = {{"ED25519", "ed25519", 256},
		      {"X25519", "x25519", 256},
		      {"ED448", "ed448", 456},
		      {"X448", "x448", 448},
		      {"SM2", "other", 0}};

	for (size_t i = 0; i < ARRAY_LEN(curves); i++) {
		CLEANUP(field_free)
		struct json_object *fields = inspect_key(EVP_EC_gen(curves[i].curve));

		check_key(fields, "ec", curves[i].size);
	}
	for (size_t i = 0; i < ARRAY_LEN(others); i++) {
		CLEANUP(field_free)
		struct json_object *fields =
			inspect_key(EVP_PKEY_Q_keygen(NULL, NULL, others[i].algorithm));

		check_key(fields, others[i].type, others[i].size);
	}
}

/* A compressed point is known by the same bytes and hash as the point written out. */
TEST(inspect_writes_compressed_points_out)
{
	EVP_PKEY *pkey = EVP_EC_gen("P-256");
	CLEANUP(field_free) struct json_object *plain = inspect_signed(new_certificate(pkey), pkey);
	CLEANUP(field_free) struct json_object *compressed = NULL;

	CHECK(EVP_PKEY_set_utf8_string_param(pkey, OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT,
					     OSSL_PKEY_EC_POINT_CONVERSION_FORMAT_COMPRESSED) == 1);
	compressed = inspect_signed(new_certificate(pkey), pkey);
	CHECK(strcmp(field_text(plain, "certificate_hash"),
		     field_text(compressed, "certificate_hash")) != 0);
	CHECK_TEXT(field_text(compressed, "public_key"), field_text(plain, "public_key"));
	CHECK_TEXT(field_text(compressed, "public_key_hash"), field_text(plain, "public_key_hash"));
	check_key(compressed, "ec", 256);
	EVP_PKEY_free(pkey);
}

TEST(inspect_takes_no_curve_of_somebodys_own)
{
	EVP_PKEY *pkey = EVP_EC_gen("P-256");
	CLEANUP(field_free) struct json_object *fields = NULL;

	CHECK(EVP_PKEY_set_utf8_string_param(pkey, OSSL_PKEY_PARAM_EC_ENCODING,
					     OSSL_PKEY_EC_ENCODING_EXPLICIT) == 1);
	fields = inspect_signed(new_certificate(pkey), pkey);
	check_key(fields, "other", 0);
	CHECK(field_text(fields, "public_key"));
	EVP_PKEY_free(pkey);
}

TEST(inspect_calls_a_subject_by_its_best_name)
{
	static const struct {
		const char *field;
		const char *value;
	} values[] = {{"O", "Org"}, {"OU", "Unit"}, {"emailAddress", "a@b.c"}, {"CN", "Name"}};
	X509_NAME *name = new_name();
	CLEANUP(freep) char *nobody = name_summary(name);

	CHECK_TEXT(nobody, "(no name)");
	for (size_t i = 0; i < ARRAY_LEN(values); i++) {
		CLEANUP(freep) char *summary = NULL;

		add(name, values[i].field, values[i].value);
		summary = name_summary(name);
		CHECK_TEXT(summary, values[i].value);
	}
	add(name, "CN", "Last");
	{
		CLEANUP(freep) char *summary = name_summary(name);

		CHECK_TEXT(summary, "Last");
	}
	X509_NAME_free(name);
}

TEST(inspect_passes_over_blank_names)
{
	X509_NAME *name = new_name();
	CLEANUP(field_free) struct json_object *fields = NULL;

	add(name, "O", "Org");
	add(name, "CN", "   ");
	fields = inspect_name(name);
	CHECK_TEXT(field_text(fields, "summary"), "Org");
}

TEST(inspect_shows_no_harmful_characters)
{
	X509_NAME *name = new_name();
	CLEANUP(field_free) struct json_object *fields = NULL;

	add_value(name, "CN", V_ASN1_UTF8STRING, "Jo\0e\x1B[2J\xE2\x80\xAE", 11, 0);
	fields = inspect_name(name);
	CHECK_TEXT(field_text(fields, "summary"), "Jo\\u{0000}e\\u{001B}[2J\\u{202E}");
	CHECK(!strchr(field_text(fields, "subject_text"), '\x1B'));
	CHECK(strstr(field_text(fields, "subject_text"), "\\u{202E}"));
}

TEST(inspect_cuts_long_names)
{
	X509_NAME *name = new_name();
	CLEANUP(field_free) struct json_object *fields = NULL;
	char text[60000];

	memset(text, 'x', sizeof(text));
	add_value(name, "CN", V_ASN1_UTF8STRING, text, sizeof(text), 0);
	fields = inspect_name(name);
	CHECK(strlen(field_text(fields, "summary")) <= NAME_SUMMARY_MAX);
	CHECK(strlen(field_text(fields, "subject_text")) <= NAME_TEXT_MAX);
}

TEST(inspect_reads_an_empty_subject)
{
	CLEANUP(field_free) struct json_object *fields = inspect_name(new_name());

	check_data(fields, "subject", "");
	check_data(fields, "subject_raw", "");
	CHECK_TEXT(field_text(fields, "subject_text"), "");
	CHECK_TEXT(field_text(fields, "summary"), "(no name)");
}

/* The same name in every string type, spacing and case is one name when normalized. */
TEST(inspect_normalizes_names)
{
	static const struct {
		int type;
		const char *data;
		int len;
	} forms[] = {
		{V_ASN1_UTF8STRING, "Jo Doe", 6},
		{V_ASN1_PRINTABLESTRING, "JO DOE", 6},
		{V_ASN1_IA5STRING, "  jo \t doe ", 11},
		{V_ASN1_T61STRING, "jO dOE", 6},
		{V_ASN1_BMPSTRING, "\0J\0o\0 \0D\0o\0e", 12},
		{V_ASN1_UNIVERSALSTRING, "\0\0\0J\0\0\0o\0\0\0 \0\0\0D\0\0\0o\0\0\0e", 24},
	};

	for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
		X509_NAME *name = new_name();
		CLEANUP(bytes_done) struct bytes normalized = BYTES_INIT(NAME_MAX_BYTES);

		add_value(name, "CN", forms[i].type, forms[i].data, forms[i].len, 0);
		CHECK_OK(name_put_normalized(name, &normalized));
		CHECK_HEX(bytes_view(&normalized), "310F300D06035504030C066A6F20646F65");
		X509_NAME_free(name);
	}
}

TEST(inspect_keeps_letters_beyond_ascii)
{
	X509_NAME *name = new_name();
	CLEANUP(bytes_done) struct bytes normalized = BYTES_INIT(NAME_MAX_BYTES);

	add_value(name, "CN", V_ASN1_UTF8STRING, "\xC3\x84X", 3, 0);
	CHECK_OK(name_put_normalized(name, &normalized));
	CHECK_HEX(bytes_view(&normalized), "310C300A06035504030C03C38478");
	X509_NAME_free(name);
}

/* Values of one RDN stay together, in the order that DER gives them. */
TEST(inspect_keeps_rdns_together)
{
	X509_NAME *name = new_name();
	CLEANUP(bytes_done) struct bytes normalized = BYTES_INIT(NAME_MAX_BYTES);

	add_value(name, "O", V_ASN1_UTF8STRING, "B", 1, 0);
	add_value(name, "CN", V_ASN1_UTF8STRING, "A", 1, -1);
	add_value(name, "C", V_ASN1_PRINTABLESTRING, "DE", 2, 0);
	CHECK_OK(name_put_normalized(name, &normalized));
	CHECK_HEX(bytes_view(&normalized), "311430080603550403"
					   "0C0161300806035504"
					   "0A0C0162310B300906"
					   "035504060C026465");
	X509_NAME_free(name);
}

static void check_normalizes(const char *hex, const char *expected)
{
	CLEANUP(bytes_done) struct bytes in = BYTES_INIT(4096);
	CLEANUP(bytes_done) struct bytes out = BYTES_INIT(4096);

	error_clear();
	CHECK_OK(hex_decode(hex, &in));
	CHECK_STATUS(name_normalize(bytes_view(&in), &out), expected ? KC_OK : KC_ERR_DECODE);
	if (expected)
		CHECK_HEX(bytes_view(&out), expected);
}

TEST(inspect_normalizes_both_forms_of_a_name)
{
	check_normalizes("300E310C300A06035504030C03412042", "310C300A06035504030C03612062");
	check_normalizes("310C300A06035504030C03412042", "310C300A06035504030C03612062");
	check_normalizes("310C300A06035504030C03612062", "310C300A06035504030C03612062");
	check_normalizes("", "");
	check_normalizes("3000", "");
	check_normalizes("300E310C300A06035504030C034120", NULL);
	check_normalizes("300E310C300A06035504030C0341204200", NULL);
	check_normalizes("310C300A06035504030C034120", NULL);
	check_normalizes("310C300A06035504030C0341204230", NULL);
	check_normalizes("0C0141", NULL);
	check_normalizes("30", NULL);
}

static void check_serial(const char *decimal, const char *hex)
{
	EVP_PKEY *pkey = EVP_EC_gen("P-256");
	X509 *certificate = new_certificate(pkey);
	CLEANUP(field_free) struct json_object *fields = NULL;
	ASN1_INTEGER *serial = NULL;
	BIGNUM *number = NULL;

	CHECK(BN_dec2bn(&number, decimal) > 0);
	serial = BN_to_ASN1_INTEGER(number, NULL);
	CHECK(X509_set_serialNumber(certificate, serial) == 1);
	fields = inspect_signed(certificate, pkey);
	check_data(fields, "serial_number", hex);
	ASN1_INTEGER_free(serial);
	BN_free(number);
	EVP_PKEY_free(pkey);
}

TEST(inspect_gives_serial_numbers_as_they_stand)
{
	check_serial("0", "00");
	check_serial("127", "7F");
	check_serial("128", "0080");
	check_serial("-1", "FF");
	check_serial("-129", "FF7F");
	check_serial("1461501637330902918203684832716283019655932542975",
		     "00FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF");
}

TEST(inspect_reads_dates_of_both_forms)
{
	EVP_PKEY *pkey = EVP_EC_gen("P-256");
	X509 *certificate = new_certificate(pkey);
	CLEANUP(field_free) struct json_object *fields = NULL;

	/* RFC 5280 4.1.2.5: UTCTime to 2049, GeneralizedTime after; 9999 stands for "never". */
	CHECK(ASN1_TIME_set_string(X509_getm_notBefore(certificate), "500101000000Z") == 1);
	CHECK(ASN1_TIME_set_string(X509_getm_notAfter(certificate), "99991231235959Z") == 1);
	fields = inspect_signed(certificate, pkey);
	CHECK_TEXT(field_text(fields, "not_valid_before"), "1950-01-01T00:00:00Z");
	CHECK_TEXT(field_text(fields, "not_valid_after"), "9999-12-31T23:59:59Z");
	EVP_PKEY_free(pkey);
}

TEST(inspect_reads_old_versions)
{
	EVP_PKEY *pkey = EVP_EC_gen("P-256");
	X509 *certificate = new_certificate(pkey);
	CLEANUP(field_free) struct json_object *fields = NULL;

	CHECK(X509_set_version(certificate, 0) == 1);
	fields = inspect_signed(certificate, pkey);
	CHECK_INT(field_number(fields, "version", 0), 1);
	CHECK(!field_get(fields, "subject_key_id"));
	check_list(fields, "key_usage", "[]");
	check_list(fields, "extended_key_usage", "[]");
	check_list(fields, "email_addresses", "[]");
	EVP_PKEY_free(pkey);
}

static void add_raw_extension(X509 *certificate, int nid, const char *data, int len)
{
	ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
	X509_EXTENSION *extension = NULL;

	CHECK(ASN1_OCTET_STRING_set(value, (const unsigned char *)data, len) == 1);
	extension = X509_EXTENSION_create_by_NID(NULL, nid, 0, value);
	CHECK(extension && X509_add_ext(certificate, extension, -1) == 1);
	X509_EXTENSION_free(extension);
	ASN1_OCTET_STRING_free(value);
}

TEST(inspect_reads_past_damaged_extensions)
{
	EVP_PKEY *pkey = EVP_EC_gen("P-256");
	X509 *certificate = new_certificate(pkey);
	CLEANUP(field_free) struct json_object *fields = NULL;

	add_raw_extension(certificate, NID_ext_key_usage, "\x30\x05\x06", 3);
	add_raw_extension(certificate, NID_subject_alt_name, "garbage", 7);
	add_raw_extension(certificate, NID_subject_key_identifier, "\x04\x7F", 2);
	fields = inspect_signed(certificate, pkey);
	CHECK_TEXT(field_text(fields, "summary"), "Jo Doe");
	check_list(fields, "extended_key_usage", "[]");
	check_list(fields, "email_addresses", "[]");
	CHECK(!field_get(fields, "subject_key_id"));
	EVP_PKEY_free(pkey);
}

static void check_flag(struct json_object *fields, const char *name, bool expected)
{
	CHECK(field_get(fields, name));
	CHECK(field_flag(fields, name, !expected) == expected);
}

TEST(inspect_reads_whom_a_certificate_names)
{
	EVP_PKEY *pkey = EVP_EC_gen("P-256");
	X509 *certificate = new_certificate(pkey);
	CLEANUP(field_free) struct json_object *fields = NULL;

	add_extension(certificate, NID_subject_alt_name,
		      "DNS:www.example.org,DNS:*.example.org,IP:192.0.2.1,IP:2001:db8::1,"
		      "otherName:1.3.6.1.4.1.311.20.2.3;UTF8:jo@corp.example,"
		      "otherName:1.3.6.1.4.1.311.20.2.3;IA5:no@corp.example,"
		      "otherName:1.2.3.4;UTF8:else,email:jo@example.org,URI:https://example.org");
	fields = inspect_signed(certificate, pkey);
	check_list(fields, "dns_names", "[\"www.example.org\",\"*.example.org\"]");
	check_list(fields, "ip_addresses", "[\"192.0.2.1\",\"2001:db8::1\"]");
	check_list(fields, "principal_names", "[\"jo@corp.example\"]");
	check_list(fields, "email_addresses", "[\"jo@example.org\"]");
	EVP_PKEY_free(pkey);
}

/* A name that had to be cut or escaped would be another one; an address of 5 bytes is none. */
TEST(inspect_leaves_out_names_that_are_none)
{
	static const char names[] = "\x30\x1A" /* GeneralNames */
				    "\x82\x05"
				    "a\0b.c" /* dNSName */
				    "\x82\x03"
				    "\xFF.c"
				    "\x82\x00"
				    "\x82\x03"
				    "a.c"
				    "\x87\x05"
				    "12345"; /* iPAddress */
	EVP_PKEY *pkey = EVP_EC_gen("P-256");
	X509 *certificate = new_certificate(pkey);
	CLEANUP(field_free) struct json_object *fields = NULL;

	add_raw_extension(certificate, NID_subject_alt_name, names, sizeof(names) - 1);
	fields = inspect_signed(certificate, pkey);
	check_list(fields, "dns_names", "[\"a.c\"]");
	check_list(fields, "ip_addresses", "[]");
	EVP_PKEY_free(pkey);
}

TEST(inspect_tells_authorities_from_others)
{
	EVP_PKEY *pkey = EVP_EC_gen("P-256");
	X509 *certificate = new_certificate(pkey);
	CLEANUP(field_free) struct json_object *fields = NULL;

	add_extension(certificate, NID_basic_constraints, "critical,CA:TRUE,pathlen:3");
	add_extension(certificate, NID_key_usage, "critical,keyCertSign,cRLSign");
	fields = inspect_signed(certificate, pkey);
	check_flag(fields, "is_ca", true);
	CHECK_INT(field_number(fields, "path_length", -1), 3);
	check_flag(fields, "is_self_signed", true);
	check_flag(fields, "has_key_usage", true);
	check_flag(fields, "has_extended_key_usage", false);
	EVP_PKEY_free(pkey);
}

TEST(inspect_says_who_has_issued)
{
	EVP_PKEY *pkey = EVP_EC_gen("P-256");
	X509 *certificate = new_certificate(pkey);
	X509_NAME *issuer = new_name();
	CLEANUP(field_free) struct json_object *fields = NULL;

	add(issuer, "CN", "Authority");
	CHECK(X509_set_issuer_name(certificate, issuer) == 1);
	X509_NAME_free(issuer);
	/* SEQUENCE { [0] keyIdentifier } */
	add_raw_extension(certificate, NID_authority_key_identifier, "\x30\x05\x80\x03\xA1\xB2\xC3",
			  7);
	fields = inspect_signed(certificate, pkey);
	check_data(fields, "authority_key_id", "A1B2C3");
	check_flag(fields, "is_ca", false);
	check_flag(fields, "is_self_signed", false);
	CHECK(!field_get(fields, "path_length"));
	EVP_PKEY_free(pkey);
}

/* What there is and cannot be read limits the key: it is not as if it were not there. */
TEST(inspect_says_that_a_damaged_usage_is_there)
{
	EVP_PKEY *pkey = EVP_EC_gen("P-256");
	X509 *certificate = new_certificate(pkey);
	CLEANUP(field_free) struct json_object *fields = NULL;

	add_raw_extension(certificate, NID_ext_key_usage, "\x30\x05\x06", 3);
	add_raw_extension(certificate, NID_key_usage, "x", 1);
	fields = inspect_signed(certificate, pkey);
	check_flag(fields, "has_extended_key_usage", true);
	check_flag(fields, "has_key_usage", true);
	check_list(fields, "extended_key_usage", "[]");
	check_list(fields, "key_usage", "[]");
	EVP_PKEY_free(pkey);
}

TEST(inspect_limits_lists)
{
	EVP_PKEY *pkey = EVP_EC_gen("P-256");
	X509 *certificate = new_certificate(pkey);
	CLEANUP(field_free) struct json_object *fields = NULL;
	char purposes[4096] = "clientAuth";

	for (size_t at = strlen(purposes), i = 0; i < 200; i++, at = strlen(purposes))
		snprintf(purposes + at, sizeof(purposes) - at, ",1.2.3.%zu", i);
	add_extension(certificate, NID_ext_key_usage, purposes);
	fields = inspect_signed(certificate, pkey);
	CHECK_INT(json_object_array_length(field_get(fields, "extended_key_usage")), 64);
	EVP_PKEY_free(pkey);
}

static void check_refused(const void *data, size_t len, const char *in_message)
{
	struct json_object *fields = NULL;

	error_clear();
	CHECK_STATUS(inspect_certificate(view_of(data, len), &fields), KC_ERR_DECODE);
	CHECK(!fields);
	CHECK(strstr(error_get()->message, in_message));
}

TEST(inspect_refuses_what_is_no_certificate)
{
	EVP_PKEY *pkey = EVP_EC_gen("P-256");
	X509 *certificate = new_certificate(pkey);
	CLEANUP(kc_bytes_free) struct kc_bytes der = sign_and_encode(certificate, pkey);
	uint8_t *longer = calloc(1, INSPECT_MAX + 1);

	check_refused(NULL, 0, "empty");
	check_refused("hello", 5, "not an X.509 certificate");
	memcpy(longer, der.data, der.len);
	check_refused(longer, der.len + 1, "1 bytes follow");
	check_refused(longer, INSPECT_MAX + 1, "longer than 65536");
	for (size_t len = 1; len < der.len; len++)
		check_refused(der.data, len, "not an X.509 certificate");
	free(longer);
	X509_free(certificate);
	EVP_PKEY_free(pkey);
}

TEST(inspect_refuses_unknown_versions)
{
	EVP_PKEY *pkey = EVP_EC_gen("P-256");
	X509 *certificate = new_certificate(pkey);
	CLEANUP(kc_bytes_free) struct kc_bytes der = {NULL, 0};

	CHECK(X509_set_version(certificate, 7) == 1);
	der = sign_and_encode(certificate, pkey);
	check_refused(der.data, der.len, "no such version");
	X509_free(certificate);
	EVP_PKEY_free(pkey);
}

/* Whatever one flipped byte makes of it: an answer or a refusal, and the next one is right. */
TEST(inspect_survives_flipped_bytes)
{
	EVP_PKEY *pkey = EVP_EC_gen("P-256");
	X509 *certificate = new_certificate(pkey);
	CLEANUP(kc_bytes_free) struct kc_bytes der = {NULL, 0};

	add_extension(certificate, NID_key_usage, "digitalSignature");
	add_extension(certificate, NID_subject_alt_name, "email:jo@example.org");
	der = sign_and_encode(certificate, pkey);
	for (size_t i = 0; i < der.len * 4; i++) {
		struct json_object *fields = NULL;
		uint8_t flip = (uint8_t)(0x01 << (i % 4 * 2));

		der.data[i / 4] ^= flip;
		error_clear();
		if (inspect_certificate(view_of(der.data, der.len), &fields) == KC_OK)
			json_object_put(fields);
		der.data[i / 4] ^= flip;
	}
	json_object_put(inspect(der));
	X509_free(certificate);
	EVP_PKEY_free(pkey);
}
