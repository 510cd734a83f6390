/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * OpenSSL takes the message apart and verifies; what is done here is RFC 5652 5.4 to 5.6, since
 * CMS_verify() of OpenSSL 3.0 knows no Ed25519. Whether the signer is to be trusted is
 * git_trust.c's.
 */
#include "frontends/git/cms_reader.h"

#include <stdlib.h>

#include <openssl/ess.h>
#include <openssl/objects.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "frontends/git/cms_der.h"

enum {
	ONLY_ONE = -3, /* CMS_signed_get0_data_by_OBJ(): of one attribute with one value */
};

static void bit_string_freep(ASN1_BIT_STRING **string)
{
	ASN1_BIT_STRING_free(*string);
	*string = NULL;
}

static void algorithm_freep(X509_ALGOR **algorithm)
{
	X509_ALGOR_free(*algorithm);
	*algorithm = NULL;
}

static void type_freep(ASN1_TYPE **type)
{
	ASN1_TYPE_free(*type);
	*type = NULL;
}

void cms_reader_done(struct cms_reader *reader)
{
	CMS_ContentInfo_free(reader->content_info);
	sk_X509_pop_free(reader->certificates, X509_free);
	*reader = (struct cms_reader){.content_info = NULL};
}

/* --- reading --------------------------------------------------------------------------------- */

static const void *attribute(const struct cms_reader *reader, int nid, int type)
{
	return CMS_signed_get0_data_by_OBJ(reader->signer_info, OBJ_nid2obj(nid), ONLY_ONE, type);
}

static time_t read_time(const struct cms_reader *reader)
{
	const ASN1_TIME *time = attribute(reader, NID_pkcs9_signingTime, V_ASN1_UTCTIME);
	struct tm parts;

	if (!time)
		time = attribute(reader, NID_pkcs9_signingTime, V_ASN1_GENERALIZEDTIME);
	return time && ASN1_TIME_to_tm(time, &parts) == 1 ? timegm(&parts) : 0;
}

static enum kc_status find_signer(struct cms_reader *reader)
{
	for (int i = 0; i < sk_X509_num(reader->certificates); i++) {
		X509 *certificate = sk_X509_value(reader->certificates, i);

		if (CMS_SignerInfo_cert_cmp(reader->signer_info, certificate) == 0) {
			reader->signer = certificate;
			return KC_OK;
		}
	}
	return fail(KC_ERR_ITEM_NOT_FOUND, "the signature lacks its signer's certificate");
}

static enum kc_status parse(struct kc_view der, struct cms_reader *reader)
{
	const unsigned char *at = der.data;
	STACK_OF(CMS_SignerInfo) *signers = NULL;

	reader->content_info = d2i_CMS_ContentInfo(NULL, &at, (long)der.len);
	REQUIRE(reader->content_info && at == der.data + der.len, KC_ERR_DECODE,
		"this is no CMS message");
	REQUIRE(OBJ_obj2nid(CMS_get0_type(reader->content_info)) == NID_pkcs7_signed &&
			OBJ_obj2nid(CMS_get0_eContentType(reader->content_info)) == NID_pkcs7_data,
		KC_ERR_DECODE, "this CMS message is no signature of data");
	REQUIRE(CMS_is_detached(reader->content_info) == 1, KC_ERR_DECODE,
		"the signature has a content of its own");
	signers = CMS_get0_SignerInfos(reader->content_info);
	REQUIRE(sk_CMS_SignerInfo_num(signers) == 1, KC_ERR_DECODE,
		"the signature has %d signers and not one", sk_CMS_SignerInfo_num(signers));
	reader->signer_info = sk_CMS_SignerInfo_value(signers, 0);
	reader->certificates = CMS_get1_certs(reader->content_info);
	return find_signer(reader);
}

enum kc_status cms_reader_read(struct kc_view der, struct cms_reader *ret_reader)
{
	CLEANUP(cms_reader_done) struct cms_reader reader = {.content_info = NULL};

	REQUIRE(der.len <= CMS_READER_MAX, KC_ERR_DECODE, "the signature is too long");
	TRY(parse(der, &reader));
	reader.time = read_time(&reader);
	*ret_reader = reader;
	reader = (struct cms_reader){.content_info = NULL};
	return KC_OK;
}

/* --- the attributes -------------------------------------------------------------------------- */

static bool has_attributes(const struct cms_reader *reader)
{
	return CMS_signed_get_attr_count(reader->signer_info) > 0;
}

/* "the message-digest attribute MUST be … the contentType attribute MUST be present" (5.3) */
static enum kc_status check_content(const struct cms_reader *reader, const EVP_MD *digest,
				    struct kc_view content)
{
	const ASN1_OBJECT *type = attribute(reader, NID_pkcs9_contentType, V_ASN1_OBJECT);
	const ASN1_OCTET_STRING *told =
		attribute(reader, NID_pkcs9_messageDigest, V_ASN1_OCTET_STRING);
	unsigned char hash[EVP_MAX_MD_SIZE];
	unsigned len = 0;

