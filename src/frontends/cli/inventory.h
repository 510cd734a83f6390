/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CLI_INVENTORY_H
#define CLI_INVENTORY_H

/*
 * What is in the keychain, as the CLI shows it: one dictionary per item in the shape of "keycask
 * list --json" (class, label, token_id, persistent_ref, then the other attributes).
 */

#include <stdbool.h>

#include <keycask/dictionary.h>

#include "frontends/cli/table.h"

/* The persistent reference in an item's dictionary. */
#define INVENTORY_REFERENCE "persistent_ref"

struct inventory {
	struct kc_dictionary **items;
	size_t n_items;
	bool is_partial; /* the keychain is locked: these are the items of tokens */
};

struct inventory_filter {
	const char *item_class; /* each NULL: any */
	const char *token_id;
	const char *label;
	bool asks; /* a person, where an item's access control wants it; otherwise it is left out */
};

/* What everybody who may see tokens can read, also while the keychain is locked. */
#define INVENTORY_TOKEN_GROUP "org.keycask.token"

/* Everything that matches, after a wait for cards that are being read (reading.h) when nothing
 * does; empty when there is nothing then either. Release with inventory_done(). */
KC_MUST_CHECK enum kc_status inventory_collect(const struct inventory_filter *filter,
					       struct inventory *ret_inventory);
void inventory_done(struct inventory *inventory);

/* Append all items of @item_class that match @query; class, limit and what is returned are set in
 * it. Fine when there are none. */
KC_MUST_CHECK enum kc_status inventory_append_matching(struct inventory *inventory,
						       const char *item_class,
						       struct kc_dictionary *query);

/* Leave out certificates and keys of which an identity in the inventory consists. */
void inventory_fold(struct inventory *inventory);

typedef bool (*inventory_match_fn)(const struct kc_dictionary *item, const void *what);

/* Leave only the items for which @matches is true. */
void inventory_keep(struct inventory *inventory, inventory_match_fn matches, const void *what);

/* --- of one item --------------------------------------------------------------------------- */

/* SHA-1 of its public key; empty when it has none. */
struct kc_view inventory_hash(const struct kc_dictionary *item);
bool inventory_is_class(const struct kc_dictionary *item, const char *item_class);
/* Has it a private key? */
bool inventory_is_key(const struct kc_dictionary *item);

bool inventory_is_password(const struct kc_dictionary *item);

/* --- to print ------------------------------------------------------------------------------ */

/* Of one kind: passwords, or certificates, keys and identities. */
void inventory_print(const struct inventory *inventory, FILE *file, bool has_color);
/* inventory_passwords.c */
void inventory_passwords_print(const struct inventory *inventory, FILE *file, bool has_color);
/* By what they are for, then by account. */
void inventory_passwords_sort(struct inventory *inventory);
/* *ret_value is an array. Expected: KC_ERR_ALLOCATE */
KC_MUST_CHECK enum kc_status inventory_to_value(const struct inventory *inventory,
						struct kc_value **ret_value);

/* "org.keycask.piv:0123456789ABCDEF" is "piv:01234567": long enough to tell tokens apart. */
void inventory_short_token(const char *token_id, char *ret_text, size_t size);
/* What a person calls it: "RSA", "Ed25519"; one that is unknown as it is. */
const char *inventory_key_type(const char *type);
/* "RSA 2048", "EC 256"; empty for what is no key. */
void inventory_describe_key(const struct kc_dictionary *item, char *ret_text, size_t size);
/* A token is called the same everywhere: by its label in @tokens (kc_token_list(), or NULL), or by
 * its short ID when it has none. Empty for NULL. */
void inventory_describe_token(const struct kc_value *tokens, const char *token_id, char *ret_text,
			      size_t size);

#endif
