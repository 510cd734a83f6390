/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * SignedData with one signer: RFC 5652 section 5, algorithms after RFC 5754 (SHA-2), RFC 4056
 * (PSS), RFC 5753 (ECDSA) and RFC 8419 (Ed25519), signing-certificate-v2 after RFC 5035. Written
 * here and not by OpenSSL's CMS_sign(), which knows no Ed25519 and wants the private key.
 */
#include "frontends/git/cms_writer.h"

#include <openssl/ess.h>
#include <openssl/evp.h>
#include <openssl/objects.h>

#include <keycask/names.h>

#include "frontends/git/cms_der.h"

static const struct cms_algorithm algorithms[] = {
	{EVP_PKEY_RSA, 0, NID_sha256, NID_rsaEncryption,
	 KC_ALGORITHM_RSA_SIGNATURE_MESSAGE_PKCS1V15_SHA256},
	{EVP_PKEY_RSA_PSS, 0, NID_sha256, NID_rsassaPss,
	 KC_ALGORITHM_RSA_SIGNATURE_MESSAGE_PSS_SHA256},
	/* RFC 5753 leaves it open; a digest as strong as the curve */
	{EVP_PKEY_EC, 256, NID_sha256, NID_ecdsa_with_SHA256,
	 KC_ALGORITHM_ECDSA_SIGNATURE_MESSAGE_X962_SHA256},
	{EVP_PKEY_EC, 384, NID_sha384, NID_ecdsa_with_SHA384,
	 KC_ALGORITHM_ECDSA_SIGNATURE_MESSAGE_X962_SHA384},
	{EVP_PKEY_EC, 0, NID_sha512, NID_ecdsa_with_SHA512,
	 KC_ALGORITHM_ECDSA_SIGNATURE_MESSAGE_X962_SHA512},
	/* RFC 8419 3.1: "the message digest algorithm … SHA-512 … MUST be used with Ed25519" */
	{EVP_PKEY_ED25519, 0, NID_sha512, NID_ED25519,
	 KC_ALGORITHM_EDDSA_SIGNATURE_MESSAGE_ED25519},
};

/* RFC 4056 2.2, RFC 4055 3.1: SHA-256, MGF1 with SHA-256, a salt of 32 bytes. */
static const uint8_t pss_parameters[] = {
	0x30, 0x34, 0xa0, 0x0f, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03,
	0x04, 0x02, 0x01, 0x05, 0x00, 0xa1, 0x1c, 0x30, 0x1a, 0x06, 0x09, 0x2a, 0x86, 0x48,
	0x86, 0xf7, 0x0d, 0x01, 0x01, 0x08, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01,
	0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0xa2, 0x03, 0x02, 0x01, 0x20,
};
static const uint8_t null_parameters[] = {0x05, 0x00};
static const uint8_t version_1[] = {1};

enum {
	ATTRIBUTES = 4,
};

/* --- algorithms ------------------------------------------------------------------------------ */

static enum kc_status find_algorithm(const struct cms_signer *signer,
				     const struct cms_algorithm **ret_algorithm)
{
	EVP_PKEY *key = X509_get0_pubkey(signer->certificate);
	int type = key ? EVP_PKEY_get_base_id(key) : EVP_PKEY_NONE;
	int bits = key ? EVP_PKEY_get_bits(key) : 0;

	if (type == EVP_PKEY_RSA && signer->wants_pss)
		type = EVP_PKEY_RSA_PSS;
	for (size_t i = 0; i < ARRAY_LEN(algorithms); i++) {
		const struct cms_algorithm *row = &algorithms[i];

		if (row->key == type && (row->bits_max == 0 || bits <= row->bits_max)) {
			*ret_algorithm = row;
			return KC_OK;
		}
	}
	error_set_hint("sign with an RSA, EC or Ed25519 key");
	return fail(KC_ERR_UNIMPLEMENTED, "nothing is agreed on for CMS with keys such as this");
}

static enum kc_status put_object_id(struct bytes *bytes, int nid)
{
	return CMS_DER_PUT(bytes, ASN1_OBJECT, OBJ_nid2obj(nid));
}

static enum kc_status put_algorithm(struct bytes *bytes, int nid)
{
	CLEANUP(bytes_done) struct bytes inner = BYTES_INIT(CMS_DER_MAX);

	TRY(put_object_id(&inner, nid));
	/* RFC 3370 3.2: of rsaEncryption "the parameters field MUST be NULL"; of the others, RFC
	 * 5754 2 and 3.2 and RFC 8419 2.3, they are absent */
	if (nid == NID_rsaEncryption)
		TRY(bytes_append(&inner, view_of(null_parameters, sizeof(null_parameters))));
	if (nid == NID_rsassaPss)
		TRY(bytes_append(&inner, view_of(pss_parameters, sizeof(pss_parameters))));
	return cms_der_put(bytes, CMS_DER_SEQUENCE, bytes_view(&inner));
}

/* --- signed attributes ----------------------------------------------------------------------- */

