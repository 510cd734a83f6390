/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Encrypt a line of standard input to oneself, and decrypt it again. Whoever has the
 * certificate can encrypt, without the card; to decrypt takes the private key, and a person
 * may be asked for its PIN.
 *
 *	cc encrypt-to-self.c $(pkg-config --cflags --libs keycask)
 */
#include <stdio.h>
#include <string.h>

#include <keycask/error.h>
#include <keycask/identity.h>
#include <keycask/item.h>

/* Any identity whose key decrypts. EC keys do it by agreeing on a key (ECIES). */
static enum kc_status find_identity(const char *key_type, const char *ability,
				    struct kc_identity **identity)
{
	struct kc_dictionary *query = KC_DICTIONARY(
		{KC_CLASS, KC_TEXT(KC_CLASS_IDENTITY)}, {KC_ATTR_KEY_TYPE, KC_TEXT(key_type)},
		{ability, KC_TRUE}, {KC_RETURN_PERSISTENT_REF, KC_TRUE});
	struct kc_value *item = NULL;
	enum kc_status status = kc_item_copy_matching(query, &item);

	if (status == KC_OK)
		status = kc_identity_from_item(item, identity);
	kc_value_free(item);
	kc_dictionary_free(query);
	return status;
}

static enum kc_status encrypt(const struct kc_identity *identity, const char *algorithm,
			      struct kc_view text, struct kc_bytes *ciphertext)
{
	struct kc_certificate *certificate = NULL;
	struct kc_key *public_key = NULL;
	enum kc_status status = kc_identity_copy_certificate(identity, &certificate);

	if (status == KC_OK)
		status = kc_certificate_copy_key(certificate, &public_key);
	if (status == KC_OK)
		status = kc_key_encrypt(public_key, algorithm, text, ciphertext);
	kc_key_free(public_key);
	kc_certificate_free(certificate);
	return status;
}

static enum kc_status decrypt(const struct kc_identity *identity, const char *algorithm,
			      const struct kc_bytes *ciphertext, struct kc_bytes *text)
{
	struct kc_key *key = NULL;
	enum kc_status status = kc_identity_copy_key(identity, &key);

	if (status == KC_OK)
		status = kc_key_decrypt(key, algorithm, kc_view_of_bytes(ciphertext), NULL, text);
	kc_key_free(key);
	return status;
}

static enum kc_status run(struct kc_view text)
{
	const char *algorithm = KC_ALGORITHM_RSA_ENCRYPTION_OAEP_SHA256_AESGCM;
	struct kc_identity *identity = NULL;
	struct kc_bytes ciphertext = {NULL, 0};
	struct kc_bytes plaintext = {NULL, 0};
	enum kc_status status = find_identity(KC_KEY_TYPE_NAME_RSA, KC_ATTR_CAN_DECRYPT, &identity);

	if (status == KC_ERR_ITEM_NOT_FOUND) {
		algorithm = KC_ALGORITHM_ECIES_ENCRYPTION_STANDARD_VARIABLE_IV_X963_SHA256_AESGCM;
		status = find_identity(KC_KEY_TYPE_NAME_EC, KC_ATTR_CAN_DERIVE, &identity);
	}
	if (status == KC_OK)
		status = encrypt(identity, algorithm, text, &ciphertext);
	if (status == KC_OK)
		fprintf(stderr, "encrypted with %s\n", algorithm);
	if (status == KC_OK)
		status = decrypt(identity, algorithm, &ciphertext, &plaintext);
	if (status == KC_OK)
		fwrite(plaintext.data, 1, plaintext.len, stdout);
	kc_bytes_free(&plaintext);
	kc_bytes_free(&ciphertext);
	kc_identity_free(identity);
	return status;
}

int main(void)
{
	char line[1000];

	if (!fgets(line, sizeof(line), stdin)) {
		fprintf(stderr, "a line of text is wanted on standard input\n");
		return 2;
	}
	if (run(kc_view_of_text(line)) == KC_OK)
		return 0;
	fprintf(stderr, "%s\n%s\n", kc_error_message(kc_error_last()),
		kc_error_hint(kc_error_last()));
	return 1;
}
