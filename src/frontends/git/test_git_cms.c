/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Signatures in CMS, written with keys of each kind and read again; names of content; trust. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "frontends/git/cms_der.h"
#include "frontends/git/cms_reader.h"
#include "frontends/git/cms_writer.h"
#include "frontends/git/git_armor.h"
#include "frontends/git/git_content.h"
#include "frontends/git/git_status.h"
#include "harness/test.h"

#define CONTENT "tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904\n\nFix it\n\nMore.\n"

enum {
	DAY_S = 86400,
};

static X509 *certify(EVP_PKEY *key, EVP_PKEY *issuer, long from_s, long to_s)
{
	X509 *certificate = X509_new();
	X509_NAME *name = X509_NAME_new();

	CHECK(certificate && name);
	CHECK(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"Jo\nRoe",
					 -1, -1, 0) == 1);
	CHECK(ASN1_INTEGER_set(X509_get_serialNumber(certificate), 17) == 1);
	CHECK(X509_set_version(certificate, X509_VERSION_3) == 1);
	CHECK(X509_gmtime_adj(X509_getm_notBefore(certificate), from_s) != NULL);
	CHECK(X509_gmtime_adj(X509_getm_notAfter(certificate), to_s) != NULL);
	CHECK(X509_set_subject_name(certificate, name) == 1);
	CHECK(X509_set_issuer_name(certificate, name) == 1);
	CHECK(X509_set_pubkey(certificate, key) == 1);
	CHECK(X509_sign(certificate, issuer,
			EVP_PKEY_get_id(issuer) == EVP_PKEY_ED25519 ? NULL : EVP_sha256()) > 0);
	X509_NAME_free(name);
	return certificate;
}

/* What kc_key_sign() would answer. */
static void sign(const struct cms_writer *writer, EVP_PKEY *key, struct bytes *signature)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	EVP_PKEY_CTX *details = NULL;
	const EVP_MD *digest = EVP_get_digestbynid(writer->algorithm->digest);
	size_t len = 0;

	if (writer->algorithm->key == EVP_PKEY_ED25519)
		digest = NULL;
	CHECK(EVP_DigestSignInit(context, &details, digest, NULL, key) == 1);
	if (writer->algorithm->key == EVP_PKEY_RSA_PSS) {
		CHECK(EVP_PKEY_CTX_set_rsa_padding(details, RSA_PKCS1_PSS_PADDING) == 1);
		CHECK(EVP_PKEY_CTX_set_rsa_pss_saltlen(details, RSA_PSS_SALTLEN_DIGEST) == 1);
	}
	CHECK(EVP_DigestSign(context, NULL, &len, writer->attributes.data,
			     writer->attributes.len) == 1);
	CHECK_OK(bytes_reserve(signature, len));
	CHECK(EVP_DigestSign(context, signature->data, &len, writer->attributes.data,
			     writer->attributes.len) == 1);
	signature->len = len;
	EVP_MD_CTX_free(context);
}

static void write_signature(X509 *certificate, EVP_PKEY *key, bool wants_pss, time_t when,
			    struct bytes *der)
{
	struct cms_signer signer = {
		.certificate = certificate, .wants_pss = wants_pss, .time = when};
	struct bytes signature = BYTES_INIT(4096);
	struct cms_writer writer;

	CHECK_OK(cms_writer_begin(&signer, view_of_text(CONTENT), &writer));
	sign(&writer, key, &signature);
	CHECK_OK(cms_writer_end(&writer, bytes_view(&signature), der));
	bytes_done(&signature);
	cms_writer_done(&writer);
}

static void check_round(EVP_PKEY *key, bool wants_pss)
{
	X509 *certificate = certify(key, key, -DAY_S, DAY_S);
	struct bytes der = BYTES_INIT(CMS_DER_MAX);
	struct cms_reader reader;

	write_signature(certificate, key, wants_pss, 1700000000, &der);
	CHECK_OK(cms_reader_read(bytes_view(&der), &reader));
	CHECK(X509_cmp(reader.signer, certificate) == 0);
	CHECK_INT(reader.time, 1700000000);
	CHECK_OK(cms_reader_verify(&reader, view_of_text(CONTENT)));
	CHECK_STATUS(cms_reader_verify(&reader, view_of_text(CONTENT "!")), KC_ERR_VERIFY_FAILED);
	cms_reader_done(&reader);
	der.data[der.len - 3] ^= 1; /* of the signature, which comes last */
	if (cms_reader_read(bytes_view(&der), &reader) == KC_OK) {
		CHECK_STATUS(cms_reader_verify(&reader, view_of_text(CONTENT)),
			     KC_ERR_VERIFY_FAILED);
		cms_reader_done(&reader);
	}
	bytes_done(&der);
	X509_free(certificate);
	EVP_PKEY_free(key);
}