	REQUIRE(type && told && OBJ_obj2nid(type) == NID_pkcs7_data, KC_ERR_VERIFY_FAILED,
		"the signature's attributes are not those of data");
	REQUIRE(EVP_Digest(content.data, content.len, hash, &len, digest, NULL) == 1,
		KC_ERR_INTERNAL, "OpenSSL cannot hash");
	REQUIRE(view_equal(view_of(hash, len),
			   view_of(ASN1_STRING_get0_data(told), (size_t)ASN1_STRING_length(told))),
		KC_ERR_VERIFY_FAILED, "what was signed is something else");
	return KC_OK;
}

/* RFC 5035 3: if it says whose certificate it is, it is this one. */
static enum kc_status check_certificate(const struct cms_reader *reader)
{
	const ASN1_STRING *value =
		attribute(reader, NID_id_smime_aa_signingCertificateV2, V_ASN1_SEQUENCE);
	ESS_SIGNING_CERT_V2 *told = NULL;
	STACK_OF(X509) *chain = NULL;
	const unsigned char *at = NULL;
	bool is_right = false;

	if (!value)
		return KC_OK;
	at = ASN1_STRING_get0_data(value);
	told = d2i_ESS_SIGNING_CERT_V2(NULL, &at, ASN1_STRING_length(value));
	chain = sk_X509_new_null();
	is_right = told && chain && sk_X509_push(chain, reader->signer) > 0 &&
		   OSSL_ESS_check_signing_certs(NULL, told, chain, 0) > 0;
	sk_X509_free(chain);
	ESS_SIGNING_CERT_V2_free(told);
	REQUIRE(is_right, KC_ERR_VERIFY_FAILED, "the signature is for another certificate");
	return KC_OK;
}

/* --- the signature --------------------------------------------------------------------------- */

/* Not MD5 and SHA-1: two contents with the same hash can be had. */
static enum kc_status find_digest(const X509_ALGOR *algorithm, const EVP_MD **ret_digest)
{
	static const int known[] = {NID_sha224,	  NID_sha256,	NID_sha384,   NID_sha512,
				    NID_sha3_224, NID_sha3_256, NID_sha3_384, NID_sha3_512};
	const ASN1_OBJECT *object = NULL;
	char name[80] = "";
	int nid = NID_undef;

	X509_ALGOR_get0(&object, NULL, NULL, algorithm);
	nid = OBJ_obj2nid(object);
	*ret_digest = EVP_get_digestbynid(nid);
	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (known[i] == nid && *ret_digest)
			return KC_OK;
	ignore(OBJ_obj2txt(name, sizeof(name), object, 0) < 0);
	return fail(KC_ERR_UNIMPLEMENTED, "a signature with the digest %s proves nothing", name);
}

/* RFC 3370 3.2 has rsaEncryption, and old ECDSA the key's own identifier, as the algorithm of a
 * signature: the digest stands elsewhere. OpenSSL wants both in one. */
static enum kc_status complete(const X509_ALGOR *given, const EVP_MD *digest,
			       X509_ALGOR **ret_algorithm)
{
	X509_ALGOR *algorithm = X509_ALGOR_dup(given);
	const ASN1_OBJECT *object = NULL;
	int nid = NID_undef;
	int whole = NID_undef;

	REQUIRE(algorithm, KC_ERR_ALLOCATE, "out of memory");
	*ret_algorithm = algorithm;
	X509_ALGOR_get0(&object, NULL, NULL, algorithm);
	nid = OBJ_obj2nid(object);
	if (nid != NID_rsaEncryption && nid != NID_X9_62_id_ecPublicKey)
		return KC_OK;
	REQUIRE(OBJ_find_sigid_by_algs(&whole, EVP_MD_get_type(digest), nid) == 1 &&
			X509_ALGOR_set0(algorithm, OBJ_nid2obj(whole), V_ASN1_NULL, NULL) == 1,
		KC_ERR_UNIMPLEMENTED, "the signature's algorithm is unknown");
	return KC_OK;
}

static void pss_freep(RSA_PSS_PARAMS **parameters)
{
	RSA_PSS_PARAMS_free(*parameters);
	*parameters = NULL;
}

/* RFC 4055 3.1: it stands in the parameters, and is SHA-1 where nothing does. */
static int hash_of_pss(const X509_ALGOR *algorithm)
{
	CLEANUP(pss_freep) RSA_PSS_PARAMS *parameters = NULL;
	const ASN1_OBJECT *object = NULL;
	const void *value = NULL;
	int type = V_ASN1_UNDEF;

	X509_ALGOR_get0(NULL, &type, &value, algorithm);
	if (type == V_ASN1_SEQUENCE) {
		const unsigned char *at = ASN1_STRING_get0_data(value);

		parameters = d2i_RSA_PSS_PARAMS(NULL, &at, ASN1_STRING_length(value));
	}
	if (!parameters || !parameters->hashAlgorithm)
		return NID_sha1;
	X509_ALGOR_get0(&object, NULL, NULL, parameters->hashAlgorithm);
	return OBJ_obj2nid(object);
}

/* What find_digest() refused may not come in by the other algorithm. EdDSA hashes for itself, and
 * RFC 8419 3.1 leaves the digest to the signer. */