static enum kc_status put_attribute(struct bytes *bytes, int nid, const struct bytes *value)
{
	CLEANUP(bytes_done) struct bytes inner = BYTES_INIT(CMS_DER_MAX);

	TRY(put_object_id(&inner, nid));
	TRY(cms_der_put(&inner, CMS_DER_SET, bytes_view(value)));
	return cms_der_put(bytes, CMS_DER_SEQUENCE, bytes_view(&inner));
}

static enum kc_status put_content_type(struct bytes *bytes)
{
	CLEANUP(bytes_done) struct bytes value = BYTES_INIT(CMS_DER_MAX);

	TRY(put_object_id(&value, NID_pkcs7_data));
	return put_attribute(bytes, NID_pkcs9_contentType, &value);
}

static enum kc_status put_digest(struct bytes *bytes, int digest, struct kc_view content)
{
	CLEANUP(bytes_done) struct bytes value = BYTES_INIT(CMS_DER_MAX);
	unsigned char hash[EVP_MAX_MD_SIZE];
	unsigned len = 0;

	REQUIRE(EVP_Digest(content.data, content.len, hash, &len, EVP_get_digestbynid(digest),
			   NULL) == 1,
		KC_ERR_INTERNAL, "OpenSSL has no %s", OBJ_nid2sn(digest));
	TRY(cms_der_put(&value, CMS_DER_OCTET_STRING, view_of(hash, len)));
	return put_attribute(bytes, NID_pkcs9_messageDigest, &value);
}

/* RFC 5652 11.3: UTCTime through 2049, GeneralizedTime from 2050; ASN1_TIME_set() knows. */
static enum kc_status put_time(struct bytes *bytes, time_t time)
{
	CLEANUP(bytes_done) struct bytes value = BYTES_INIT(CMS_DER_MAX);
	ASN1_TIME *asn1_time = ASN1_TIME_set(NULL, time);
	enum kc_status status = KC_OK;

	REQUIRE(asn1_time, KC_ERR_INTERNAL, "the clock says no time that can be written");
	status = CMS_DER_PUT(&value, ASN1_TIME, asn1_time);
	ASN1_TIME_free(asn1_time);
	TRY(status);
	return put_attribute(bytes, NID_pkcs9_signingTime, &value);
}

/* RFC 5035 3: which certificate is meant, so that no other can be put in its place. */
static enum kc_status put_certificate_hash(struct bytes *bytes, X509 *certificate)
{
	CLEANUP(bytes_done) struct bytes value = BYTES_INIT(CMS_DER_MAX);
	ESS_SIGNING_CERT_V2 *hash =
		OSSL_ESS_signing_cert_v2_new_init(EVP_sha256(), certificate, NULL, 1);
	enum kc_status status = KC_OK;

	REQUIRE(hash, KC_ERR_INTERNAL, "OpenSSL cannot hash the certificate");
	status = CMS_DER_PUT(&value, ESS_SIGNING_CERT_V2, hash);
	ESS_SIGNING_CERT_V2_free(hash);
	TRY(status);
	return put_attribute(bytes, NID_id_smime_aa_signingCertificateV2, &value);
}

static void elements_done(struct bytes *elements, size_t n)
{
	for (size_t i = 0; i < n; i++)
		bytes_done(&elements[i]);
}

static enum kc_status make_attributes(struct cms_writer *writer, struct kc_view content,
				      struct bytes *elements)
{
	TRY(put_content_type(&elements[0]));
	TRY(put_time(&elements[1], writer->signer.time));
	TRY(put_digest(&elements[2], writer->algorithm->digest, content));
	TRY(put_certificate_hash(&elements[3], writer->signer.certificate));
	return cms_der_put_set(&writer->attributes, CMS_DER_SET, elements, ATTRIBUTES);
}

enum kc_status cms_writer_begin(const struct cms_signer *signer, struct kc_view content,
				struct cms_writer *ret_writer)
{
	struct bytes elements[ATTRIBUTES];
	struct cms_writer writer = {.signer = *signer, .attributes = BYTES_INIT(CMS_DER_MAX)};
	enum kc_status status = find_algorithm(signer, &writer.algorithm);

	for (size_t i = 0; i < ATTRIBUTES; i++)
		elements[i] = BYTES_INIT(CMS_DER_MAX);
	if (status == KC_OK)
		status = make_attributes(&writer, content, elements);
	elements_done(elements, ATTRIBUTES);
	if (status == KC_OK)
		*ret_writer = writer;
	else
		cms_writer_done(&writer);
	return status;
}

void cms_writer_done(struct cms_writer *writer)
{
	bytes_done(&writer->attributes);
}

/* --- SignedData ------------------------------------------------------------------------------ */

static enum kc_status put_signer_id(struct bytes *bytes, X509 *certificate)
{
	CLEANUP(bytes_done) struct bytes inner = BYTES_INIT(CMS_DER_MAX);

