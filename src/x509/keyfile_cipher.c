/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is encrypted with a passphrase: PBES2 with PBKDF2 or scrypt (RFC 8018, 7914), the schemes of
 * PKCS#12 (RFC 7292) and PBES1. Before anything is tried it is looked at what it would take, so
 * that the reason is not lost in OpenSSL. What only OpenSSL's legacy provider has, RC2 and DES, is
 * not read: nothing is loaded from disk here.
 */
#include <openssl/err.h>
#include <openssl/evp.h>

#include "base/try.h"
#include "x509/keyfile_impl.h"

enum {
	OID_TEXT_MAX = 80,
};

/* --- reasons --------------------------------------------------------------------------------- */

enum kc_status keyfile_cipher_fail_unknown(const char *name)
{
	ERR_clear_error();
	if (strncmp(name, "RC2", 3) == 0 || strncmp(name, "RC4", 3) == 0 ||
	    strncmp(name, "DES-CBC", 7) == 0) {
		error_set_hint("openssl reads it with its option -legacy (pkcs12) or -provider "
			       "legacy -provider default (pkcs8), and can encrypt it again with "
			       "AES");
		return fail(KC_ERR_UNIMPLEMENTED,
			    "encrypted with %s, which is broken: re-encrypt it", name);
	}
	error_set_hint("AES or 3DES in PBES2, or one of the schemes of PKCS#12, can be read");
	return fail(KC_ERR_UNIMPLEMENTED, "encrypted with %s, which is not known here", name);
}

enum kc_status keyfile_cipher_fail_wrong(void)
{
	ERR_clear_error();
	return fail(KC_ERR_AUTH_FAILED, "the passphrase is wrong, or the file is damaged");
}

enum kc_status keyfile_cipher_need_passphrase(struct keyfile *file)
{
	file->is_encrypted = true;
	REQUIRE(file->source->passphrase.data, KC_ERR_AUTH_FAILED,
		"the file is encrypted, and there is no passphrase");
	return KC_OK;
}

const char *keyfile_cipher_passphrase(const struct keyfile *file, int *ret_len)
{
	*ret_len = (int)file->source->passphrase.len;
	return (const char *)file->source->passphrase.data;
}

/* --- what it would take ---------------------------------------------------------------------- */

static enum kc_status check_cipher(const ASN1_OBJECT *object)
{
	char name[OID_TEXT_MAX] = "";
	int nid = OBJ_obj2nid(object);
	EVP_CIPHER *cipher = NULL;

	OBJ_obj2txt(name, sizeof(name), object, 1);
	cipher = EVP_CIPHER_fetch(NULL, name, NULL);
	if (!cipher)
		return keyfile_cipher_fail_unknown(nid == NID_undef ? name : OBJ_nid2sn(nid));
	EVP_CIPHER_free(cipher);
	return KC_OK;
}

static enum kc_status check_number(const struct keyfile *file, uint64_t n)
{
	error_set_hint("export it again with fewer iterations");
	REQUIRE(n <= file->source->iterations_max, KC_ERR_PARAM,
		"its key derivation takes more than %llu iterations",
		(unsigned long long)file->source->iterations_max);
	error_clear();
	return KC_OK;
}

enum kc_status keyfile_cipher_check_iterations(const struct keyfile *file,
					       const ASN1_INTEGER *iterations)
{
	uint64_t n = 0;

	if (!iterations)
		return KC_OK;
	if (ASN1_INTEGER_get_uint64(&n, iterations) != 1)
		n = UINT64_MAX;
	ERR_clear_error();
	return check_number(file, n);
}

/* RFC 7914 7: N · r · p blocks are made; OpenSSL itself refuses more than 32 megabytes at once. */
static enum kc_status check_scrypt(const struct keyfile *file, const X509_ALGOR *function)
{
	SCRYPT_PARAMS *parameters =
		ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(SCRYPT_PARAMS), function->parameter);
	uint64_t cost = 0;
	uint64_t block = 0;
	uint64_t lanes = 0;
	bool is_read = parameters &&
		       ASN1_INTEGER_get_uint64(&cost, parameters->costParameter) == 1 &&
		       ASN1_INTEGER_get_uint64(&block, parameters->blockSize) == 1 &&
		       ASN1_INTEGER_get_uint64(&lanes, parameters->parallelizationParameter) == 1;

	SCRYPT_PARAMS_free(parameters);
	ERR_clear_error();
	REQUIRE(is_read && cost > 0 && block > 0 && lanes > 0, KC_ERR_DECODE,
		"the parameters of scrypt are damaged");
	TRY(check_number(file, cost));
	TRY(check_number(file, block));
	TRY(check_number(file, lanes));
	TRY(check_number(file, cost * block));
	return check_number(file, cost * block * lanes);
}