static enum kc_status check_hash(const X509_ALGOR *algorithm, const EVP_MD *digest)
{
	const ASN1_OBJECT *object = NULL;
	int hash = NID_undef;
	int key = NID_undef;
	int nid = NID_undef;

	X509_ALGOR_get0(&object, NULL, NULL, algorithm);
	nid = OBJ_obj2nid(object);
	if (nid == NID_ED25519 || nid == NID_ED448)
		return KC_OK;
	if (nid == NID_rsassaPss)
		hash = hash_of_pss(algorithm);
	else
		ignore(OBJ_find_sigid_algs(nid, &hash, &key) != 1);
	REQUIRE(hash != NID_undef && hash == EVP_MD_get_type(digest), KC_ERR_UNIMPLEMENTED,
		"the signature names two digests, %s and %s", EVP_MD_get0_name(digest),
		hash == NID_undef ? "none" : OBJ_nid2sn(hash));
	return KC_OK;
}

/* What was signed: the attributes as DER, whatever they came as, or the content. */
static enum kc_status find_signed(const struct cms_reader *reader, struct kc_view content,
				  struct bytes *ret_data)
{
	struct bytes elements[CMS_DER_ELEMENTS_MAX];
	int n = CMS_signed_get_attr_count(reader->signer_info);
	enum kc_status status = KC_OK;

	if (!has_attributes(reader))
		return bytes_append(ret_data, content);
	REQUIRE(n <= CMS_DER_ELEMENTS_MAX, KC_ERR_DECODE, "the signature has %d attributes", n);
	for (int i = 0; i < n; i++)
		elements[i] = BYTES_INIT(CMS_DER_MAX);
	for (int i = 0; i < n && status == KC_OK; i++)
		status = CMS_DER_PUT(&elements[i], X509_ATTRIBUTE,
				     CMS_signed_get_attr(reader->signer_info, i));
	if (status == KC_OK)
		status = cms_der_put_set(ret_data, CMS_DER_SET, elements, (size_t)n);
	for (int i = 0; i < n; i++)
		bytes_done(&elements[i]);
	return status;
}

/* A value of any type is encoded as the bytes it has: so ASN1_item_verify() verifies these. */
static enum kc_status wrap(const struct bytes *data, ASN1_TYPE **ret_type)
{
	CLEANUP(type_freep) ASN1_TYPE *type = ASN1_TYPE_new();
	ASN1_STRING *string = ASN1_STRING_type_new(V_ASN1_SEQUENCE);

	if (!type || !string || ASN1_STRING_set(string, data->data, (int)data->len) != 1) {
		ASN1_STRING_free(string);
		return fail(KC_ERR_ALLOCATE, "out of memory");
	}
	ASN1_TYPE_set(type, V_ASN1_SEQUENCE, string);
	*ret_type = take(type);
	return KC_OK;
}

static enum kc_status copy_signature(const struct cms_reader *reader, ASN1_BIT_STRING **ret_string)
{
	const ASN1_OCTET_STRING *signature = CMS_SignerInfo_get0_signature(reader->signer_info);

	*ret_string = ASN1_BIT_STRING_new();
	REQUIRE(*ret_string && ASN1_STRING_set(*ret_string, ASN1_STRING_get0_data(signature),
					       ASN1_STRING_length(signature)) == 1,
		KC_ERR_ALLOCATE, "out of memory");
	return KC_OK;
}

static enum kc_status check_signature(const struct cms_reader *reader, const X509_ALGOR *given,
				      const EVP_MD *digest, struct kc_view content)
{
	CLEANUP(bytes_done) struct bytes data = BYTES_INIT(SIZE_MAX);
	CLEANUP(algorithm_freep) X509_ALGOR *algorithm = NULL;
	CLEANUP(bit_string_freep) ASN1_BIT_STRING *signature = NULL;
	CLEANUP(type_freep) ASN1_TYPE *type = NULL;

	TRY(complete(given, digest, &algorithm));
	TRY(check_hash(algorithm, digest));
	TRY(copy_signature(reader, &signature));
	TRY(find_signed(reader, content, &data));
	TRY(wrap(&data, &type));
	REQUIRE(ASN1_item_verify(ASN1_ITEM_rptr(ASN1_ANY), algorithm, signature, type,
				 X509_get0_pubkey(reader->signer)) == 1,
		KC_ERR_VERIFY_FAILED, "the signature is not this signer's");
	return KC_OK;
}

enum kc_status cms_reader_verify(const struct cms_reader *reader, struct kc_view content)
{
	X509_ALGOR *digest_algorithm = NULL;
	X509_ALGOR *signature_algorithm = NULL;
	const EVP_MD *digest = NULL;

	CMS_SignerInfo_get0_algs(reader->signer_info, NULL, NULL, &digest_algorithm,
				 &signature_algorithm);
	TRY(find_digest(digest_algorithm, &digest));
	if (has_attributes(reader))
		TRY(check_content(reader, digest, content));
	TRY(check_certificate(reader));
	return check_signature(reader, signature_algorithm, digest, content);
}
