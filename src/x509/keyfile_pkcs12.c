/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * PKCS#12 (RFC 7292): the MAC first, which says whether the passphrase is right; then safe by safe
 * and bag by bag. No passphrase and an empty one are not the same in it (RFC 7292 B.1: "two zero
 * bytes"), but people cannot tell them apart, so both are tried.
 */
#include <openssl/err.h>

#include "base/try.h"
#include "x509/keyfile_impl.h"

enum {
	DEPTH_MAX = 4, /* of safes in safes */
};

struct reading {
	struct keyfile *file;
	const char *passphrase; /* NULL: none */
	int len;
};

/* --- bags ------------------------------------------------------------------------------------ */

static struct kc_view local_key_id_of(const PKCS12_SAFEBAG *bag)
{
	const ASN1_TYPE *value = PKCS12_SAFEBAG_get0_attr(bag, NID_localKeyID);

	if (!value || value->type != V_ASN1_OCTET_STRING)
		return view_of(NULL, 0);
	return view_of(ASN1_STRING_get0_data(value->value.octet_string),
		       (size_t)ASN1_STRING_length(value->value.octet_string));
}

static enum kc_status put_certificate(const struct reading *reading, PKCS12_SAFEBAG *bag,
				      const struct keyfile_names *names)
{
	X509 *certificate = PKCS12_SAFEBAG_get1_cert(bag);
	unsigned char *der = NULL;
	int len = certificate ? i2d_X509(certificate, &der) : -1;
	enum kc_status status = KC_OK;

	X509_free(certificate);
	REQUIRE(len > 0, KC_ERR_DECODE, "a certificate in it is damaged");
	status = keyfile_object_put_certificate(reading->file, view_of(der, (size_t)len), names);
	OPENSSL_free(der);
	return status;
}

static enum kc_status put_sealed_key(const struct reading *reading, PKCS12_SAFEBAG *bag,
				     const struct keyfile_names *names)
{
	const X509_ALGOR *algorithm = NULL;
	PKCS8_PRIV_KEY_INFO *info = NULL;
	enum kc_status status = KC_OK;

	X509_SIG_get0(PKCS12_SAFEBAG_get0_pkcs8(bag), &algorithm, NULL);
	TRY(keyfile_cipher_check(reading->file, algorithm));
	info = PKCS12_decrypt_skey(bag, reading->passphrase, reading->len);
	if (!info)
		return keyfile_cipher_fail_wrong();
	status = keyfile_object_put_key(reading->file, info, names);
	PKCS8_PRIV_KEY_INFO_free(info);
	return status;
}

static enum kc_status put_plain_key(const struct reading *reading, PKCS12_SAFEBAG *bag,
				    const struct keyfile_names *names)
{
	/* It does not change what it encodes, but has no const. */
	const PKCS8_PRIV_KEY_INFO *info = PKCS12_SAFEBAG_get0_p8inf(bag);
	PKCS8_PRIV_KEY_INFO *copy = NULL;
	enum kc_status status = KC_OK;

	copy = ASN1_item_dup(ASN1_ITEM_rptr(PKCS8_PRIV_KEY_INFO), info);
	REQUIRE(copy, KC_ERR_DECODE, "a private key in it is damaged");
	status = keyfile_object_put_key(reading->file, copy, names);
	PKCS8_PRIV_KEY_INFO_free(copy);
	return status;
}

static enum kc_status read_bags(const struct reading *reading,
				const STACK_OF(PKCS12_SAFEBAG) * bags, int depth);

static enum kc_status read_kind(const struct reading *reading, PKCS12_SAFEBAG *bag,
				const struct keyfile_names *names, int depth)
{
	switch (PKCS12_SAFEBAG_get_nid(bag)) {
	case NID_keyBag:
		return put_plain_key(reading, bag, names);
	case NID_pkcs8ShroudedKeyBag:
		return put_sealed_key(reading, bag, names);
	case NID_certBag:
		if (PKCS12_SAFEBAG_get_bag_nid(bag) == NID_x509Certificate)
			return put_certificate(reading, bag, names);
		break;
	case NID_safeContentsBag:
		return read_bags(reading, PKCS12_SAFEBAG_get0_safes(bag), depth + 1);
	default:
		break;
	}
	reading->file->n_ignored++;
	return KC_OK;
}

static enum kc_status read_bag(const struct reading *reading, PKCS12_SAFEBAG *bag, int depth)
{
	struct keyfile_names names = {.local_key_id = local_key_id_of(bag)};
	char *friendly_name = PKCS12_get_friendlyname(bag);
	enum kc_status status = KC_OK;

	names.friendly_name = friendly_name;
	status = read_kind(reading, bag, &names, depth);
	OPENSSL_free(friendly_name);
	return status;
}

static enum kc_status read_bags(const struct reading *reading,
				const STACK_OF(PKCS12_SAFEBAG) * bags, int depth)
{
	REQUIRE(depth < DEPTH_MAX, KC_ERR_DECODE, "safes in safes in safes");
	for (int i = 0; bags && i < sk_PKCS12_SAFEBAG_num(bags); i++)
		TRY(read_bag(reading, sk_PKCS12_SAFEBAG_value(bags, i), depth));
	return KC_OK;
}

/* --- safes ----------------------------------------------------------------------------------- */

static enum kc_status open_encrypted(const struct reading *reading, PKCS7 *safe,
				     STACK_OF(PKCS12_SAFEBAG) * *ret_bags)
{
	const PKCS7_ENCRYPT *encrypted = safe->d.encrypted;

	REQUIRE(encrypted && encrypted->enc_data && encrypted->enc_data->algorithm, KC_ERR_DECODE,
		"the PKCS#12 is damaged");
	TRY(keyfile_cipher_check(reading->file, encrypted->enc_data->algorithm));
	*ret_bags = PKCS12_unpack_p7encdata(safe, reading->passphrase, reading->len);
	return *ret_bags ? KC_OK : keyfile_cipher_fail_wrong();
}

static enum kc_status open_safe(const struct reading *reading, PKCS7 *safe,
				STACK_OF(PKCS12_SAFEBAG) * *ret_bags)
{
	switch (OBJ_obj2nid(safe->type)) {
	case NID_pkcs7_data:
		*ret_bags = PKCS12_unpack_p7data(safe);
		REQUIRE(*ret_bags, KC_ERR_DECODE, "the PKCS#12 is damaged");
		return KC_OK;
	case NID_pkcs7_encrypted:
		return open_encrypted(reading, safe, ret_bags);
	default:
		return fail(KC_ERR_UNIMPLEMENTED,
			    "the PKCS#12 is encrypted to a public key, not with a passphrase");
	}
}

static enum kc_status read_safe(const struct reading *reading, PKCS7 *safe)
{
	STACK_OF(PKCS12_SAFEBAG) *bags = NULL;
	enum kc_status status = open_safe(reading, safe, &bags);

	if (status == KC_OK)
		status = read_bags(reading, bags, 0);
	sk_PKCS12_SAFEBAG_pop_free(bags, PKCS12_SAFEBAG_free);
	return status;
}

static enum kc_status read_safes(const struct reading *reading, PKCS12 *pfx)
{
	STACK_OF(PKCS7) *safes = PKCS12_unpack_authsafes(pfx);
	enum kc_status status = KC_OK;

	REQUIRE(safes, KC_ERR_DECODE, "the PKCS#12 is damaged");
	for (int i = 0; i < sk_PKCS7_num(safes) && status == KC_OK; i++)
		status = read_safe(reading, sk_PKCS7_value(safes, i));
	sk_PKCS7_pop_free(safes, PKCS7_free);
	return status;
}

/* --- the passphrase -------------------------------------------------------------------------- */

static enum kc_status check_mac(struct reading *reading, PKCS12 *pfx)
{
	const ASN1_INTEGER *iterations = NULL;
	const X509_ALGOR *algorithm = NULL;

	PKCS12_get0_mac(NULL, &algorithm, NULL, &iterations, pfx);
	TRY(keyfile_cipher_check_iterations(reading->file, iterations));
	if (reading->len == 0) {
		reading->passphrase = NULL;
		if (PKCS12_verify_mac(pfx, NULL, 0) == 1)
			return KC_OK;
		reading->passphrase = "";
	}
	if (PKCS12_verify_mac(pfx, reading->passphrase, reading->len) == 1)
		return KC_OK;
	/* RFC 9579, which OpenSSL knows from 3.4 on */
	if (algorithm && OBJ_obj2nid(algorithm->algorithm) == NID_pbmac1)
		return fail(KC_ERR_UNIMPLEMENTED, "its MAC is PBMAC1, which is not known here");
	ERR_clear_error();
	reading->file->is_encrypted = true;
	TRY(keyfile_cipher_need_passphrase(reading->file));
	return keyfile_cipher_fail_wrong();
}

enum kc_status keyfile_pkcs12_read(struct keyfile *file, PKCS12 *pfx)
{
	struct reading reading = {.file = file};

	reading.passphrase = keyfile_cipher_passphrase(file, &reading.len);
	if (PKCS12_mac_present(pfx))
		TRY(check_mac(&reading, pfx));
	else if (!reading.passphrase)
		reading.passphrase = "";
	return read_safes(&reading, pfx);
}
