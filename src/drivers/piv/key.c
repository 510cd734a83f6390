/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Keys by their names, and what of them is published. */
#include <stdio.h>

#include "base/cleanup.h"
#include "base/try.h"
#include "drivers/piv/piv.h"

static const char *const rsa_signing[] = {"rsa_signature_raw", NULL};
static const char *const ec_signing[] = {"ecdsa_signature_digest_x962", NULL};
static const char *const rsa_decrypting[] = {"rsa_encryption_raw", NULL};
static const char *const ec_deriving[] = {"ecdh_key_exchange_standard", NULL};

struct piv_key *piv_find_slot(struct piv_state *state, uint8_t slot)
{
	for (size_t i = 0; i < state->n_keys; i++) {
		if (state->keys[i].slot == slot)
			return &state->keys[i];
	}
	return NULL;
}

enum kc_status piv_find_key(struct kc_token *token, struct kc_view object_id,
			    const struct piv_key **ret_key)
{
	const struct piv_key *key =
		object_id.len == 1 ? piv_find_slot(kc_token_state(token), object_id.data[0]) : NULL;

	REQUIRE(key, KC_ERR_OBJECT_NOT_FOUND, "the card has no such key");
	*ret_key = key;
	return KC_OK;
}

void piv_put_label(const struct piv_place *place, unsigned number, const char *what,
		   char label[PIV_LABEL_BYTES])
{
	if (number > 0)
		(void)snprintf(label, PIV_LABEL_BYTES, "%s For %s %u", what, place->name, number);
	else
		(void)snprintf(label, PIV_LABEL_BYTES, "%s For %s", what, place->name);
}

static const char *const *algorithms_of(const struct piv_place *place, const struct piv_key *key)
{
	if (place->can_sign)
		return key->type == KC_KEY_TYPE_RSA ? rsa_signing : ec_signing;
	return key->type == KC_KEY_TYPE_RSA ? rsa_decrypting : ec_deriving;
}

typedef enum kc_status (*put_fn)(struct kc_contents *contents,
				 const struct kc_key_description *description);

static enum kc_status put(struct kc_contents *contents, const struct piv_publication *publication,
			  put_fn put_key)
{
	const struct piv_place *place = publication->place;
	const struct piv_key *key = publication->key;
	const uint32_t tag = place->container;
	const uint8_t certificate_id[PIV_TAG_BYTES] = {(uint8_t)(tag >> 16), (uint8_t)(tag >> 8),
						       (uint8_t)tag};
	char label[PIV_LABEL_BYTES];
	struct kc_key_description description = {
		.object_id = view_of(&place->slot, 1),
		.label = label,
		.type = key->type,
		.size_in_bits = key->size_in_bits,
		.constraint = key->constraint,
		.needs_touch = key->needs_touch,
		.algorithms = algorithms_of(place, key),
		.can_sign = place->can_sign,
		.can_decrypt = !place->can_sign && key->type == KC_KEY_TYPE_RSA,
		.can_derive = !place->can_sign && key->type == KC_KEY_TYPE_EC,
	};

	if (key->has_certificate)
		description.certificate_id = VIEW_OF(certificate_id);
	else
		description.public_key = view_of(key->public_key, key->public_key_len);
	piv_put_label(place, publication->number, "Key", label);
	return put_key(contents, &description);
}

enum kc_status piv_add_key(struct kc_contents *contents, const struct piv_publication *publication)
{
	return put(contents, publication, kc_contents_add_key);
}

enum kc_status piv_replace_key(struct kc_contents *contents,
			       const struct piv_publication *publication)
{
	return put(contents, publication, kc_contents_replace_key);
}