TEST(what_is_written_is_read_again)
{
	check_round(EVP_RSA_gen(2048), false);
	check_round(EVP_RSA_gen(2048), true);
	check_round(EVP_EC_gen("P-256"), false);
	check_round(EVP_EC_gen("P-384"), false);
	check_round(EVP_EC_gen("P-521"), false);
	check_round(EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"), false);
}

TEST(a_key_for_which_nothing_is_agreed_signs_nothing)
{
	EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "X25519");
	EVP_PKEY *issuer = EVP_EC_gen("P-256");
	X509 *certificate = certify(key, issuer, -DAY_S, DAY_S);
	struct cms_signer signer = {.certificate = certificate};
	struct cms_writer writer;

	CHECK_STATUS(cms_writer_begin(&signer, view_of_text(CONTENT), &writer),
		     KC_ERR_UNIMPLEMENTED);
	X509_free(certificate);
	EVP_PKEY_free(issuer);
	EVP_PKEY_free(key);
}

TEST(a_signature_for_another_certificate_of_the_key_is_none)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *certificate = certify(key, key, -DAY_S, DAY_S);
	X509 *other = certify(key, key, -DAY_S, 2 * DAY_S);
	struct bytes der = BYTES_INIT(CMS_DER_MAX);
	struct cms_reader reader;

	write_signature(certificate, key, false, 1700000000, &der);
	CHECK_OK(cms_reader_read(bytes_view(&der), &reader));
	X509_free(sk_X509_pop(reader.certificates));
	CHECK(sk_X509_push(reader.certificates, other) == 1);
	reader.signer = other;
	CHECK_STATUS(cms_reader_verify(&reader, view_of_text(CONTENT)), KC_ERR_VERIFY_FAILED);
	cms_reader_done(&reader);
	bytes_done(&der);
	X509_free(certificate);
	EVP_PKEY_free(key);
}

/* --- trust ----------------------------------------------------------------------------------- */

/* The user's settings of git: that a certificate is trusted. */
struct settings {
	char folder[40];
	char certificate[64];
	char file[64];
};

static void trust(struct settings *settings, X509 *certificate)
{
	FILE *file = NULL;

	(void)snprintf(settings->folder, sizeof(settings->folder), "/tmp/keycask-git-XXXXXX");
	CHECK(mkdtemp(settings->folder));
	(void)snprintf(settings->certificate, sizeof(settings->certificate), "%s/own.pem",
		       settings->folder);
	(void)snprintf(settings->file, sizeof(settings->file), "%s/gitconfig", settings->folder);
	file = fopen(settings->certificate, "we");
	CHECK(file && PEM_write_X509(file, certificate) == 1 && fclose(file) == 0);
	file = fopen(settings->file, "we");
	CHECK(file && fprintf(file, "[keycask]\n\tx509CA = %s\n", settings->certificate) > 0 &&
	      fclose(file) == 0);
	CHECK(setenv("GIT_CONFIG_GLOBAL", settings->file, 1) == 0);
	CHECK(setenv("GIT_CONFIG_SYSTEM", "/dev/null", 1) == 0);
}

static void distrust(struct settings *settings)
{
	CHECK(unlink(settings->certificate) == 0 && unlink(settings->file) == 0);
	CHECK(rmdir(settings->folder) == 0);
}

static enum git_trust judge(X509 *certificate, time_t signed_at)
{
	char reason[GIT_TRUST_REASON_MAX];
	enum git_trust result = GIT_TRUST_NONE;

	CHECK_OK(git_trust_judge(certificate, NULL, signed_at, &result, reason));
	return result;
}

TEST(a_certificate_that_has_expired_is_judged_by_the_time_it_signed)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *certificate = certify(key, key, -9 * DAY_S, -DAY_S);
	time_t now = time(NULL);
	struct settings settings;

	CHECK_INT(judge(certificate, now - 2 * DAY_S), GIT_TRUST_NONE);
	trust(&settings, certificate);
	CHECK_INT(judge(certificate, now - 2 * DAY_S), GIT_TRUST_EXPIRED);
	CHECK_INT(judge(certificate, now), GIT_TRUST_NONE);
	CHECK_INT(judge(certificate, now - 10 * DAY_S), GIT_TRUST_NONE);
	CHECK_INT(judge(certificate, 0), GIT_TRUST_NONE);
	distrust(&settings);
	X509_free(certificate);
	EVP_PKEY_free(key);
}