	TRY(CMS_DER_PUT(&inner, X509_NAME, X509_get_issuer_name(certificate)));
	TRY(CMS_DER_PUT(&inner, ASN1_INTEGER, X509_get0_serialNumber(certificate)));
	return cms_der_put(bytes, CMS_DER_SEQUENCE, bytes_view(&inner));
}

/* "A separate encoding of the signedAttrs field is performed for message digest calculation. The
 * IMPLICIT [0] tag in the signedAttrs is not used for the DER encoding, rather an EXPLICIT SET OF
 * tag is used." (5.4) */
static enum kc_status put_attributes(struct bytes *bytes, const struct bytes *attributes)
{
	size_t at = bytes->len;

	TRY(bytes_append(bytes, bytes_view(attributes)));
	bytes->data[at] = CMS_DER_CONTEXT_0;
	return KC_OK;
}

static enum kc_status put_signer_info(const struct cms_writer *writer, struct kc_view signature,
				      struct bytes *bytes)
{
	CLEANUP(bytes_done) struct bytes inner = BYTES_INIT(CMS_DER_MAX);

	TRY(cms_der_put(&inner, CMS_DER_INTEGER, view_of(version_1, sizeof(version_1))));
	TRY(put_signer_id(&inner, writer->signer.certificate));
	TRY(put_algorithm(&inner, writer->algorithm->digest));
	TRY(put_attributes(&inner, &writer->attributes));
	TRY(put_algorithm(&inner, writer->algorithm->signature));
	TRY(cms_der_put(&inner, CMS_DER_OCTET_STRING, signature));
	return cms_der_put(bytes, CMS_DER_SEQUENCE, bytes_view(&inner));
}

/* CertificateSet: a SET OF, so that everybody's order is the same. */
static enum kc_status put_certificates(const struct cms_writer *writer, struct bytes *bytes)
{
	struct bytes elements[CMS_CHAIN_MAX + 1];
	size_t n = writer->signer.n_chain < CMS_CHAIN_MAX ? writer->signer.n_chain : CMS_CHAIN_MAX;
	enum kc_status status = KC_OK;

	for (size_t i = 0; i <= n; i++)
		elements[i] = BYTES_INIT(CMS_DER_MAX);
	for (size_t i = 0; i < n && status == KC_OK; i++)
		status = bytes_append(&elements[i], writer->signer.chain[i]);
	if (status == KC_OK)
		status = CMS_DER_PUT(&elements[n], X509, writer->signer.certificate);
	if (status == KC_OK)
		status = cms_der_put_set(bytes, CMS_DER_CONTEXT_0, elements, n + 1);
	elements_done(elements, n + 1);
	return status;
}

/* The content itself is elsewhere: EncapsulatedContentInfo without eContent. */
static enum kc_status put_content_info(struct bytes *bytes)
{
	CLEANUP(bytes_done) struct bytes inner = BYTES_INIT(CMS_DER_MAX);

	TRY(put_object_id(&inner, NID_pkcs7_data));
	return cms_der_put(bytes, CMS_DER_SEQUENCE, bytes_view(&inner));
}

static enum kc_status put_wrapped(struct bytes *bytes, enum cms_der_tag tag,
				  const struct bytes *value)
{
	return cms_der_put(bytes, tag, bytes_view(value));
}

static enum kc_status put_signed_data(const struct cms_writer *writer, struct kc_view signature,
				      struct bytes *bytes)
{
	CLEANUP(bytes_done) struct bytes inner = BYTES_INIT(CMS_DER_MAX);
	CLEANUP(bytes_done) struct bytes digest = BYTES_INIT(CMS_DER_MAX);
	CLEANUP(bytes_done) struct bytes signer_info = BYTES_INIT(CMS_DER_MAX);

	TRY(put_algorithm(&digest, writer->algorithm->digest));
	TRY(put_signer_info(writer, signature, &signer_info));
	TRY(cms_der_put(&inner, CMS_DER_INTEGER, view_of(version_1, sizeof(version_1))));
	TRY(put_wrapped(&inner, CMS_DER_SET, &digest));
	TRY(put_content_info(&inner));
	TRY(put_certificates(writer, &inner));
	TRY(put_wrapped(&inner, CMS_DER_SET, &signer_info));
	return put_wrapped(bytes, CMS_DER_SEQUENCE, &inner);
}

enum kc_status cms_writer_end(const struct cms_writer *writer, struct kc_view signature,
			      struct bytes *ret_der)
{
	CLEANUP(bytes_done) struct bytes signed_data = BYTES_INIT(CMS_DER_MAX);
	CLEANUP(bytes_done) struct bytes inner = BYTES_INIT(CMS_DER_MAX);

	TRY(put_signed_data(writer, signature, &signed_data));
	TRY(put_object_id(&inner, NID_pkcs7_signed));
	TRY(put_wrapped(&inner, CMS_DER_CONTEXT_0, &signed_data));
	return put_wrapped(ret_der, CMS_DER_SEQUENCE, &inner);
}
