/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Issues the certificates of a card profile (RFC 5280). The CA is P-256, so that it costs no time,
 * lives for one run, and its name says that it is for tests. Usages follow FIPS 201-3 and the
 * FPKI profile: 9A and 9E authenticate, 9C signs, 9D and the retired keys decrypt or agree.
 */
#include "vcard/certify.h"

#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <stdio.h>

#include "base/try.h"

enum {
	SERIAL_BYTES = 16,
	DAYS = 3652,
	SECONDS_PER_DAY = 86400,
	CLOCK_SKEW_SECONDS = 3600,
	TEXT_MAX = 80,
	VERSION_3 = 2,
};

struct extension {
	int nid;
	const char *value;
};

static void extension_freep(X509_EXTENSION **extension)
{
	X509_EXTENSION_free(*extension);
}

static void certificate_freep(X509 **certificate)
{
	X509_free(*certificate);
}

static void name_freep(X509_NAME **name)
{
	X509_NAME_free(*name);
}

static void bio_freep(BIO **bio)
{
	BIO_free(*bio);
}

static enum kc_status make_name(const char *common_name, X509_NAME **ret_name)
{
	CLEANUP(name_freep) X509_NAME *name = X509_NAME_new();

	REQUIRE(name && X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_UTF8,
						   (const uint8_t *)common_name, -1, -1, 0) == 1,
		KC_ERR_INTERNAL, "cannot write a name");
	*ret_name = take(name);
	return KC_OK;
}

/* RFC 5280 4.1.2.2: positive, at most 20 octets, unpredictable. */
static bool set_serial_number(X509 *certificate)
{
	uint8_t octets[SERIAL_BYTES];
	ASN1_INTEGER *number = X509_get_serialNumber(certificate);
	BIGNUM *value = NULL;
	bool is_set = false;

	if (RAND_bytes(octets, sizeof(octets)) != 1)
		return false;
	octets[0] = (uint8_t)(0x40 | (octets[0] & 0x3f));
	value = BN_bin2bn(octets, sizeof(octets), NULL);
	is_set = value && BN_to_ASN1_INTEGER(value, number);
	BN_free(value);
	return is_set;
}

static bool set_validity(X509 *certificate)
{
	return X509_gmtime_adj(X509_getm_notBefore(certificate), -CLOCK_SKEW_SECONDS) &&
	       X509_gmtime_adj(X509_getm_notAfter(certificate), (long)DAYS * SECONDS_PER_DAY);
}

static enum kc_status add_extension(X509 *certificate, X509 *issuer,
				    const struct extension *extension)
{
	CLEANUP(extension_freep) X509_EXTENSION *made = NULL;
	X509V3_CTX ctx;

	X509V3_set_ctx(&ctx, issuer, certificate, NULL, NULL, 0);
	made = X509V3_EXT_conf_nid(NULL, &ctx, extension->nid, extension->value);
	REQUIRE(made && X509_add_ext(certificate, made, -1) == 1, KC_ERR_INTERNAL,
		"cannot write the extension %s", extension->value);
	return KC_OK;
}

/* @issuer NULL: the certificate stands for itself. */
static enum kc_status fill_certificate(X509 *certificate, X509 *issuer, const char *common_name,
				       EVP_PKEY *pkey)
{
	CLEANUP(name_freep) X509_NAME *name = NULL;
	const X509_NAME *issuer_name = NULL;

	TRY(make_name(common_name, &name));
	issuer_name = issuer ? X509_get_subject_name(issuer) : name;
	REQUIRE(X509_set_version(certificate, VERSION_3) == 1 && set_serial_number(certificate) &&
			set_validity(certificate) &&
			X509_set_subject_name(certificate, name) == 1 &&
			X509_set_issuer_name(certificate, issuer_name) == 1 &&
			X509_set_pubkey(certificate, pkey) == 1,
		KC_ERR_INTERNAL, "cannot write a certificate");
	return KC_OK;
}

static enum kc_status make_certificate(X509 *issuer, const char *common_name, EVP_PKEY *pkey,
				       const struct extension *extensions, EVP_PKEY *signer,
				       X509 **ret_certificate)
{
	CLEANUP(certificate_freep) X509 *certificate = X509_new();

	REQUIRE(certificate, KC_ERR_ALLOCATE, "out of memory");
	TRY(fill_certificate(certificate, issuer, common_name, pkey));
	for (const struct extension *next = extensions; next->value; next++)
		TRY(add_extension(certificate, issuer ? issuer : certificate, next));
	REQUIRE(X509_sign(certificate, signer, EVP_sha256()) > 0, KC_ERR_INTERNAL,
		"cannot sign a certificate");
	*ret_certificate = take(certificate);
	return KC_OK;
}

enum kc_status certify_init(uint32_t card_serial, struct certify_authority *ret_authority)
{
	static const struct extension extensions[] = {
		{NID_basic_constraints, "critical,CA:TRUE,pathlen:0"},
		{NID_key_usage, "critical,keyCertSign,cRLSign"},
		{NID_subject_key_identifier, "hash"},
		{0, NULL},
	};
	CLEANUP(certify_done)
	struct certify_authority authority = {.card_serial = card_serial};
	char name[TEXT_MAX];

