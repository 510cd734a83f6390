/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * PKCS#12 (RFC 7292): one safe with the certificates, encrypted, one with the keys, each encrypted
 * by itself, and a MAC over both. AES-256-CBC in PBES2 and HMAC-SHA-256 are what every program
 * reads that is not older than them.
 */
#include <openssl/asn1t.h>
#include <openssl/err.h>

#include "base/try.h"
#include "keys/digest_impl.h"
#include "keys/key_file_impl.h"

static void bags_done(STACK_OF(PKCS12_SAFEBAG) * *bags)
{
	sk_PKCS12_SAFEBAG_pop_free(*bags, PKCS12_SAFEBAG_free);
	*bags = NULL;
}

static void bag_done(PKCS12_SAFEBAG **bag)
{
	PKCS12_SAFEBAG_free(*bag);
	*bag = NULL;
}

static void safes_done(STACK_OF(PKCS7) * *safes)
{
	sk_PKCS7_pop_free(*safes, PKCS7_free);
	*safes = NULL;
}

/* --- bags ------------------------------------------------------------------------------------ */

/* As bytes: what a certificate is made of is not for this process to look at. */
static PKCS12_SAFEBAG *new_certificate_bag(struct kc_view der)
{
	ASN1_TYPE *any = ASN1_TYPE_new();
	ASN1_STRING *text = ASN1_STRING_new();
	PKCS12_SAFEBAG *bag = NULL;

	if (any && text && ASN1_STRING_set(text, der.data, (int)der.len) == 1) {
		ASN1_TYPE_set(any, V_ASN1_SEQUENCE, text);
		text = NULL;
		bag = PKCS12_item_pack_safebag(any, ASN1_ITEM_rptr(ASN1_ANY), NID_x509Certificate,
					       NID_certBag);
	}
	ASN1_STRING_free(text);
	ASN1_TYPE_free(any);
	return bag;
}

static enum kc_status make_key_bag(const struct key_file *file, const struct key_file_entry *entry,
				   PKCS12_SAFEBAG **ret_bag)
{
	CLEANUP(key_file_info_done) PKCS8_PRIV_KEY_INFO *info = NULL;

	TRY(key_file_make_info(entry, &info));
	*ret_bag = PKCS12_SAFEBAG_create_pkcs8_encrypt(
		NID_aes_256_cbc, (const char *)file->passphrase.data, (int)file->passphrase.len,
		NULL, 0, (int)file->iterations, info);
	return KC_OK;
}

static bool put_names(PKCS12_SAFEBAG *bag, const struct key_file_entry *entry)
{
	CLEANUP(bytes_done) struct bytes id = BYTES_INIT(256);

	if (entry->label && entry->label[0] &&
	    PKCS12_add_friendlyname_utf8(bag, entry->label, (int)strlen(entry->label)) != 1)
		return false;
	if (entry->id.len == 0)
		return true;
	/* It is only read, but has no const. */
	return bytes_append(&id, entry->id) == KC_OK &&
	       PKCS12_add_localkeyid(bag, id.data, (int)id.len) == 1;
}

static enum kc_status add_bag(const struct key_file *file, const struct key_file_entry *entry,
			      STACK_OF(PKCS12_SAFEBAG) * bags)
{
	CLEANUP(bag_done) PKCS12_SAFEBAG *bag = NULL;

	if (entry->kind == KEY_FILE_PRIVATE_KEY)
		TRY(make_key_bag(file, entry, &bag));
	else
		bag = new_certificate_bag(entry->data);
	if (!bag || !put_names(bag, entry) || sk_PKCS12_SAFEBAG_push(bags, bag) <= 0)
		return digest_fail_openssl("PKCS#12");
	take(bag);
	return KC_OK;
}

/* --- safes ----------------------------------------------------------------------------------- */

/* The keys are encrypted already: no cipher. */
static enum kc_status add_safe(const struct key_file *file, enum key_file_kind kind,
			       STACK_OF(PKCS7) * safes)
{
	CLEANUP(bags_done) STACK_OF(PKCS12_SAFEBAG) *bags = sk_PKCS12_SAFEBAG_new_null();
	int cipher = kind == KEY_FILE_PRIVATE_KEY ? -1 : NID_aes_256_cbc;

	REQUIRE(bags, KC_ERR_ALLOCATE, "out of memory");
	for (size_t i = 0; i < file->n_entries; i++)
		if (file->entries[i].kind == kind)
			TRY(add_bag(file, &file->entries[i], bags));
	if (sk_PKCS12_SAFEBAG_num(bags) == 0)
		return KC_OK;
	if (PKCS12_add_safe(&safes, bags, cipher, (int)file->iterations,
			    (const char *)file->passphrase.data) != 1)
		return digest_fail_openssl("PKCS#12");
	return KC_OK;
}

static enum kc_status seal(const struct key_file *file, STACK_OF(PKCS7) * safes,
			   struct bytes *bytes)
{
	PKCS12 *pfx = PKCS12_add_safes(safes, 0);
	unsigned char *der = NULL;
	int len = -1;

	if (pfx &&
	    PKCS12_set_mac(pfx, (const char *)file->passphrase.data, (int)file->passphrase.len,
			   NULL, 0, (int)file->iterations, EVP_sha256()) == 1)
		len = i2d_PKCS12(pfx, &der);
	PKCS12_free(pfx);
	return key_file_take_der(der, len, bytes);
}

/* PKCS12_add_safe() wants the passphrase with a zero byte behind it. */
static enum kc_status write_all(const struct key_file *file, struct bytes *bytes)
{
	CLEANUP(safes_done) STACK_OF(PKCS7) *safes = sk_PKCS7_new_null();

	REQUIRE(safes, KC_ERR_ALLOCATE, "out of memory");
	TRY(add_safe(file, KEY_FILE_CERTIFICATE, safes));
	TRY(add_safe(file, KEY_FILE_PRIVATE_KEY, safes));
	return seal(file, safes, bytes);
}

enum kc_status key_file_pkcs12_write(const struct key_file *file, struct bytes *bytes)
{
	CLEANUP(bytes_done) struct bytes passphrase = BYTES_INIT(4096);
	struct key_file same = *file;

	REQUIRE(file->passphrase.data, KC_ERR_PARAM, "a \"pkcs12\" needs a passphrase");
	TRY(bytes_append(&passphrase, file->passphrase));
	TRY(bytes_append_byte(&passphrase, 0));
	same.passphrase = view_of(passphrase.data, passphrase.len - 1);
	return write_all(&same, bytes);
}