static enum kc_status check_pbkdf2(const struct keyfile *file, const X509_ALGOR *function)
{
	PBKDF2PARAM *parameters =
		ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(PBKDF2PARAM), function->parameter);
	enum kc_status status = KC_OK;

	ERR_clear_error();
	REQUIRE(parameters, KC_ERR_DECODE, "the parameters of PBKDF2 are damaged");
	status = keyfile_cipher_check_iterations(file, parameters->iter);
	PBKDF2PARAM_free(parameters);
	return status;
}

static enum kc_status check_function(const struct keyfile *file, const X509_ALGOR *function)
{
	char name[OID_TEXT_MAX] = "";

	switch (OBJ_obj2nid(function->algorithm)) {
	case NID_id_pbkdf2:
		return check_pbkdf2(file, function);
	case NID_id_scrypt:
		return check_scrypt(file, function);
	default:
		OBJ_obj2txt(name, sizeof(name), function->algorithm, 0);
		return keyfile_cipher_fail_unknown(name);
	}
}

static enum kc_status check_pbes2(const struct keyfile *file, const X509_ALGOR *algorithm)
{
	PBE2PARAM *parameters =
		ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(PBE2PARAM), algorithm->parameter);
	enum kc_status status = KC_OK;

	ERR_clear_error();
	REQUIRE(parameters, KC_ERR_DECODE, "the parameters of PBES2 are damaged");
	status = check_function(file, parameters->keyfunc);
	if (status == KC_OK)
		status = check_cipher(parameters->encryption->algorithm);
	PBE2PARAM_free(parameters);
	return status;
}

/* PBES1 and those of PKCS#12 name cipher and hash in one. */
static enum kc_status check_pbe(const struct keyfile *file, const X509_ALGOR *algorithm)
{
	PBEPARAM *parameters =
		ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(PBEPARAM), algorithm->parameter);
	char name[OID_TEXT_MAX] = "";
	int cipher = NID_undef;
	enum kc_status status = KC_OK;

	OBJ_obj2txt(name, sizeof(name), algorithm->algorithm, 0);
	if (EVP_PBE_find(EVP_PBE_TYPE_OUTER, OBJ_obj2nid(algorithm->algorithm), &cipher, NULL,
			 NULL) != 1 ||
	    cipher == NID_undef || cipher == -1)
		status = keyfile_cipher_fail_unknown(name);
	else if (!parameters)
		status = fail(KC_ERR_DECODE, "the parameters of %s are damaged", name);
	if (status == KC_OK)
		status = check_cipher(OBJ_nid2obj(cipher));
	if (status == KC_OK)
		status = keyfile_cipher_check_iterations(file, parameters->iter);
	PBEPARAM_free(parameters);
	ERR_clear_error();
	return status;
}

enum kc_status keyfile_cipher_check(struct keyfile *file, const X509_ALGOR *algorithm)
{
	file->is_encrypted = true;
	if (OBJ_obj2nid(algorithm->algorithm) == NID_pbes2)
		return check_pbes2(file, algorithm);
	return check_pbe(file, algorithm);
}

/* --- PKCS#8 ---------------------------------------------------------------------------------- */

enum kc_status keyfile_cipher_open_key(struct keyfile *file, const X509_SIG *sealed,
				       const struct keyfile_names *names)
{
	const X509_ALGOR *algorithm = NULL;
	PKCS8_PRIV_KEY_INFO *info = NULL;
	enum kc_status status = KC_OK;
	const char *passphrase = NULL;
	int len = 0;

	X509_SIG_get0(sealed, &algorithm, NULL);
	TRY(keyfile_cipher_check(file, algorithm));
	TRY(keyfile_cipher_need_passphrase(file));
	passphrase = keyfile_cipher_passphrase(file, &len);
	info = PKCS8_decrypt(sealed, passphrase, len);
	if (!info)
		return keyfile_cipher_fail_wrong();
	status = keyfile_object_put_key(file, info, names);
	PKCS8_PRIV_KEY_INFO_free(info);
	return status;
}