/* An extension with these bytes, @n times. */
static X509 *certify_with(EVP_PKEY *key, int nid, struct kc_view value, int n)
{
	X509 *certificate = certify(key, key, -DAY_S, DAY_S);
	ASN1_OCTET_STRING *content = ASN1_OCTET_STRING_new();
	X509_EXTENSION *extension = NULL;

	CHECK(ASN1_OCTET_STRING_set(content, value.data, (int)value.len) == 1);
	extension = X509_EXTENSION_create_by_NID(NULL, nid, 0, content);
	CHECK(extension);
	for (int i = 0; i < n; i++)
		CHECK(X509_add_ext(certificate, extension, -1) == 1);
	CHECK(X509_sign(certificate, key, EVP_sha256()) > 0);
	X509_EXTENSION_free(extension);
	ASN1_OCTET_STRING_free(content);
	return certificate;
}

static void check_reason(int nid, struct kc_view value, int n, bool is_for_it)
{
	char reason[GIT_TRUST_REASON_MAX];
	enum git_trust result = GIT_TRUST_NONE;
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *certificate = certify_with(key, nid, value, n);
	struct settings settings;

	trust(&settings, certificate);
	CHECK_OK(git_trust_judge(certificate, NULL, 0, &result, reason));
	CHECK_INT(result == GIT_TRUST_FULL, is_for_it);
	CHECK_INT(strstr(reason, "is not for signatures of persons") != NULL, !is_for_it);
	distrust(&settings);
	X509_free(certificate);
	EVP_PKEY_free(key);
}

TEST(what_a_certificate_is_for_has_to_be_read)
{
	/* emailProtection; digitalSignature */
	const struct kc_view usages =
		view_of("\x30\x0A\x06\x08\x2B\x06\x01\x05\x05\x07\x03\x04", 12);
	const struct kc_view usage = view_of("\x03\x02\x07\x80", 4);
	const struct kc_view nonsense = view_of("\x02\x01\x00", 3);

	check_reason(NID_ext_key_usage, usages, 1, true);
	check_reason(NID_ext_key_usage, usages, 2, false);
	check_reason(NID_ext_key_usage, view_of(usages.data, 11), 1, false);
	check_reason(NID_ext_key_usage, nonsense, 1, false);
	check_reason(NID_key_usage, usage, 1, true);
	check_reason(NID_key_usage, usage, 2, false);
	check_reason(NID_key_usage, nonsense, 1, false);
}

/* --- texts ----------------------------------------------------------------------------------- */

static const char *describe(const char *content)
{
	static char text[GIT_CONTENT_PURPOSE_MAX];

	git_content_describe(view_of_text(content), text);
	return text;
}

TEST(what_is_signed_is_named_by_its_first_line)
{
	CHECK_TEXT(describe(CONTENT), "sign the commit \"Fix it\"");
	CHECK_TEXT(describe("object 1\ntag v1\n\nOne"), "sign the tag \"One\"");
	CHECK_TEXT(describe("hello"), "sign the content \"\"");
	CHECK_TEXT(describe(""), "sign the content \"\"");
	CHECK_TEXT(describe("tree 1\n\n"), "sign the commit \"\"");
}

TEST(a_name_for_a_line_has_no_lines)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *certificate = certify(key, key, -DAY_S, DAY_S);
	struct git_status_signer signer = git_status_describe(certificate);

	CHECK(!strchr(signer.name, '\n'));
	CHECK(strncmp(signer.name, "CN=Jo", 5) == 0);
	CHECK_INT(strlen(signer.fingerprint), 40);
	X509_free(certificate);
	EVP_PKEY_free(key);
}

TEST(lengths_of_der)
{
	struct bytes bytes = BYTES_INIT(CMS_DER_MAX);
	uint8_t content[300] = {0};

	CHECK_OK(cms_der_put(&bytes, CMS_DER_OCTET_STRING, view_of(content, 127)));
	CHECK(bytes.len == 129 && bytes.data[1] == 127);
	bytes_done(&bytes);
	CHECK_OK(cms_der_put(&bytes, CMS_DER_OCTET_STRING, view_of(content, 128)));
	CHECK(bytes.len == 131 && bytes.data[1] == 0x81 && bytes.data[2] == 128);
	bytes_done(&bytes);
	CHECK_OK(cms_der_put(&bytes, CMS_DER_OCTET_STRING, view_of(content, 300)));
	CHECK(bytes.len == 304 && bytes.data[1] == 0x82 && bytes.data[2] == 1);
	bytes_done(&bytes);
}
