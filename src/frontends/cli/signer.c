/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Choosing key and algorithm for sign, verify, encrypt, decrypt and derive. */
#include "frontends/cli/signer.h"

#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "frontends/owned.h"

void signer_done(struct signer *signer)
{
	signer->key = kc_key_free(signer->key);
}

/* OAEP, unless the token has no way but its own to take padding off. */
static const char *usual_rsa_encryption(const struct kc_key *key)
{
	const char *best = KC_ALGORITHM_RSA_ENCRYPTION_OAEP_SHA256;
	const char *other = KC_ALGORITHM_RSA_ENCRYPTION_PKCS1;
	bool can_best = true;
	bool can_other = false;

	if (kc_key_is_algorithm_supported(key, "decrypt", best, &can_best) != KC_OK || can_best ||
	    kc_key_is_algorithm_supported(key, "decrypt", other, &can_other) != KC_OK)
		return best;
	return can_other ? other : best;
}

static const char *usual_encryption(const char *type, const struct kc_key *key)
{
	if (type && strcmp(type, KC_KEY_TYPE_NAME_EC) == 0)
		return KC_ALGORITHM_ECIES_ENCRYPTION_STANDARD_VARIABLE_IV_X963_SHA256_AESGCM;
	return usual_rsa_encryption(key);
}

static enum kc_status usual_algorithm(const struct kc_dictionary *item, enum resolve_kind kind,
				      const struct kc_key *key, const char **ret_algorithm)
{
	const char *type = kc_dictionary_text(item, KC_ATTR_KEY_TYPE);

	if (kind == RESOLVE_ENCRYPTER || kind == RESOLVE_DECRYPTER)
		*ret_algorithm = usual_encryption(type, key);
	else if (kind == RESOLVE_DERIVER)
		*ret_algorithm = KC_ALGORITHM_ECDH_KEY_EXCHANGE_STANDARD;
	else if (type && strcmp(type, KC_KEY_TYPE_NAME_EC) == 0)
		*ret_algorithm = KC_ALGORITHM_ECDSA_SIGNATURE_MESSAGE_X962_SHA256;
	else if (type && strcmp(type, KC_KEY_TYPE_NAME_ED25519) == 0)
		*ret_algorithm = KC_ALGORITHM_EDDSA_SIGNATURE_MESSAGE_ED25519;
	else if (type && strcmp(type, KC_KEY_TYPE_NAME_ED448) == 0)
		*ret_algorithm = KC_ALGORITHM_EDDSA_SIGNATURE_MESSAGE_ED448;
	else if (type && strcmp(type, KC_KEY_TYPE_NAME_RSA) == 0)
		*ret_algorithm = KC_ALGORITHM_RSA_SIGNATURE_MESSAGE_PKCS1V15_SHA256;
	else
		return fail(KC_ERR_PARAM, "say which --algorithm to use with a key of type '%s'",
			    type ? type : "unknown");
	return KC_OK;
}

static bool needs_touch(const struct kc_dictionary *item)
{
	const struct kc_dictionary *control =
		kc_value_dictionary(kc_dictionary_get(item, KC_ATTR_ACCESS_CONTROL));

	return control && kc_dictionary_flag(control, "touch", false);
}

void signer_fit(struct signer *signer, size_t len, bool decrypts)
{
	size_t most = signer->block_size;

	/* RFC 8017 7.1.1: OAEP with SHA-256 takes 2 * 32 + 2 bytes of the block. */
	if (!decrypts)
		most = most > 66 ? most - 66 : 0;
	if (signer->is_usual && len > most &&
	    strcmp(signer->algorithm, KC_ALGORITHM_RSA_ENCRYPTION_OAEP_SHA256) == 0)
		signer->algorithm = KC_ALGORITHM_RSA_ENCRYPTION_OAEP_SHA256_AESGCM;
}

void signer_announce(const struct signer *signer)
{
	if (signer->needs_touch)
		(void)fputs("keycask: touch the token when it asks for it\n", stderr);
}

enum kc_status signer_find(struct context *context, const char *name, const char *algorithm,
			   enum resolve_kind kind, struct signer *ret_signer)
{
	CLEANUP(kc_dictionary_freep) struct kc_dictionary *item = NULL;

	TRY(resolve_item(context, name, kind, &item));
	TRY(kc_key_from_persistent_ref(kc_dictionary_data(item, INVENTORY_REFERENCE),
				       &ret_signer->key));
	ret_signer->is_usual = !algorithm;
	ret_signer->block_size =
		((size_t)kc_dictionary_number(item, KC_ATTR_KEY_SIZE_IN_BITS, 0) + 7) / 8;
	if (!algorithm)
		TRY(usual_algorithm(item, kind, ret_signer->key, &algorithm));
	ret_signer->algorithm = algorithm;
	ret_signer->needs_touch = needs_touch(item);
	return KC_OK;
}