	snprintf(name, sizeof(name), "keycask vcard test CA %u", card_serial);
	authority.pkey = EVP_EC_gen("P-256");
	REQUIRE(authority.pkey, KC_ERR_INTERNAL, "cannot generate the test CA's key");
	TRY(make_certificate(NULL, name, authority.pkey, extensions, authority.pkey,
			     &authority.certificate));
	*ret_authority = authority;
	memset(&authority, 0, sizeof(authority));
	return KC_OK;
}

void certify_done(struct certify_authority *authority)
{
	EVP_PKEY_free(authority->pkey);
	X509_free(authority->certificate);
	memset(authority, 0, sizeof(*authority));
}

static const char *key_usage(const struct piv_slot *slot, bool is_rsa)
{
	switch (slot->reference) {
	case PIV_SLOT_AUTHENTICATION:
	case PIV_SLOT_CARD_AUTHENTICATION:
		return "critical,digitalSignature";
	case PIV_SLOT_SIGNATURE:
		return "critical,digitalSignature,nonRepudiation";
	default:
		return is_rsa ? "critical,keyEncipherment" : "critical,keyAgreement";
	}
}

static const char *extended_key_usage(const struct piv_slot *slot)
{
	switch (slot->reference) {
	case PIV_SLOT_AUTHENTICATION:
	case PIV_SLOT_CARD_AUTHENTICATION:
		return "clientAuth";
	case PIV_SLOT_SIGNATURE:
		return "clientAuth,emailProtection";
	default:
		return "emailProtection";
	}
}

/* What is said in a certificate of one key. */
struct request {
	char name[TEXT_MAX];
	char email[TEXT_MAX];
	const char *key_usage;
	const char *extended_key_usage;
};

static enum kc_status issue(const struct certify_authority *authority,
			    const struct request *request, EVP_PKEY *pkey, struct bytes *der)
{
	CLEANUP(certificate_freep) X509 *certificate = NULL;
	const struct extension extensions[] = {
		{NID_basic_constraints, "critical,CA:FALSE"},
		{NID_key_usage, request->key_usage},
		{NID_ext_key_usage, request->extended_key_usage},
		{NID_subject_alt_name, request->email},
		{NID_subject_key_identifier, "hash"},
		{NID_authority_key_identifier, "keyid:always"},
		{0, NULL},
	};
	uint8_t *encoded = NULL;
	enum kc_status status = KC_OK;
	int len = 0;

	TRY(make_certificate(authority->certificate, request->name, pkey, extensions,
			     authority->pkey, &certificate));
	len = i2d_X509(certificate, &encoded);
	REQUIRE(len > 0, KC_ERR_INTERNAL, "cannot encode a certificate");
	status = bytes_append(der, view_of(encoded, (size_t)len));
	OPENSSL_free(encoded);
	return status;
}

enum kc_status certify_issue(const struct certify_authority *authority, const struct piv_slot *slot,
			     EVP_PKEY *pkey, struct bytes *der)
{
	struct request request = {
		.key_usage = key_usage(slot, EVP_PKEY_is_a(pkey, "RSA")),
		.extended_key_usage = extended_key_usage(slot),
	};

	snprintf(request.name, sizeof(request.name), "keycask PIV %02X %u", slot->reference,
		 authority->card_serial);
	snprintf(request.email, sizeof(request.email), "email:piv-%02x@keycask.example",
		 slot->reference);
	return issue(authority, &request, pkey, der);
}

enum kc_status certify_issue_openpgp(const struct certify_authority *authority, size_t index,
				     EVP_PKEY *pkey, struct bytes *der)
{
	static const char *const extended[] = {"emailProtection", "emailProtection", "clientAuth"};
	const char *name = openpgp_slot_at(index)->name;
	struct request request = {
		.key_usage = "critical,digitalSignature",
		.extended_key_usage = extended[index],
	};

	if (index == OPENPGP_DECRYPTION)
		request.key_usage = EVP_PKEY_is_a(pkey, "RSA") ? "critical,keyEncipherment"
							       : "critical,keyAgreement";
	snprintf(request.name, sizeof(request.name), "keycask OpenPGP %s %u", name,
		 authority->card_serial);
	snprintf(request.email, sizeof(request.email), "email:openpgp-%s@keycask.example", name);
	return issue(authority, &request, pkey, der);
}

enum kc_status certify_put_pem(const struct certify_authority *authority, struct bytes *pem)
{
	CLEANUP(bio_freep) BIO *bio = BIO_new(BIO_s_mem());
	char *text = NULL;
	long len = 0;

	REQUIRE(bio && PEM_write_bio_X509(bio, authority->certificate) == 1, KC_ERR_INTERNAL,
		"cannot write the test CA's certificate");
	len = BIO_get_mem_data(bio, &text);
	return bytes_append(pem, view_of(text, (size_t)len));
}
