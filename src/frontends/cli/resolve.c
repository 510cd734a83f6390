/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Names of items. The keychain is fetched once and looked through here: it is a few dozen items,
 * and so "not found" and "which one?" can say what there is.
 */
#include "frontends/cli/resolve.h"

#include <stdlib.h>
#include <string.h>

#include <keycask/error.h>
#include <keycask/item.h>
#include <keycask/text.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "frontends/cli/reading.h"
#include "frontends/owned.h"

static const struct kind {
	const char *noun;
	const char *lack;   /* "'x' …" when it is no such thing */
	const char *needed; /* this attribute is true */
	bool encrypts;	    /* not every type does */
	bool is_key;
} kinds[] = {
	[RESOLVE_ANY] = {"item", NULL, NULL, false, false},
	[RESOLVE_KEY] = {"key", "has no private key", NULL, false, true},
	[RESOLVE_SIGNER] = {"key that can sign", "cannot sign", KC_ATTR_CAN_SIGN, false, true},
	[RESOLVE_ENCRYPTER] = {"key to encrypt to", "is no key that can be encrypted to", NULL,
			       true, true},
	[RESOLVE_DECRYPTER] = {"key that can decrypt", "cannot decrypt", KC_ATTR_CAN_DECRYPT, true,
			       true},
	[RESOLVE_DERIVER] = {"key that can derive", "cannot derive", KC_ATTR_CAN_DERIVE, false,
			     true},
};

/* --- what matches -------------------------------------------------------------------------- */

static bool has_reference(const struct kc_dictionary *item, const void *what)
{
	const struct kc_bytes *reference = what;

	return view_equal(kc_dictionary_data(item, INVENTORY_REFERENCE),
			  view_of(reference->data, reference->len));
}

static bool has_label(const struct kc_dictionary *item, const void *what)
{
	const char *label = kc_dictionary_text(item, KC_ATTR_LABEL);

	return label && strcmp(label, what) == 0;
}

static bool has_hash_prefix(const struct kc_dictionary *item, const void *what)
{
	CLEANUP(freep) char *hash = kc_text_hex(inventory_hash(item));

	return hash && strncasecmp(hash, what, strlen(what)) == 0;
}

/* The parts of a URI: all that it names must be equal. */
static bool has_parts(const struct kc_dictionary *item, const void *what)
{
	const struct kc_dictionary *query = what;
	static const char *const texts[] = {KC_CLASS, KC_ATTR_TOKEN_ID, KC_ATTR_LABEL};
	struct kc_view hash = inventory_hash(query);

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		const char *wanted = kc_dictionary_text(query, texts[i]);
		const char *actual = kc_dictionary_text(item, texts[i]);

		if (wanted && (!actual || strcmp(wanted, actual) != 0))
			return false;
	}
	return hash.len == 0 || view_equal(hash, inventory_hash(item));
}

static bool has_type(const struct kc_dictionary *item, const char *wanted)
{
	const char *type = kc_dictionary_text(item, KC_ATTR_KEY_TYPE);

	return type && strcmp(type, wanted) == 0;
}

/* What an EC key decrypts it decrypts by exchanging keys. */
static bool may(const struct kc_dictionary *item, const char *needed)
{
	if (kc_dictionary_flag(item, needed, true))
		return true;
	return strcmp(needed, KC_ATTR_CAN_DECRYPT) == 0 && has_type(item, KC_KEY_TYPE_NAME_EC) &&
	       kc_dictionary_flag(item, KC_ATTR_CAN_DERIVE, false);
}

/* What is encrypted to an EC key that only signs nobody can read again. */
static bool is_encrypted_to(const struct kc_dictionary *item)
{
	if (!kc_dictionary_text(item, KC_ATTR_KEY_TYPE) || has_type(item, KC_KEY_TYPE_NAME_RSA))
		return true;
	return has_type(item, KC_KEY_TYPE_NAME_EC) && may(item, KC_ATTR_CAN_DECRYPT);
}

static bool is_usable(const struct kc_dictionary *item, const void *what)
{
	const struct kind *kind = &kinds[*(const enum resolve_kind *)what];

	if (kind->needed && !may(item, kind->needed))
		return false;
	if (kind->encrypts && !is_encrypted_to(item))
		return false;
	return !kind->is_key || inventory_is_key(item);
}

static bool is_hexadecimal(const char *name)
{
	return strspn(name, "0123456789abcdefABCDEF") == strlen(name);
}

static bool is_hash_prefix(const char *name)
{
	return strlen(name) >= RESOLVE_DIGITS_MIN && is_hexadecimal(name);
}

/* --- what is said when nothing does ---------------------------------------------------------- */

/* The daemon knows more of a reference that nothing has: that it is none, or whose it is. */
static enum kc_status ask_for_reference(const struct kc_bytes *reference)
{
	CLEANUP(kc_dictionary_freep)
	struct kc_dictionary *query = KC_DICTIONARY(
		{KC_VALUE_PERSISTENT_REF, KC_DATA(view_of(reference->data, reference->len))});

	return kc_item_copy_matching(query, NULL);
}

static enum kc_status explain_reference(const struct kc_bytes *reference)
{
	enum kc_status status = ask_for_reference(reference);
	const char *token_id = kc_error_token_id(kc_error_last());
	char name[128] = "";

	if (status != KC_ERR_ITEM_NOT_FOUND)
		return KC_OK;
	(void)snprintf(name, sizeof(name), "%s", token_id);
	error_set_token(name[0] ? name : NULL, NULL);
	if (name[0])
		error_set_hint("insert the token %s and repeat: the reference is alive then", name);
	else
		resolve_hint_tokens();
	return fail(KC_ERR_ITEM_NOT_FOUND, "%s",
		    name[0] ? "the token of this persistent reference is not present"
			    : "nothing that is present has this persistent reference");
}

static enum kc_status not_found(const char *name, enum resolve_kind kind, bool is_partial)
{
	if (is_partial)
		error_set_hint("the keychain is locked, only tokens were looked through: keycask "
			       "unlock");
	if (name && is_hexadecimal(name) && !is_hash_prefix(name))
		error_set_hint("the beginning of a hash must have at least %d digits",
			       RESOLVE_DIGITS_MIN);
	resolve_hint_tokens();
	if (!name)
		return fail(KC_ERR_ITEM_NOT_FOUND, "there is no %s", kinds[kind].noun);
	return fail(KC_ERR_ITEM_NOT_FOUND, "no %s is called '%s'", kinds[kind].noun, name);
}

/* Named well, but of no use for what is to be done with it. */
static enum kc_status not_usable(const struct kc_dictionary *item, enum resolve_kind kind)
{
	const char *label = kc_dictionary_text(item, KC_ATTR_LABEL);

	error_set_hint("see which keys there are with: keycask list");
	return fail(KC_ERR_ITEM_NOT_FOUND, "'%s' %s", label ? label : "this item",
		    inventory_is_key(item) ? kinds[kind].lack : kinds[RESOLVE_KEY].lack);
}

/* --- choosing ------------------------------------------------------------------------------ */

/* Expected: KC_ERR_PARAM  several are left */
static enum kc_status choose(struct context *context, const char *name, enum resolve_kind kind,
			     struct inventory *inventory, struct kc_dictionary **ret_item)
{
	inventory_fold(inventory);
	if (inventory->n_items == 0)
		return not_found(name, kind, inventory->is_partial);
	if (inventory->n_items == 1)
		return kc_dictionary_copy(inventory->items[0], ret_item);
	context->candidates = *inventory;
	*inventory = (struct inventory){.items = NULL};
	error_set_hint("say which one with --key HASH (its first %d digits)", RESOLVE_DIGITS_MIN);
	if (!name)
		return fail(KC_ERR_PARAM, "there are %zu keys; which one?",
			    context->candidates.n_items);
	return fail(KC_ERR_PARAM, "'%s' is the name of %zu items", name,
		    context->candidates.n_items);
}

static enum kc_status keep_uri(struct inventory *inventory, const char *uri)
{
	CLEANUP(kc_dictionary_freep) struct kc_dictionary *query = NULL;

	TRY(kc_item_query_from_uri(uri, &query));
	inventory_keep(inventory, has_parts, query);
	return KC_OK;
}

static bool has_any(const struct inventory *inventory, inventory_match_fn matches, const void *what)
{
	for (size_t i = 0; i < inventory->n_items; i++)
		if (matches(inventory->items[i], what))
			return true;
	return false;
}

/* Leave what @name names, by the first way in which it names anything. */
static enum kc_status keep_named(struct inventory *inventory, const char *name)
{
	CLEANUP(kc_bytes_free) struct kc_bytes reference = {NULL, 0};

	if (strncmp(name, "keycask:", strlen("keycask:")) == 0)
		return keep_uri(inventory, name);
	if (is_hash_prefix(name) && has_any(inventory, has_hash_prefix, name)) {
		inventory_keep(inventory, has_hash_prefix, name);
		return KC_OK;
	}
	if (has_any(inventory, has_label, name) ||
	    kc_text_base64_decode(name, &reference) != KC_OK || reference.len == 0) {
		inventory_keep(inventory, has_label, name);
		return KC_OK;
	}
	inventory_keep(inventory, has_reference, &reference);
	return inventory->n_items > 0 ? KC_OK : explain_reference(&reference);
}

/* What is shown only to somebody who agrees was left out: ask for what is called so. */
static enum kc_status collect_asking(struct inventory *inventory, const char *name)
{
	bool is_partial = inventory->is_partial;

	inventory_done(inventory);
	TRY(inventory_collect(&(struct inventory_filter){.label = name, .asks = true}, inventory));
	inventory->is_partial = is_partial;
	return KC_OK;
}

static enum kc_status look_up(struct context *context, const char *name, enum resolve_kind kind,
			      struct kc_dictionary **ret_item)
{
	CLEANUP(inventory_done) struct inventory inventory = {.items = NULL};

	TRY(inventory_collect(&(struct inventory_filter){.label = NULL}, &inventory));
	if (name)
		TRY(keep_named(&inventory, name));
	if (name && inventory.n_items == 0)
		TRY(collect_asking(&inventory, name));
	if (name && inventory.n_items > 0 && !has_any(&inventory, is_usable, &kind))
		return not_usable(inventory.items[0], kind);
	inventory_keep(&inventory, is_usable, &kind);
	return choose(context, name, kind, &inventory, ret_item);
}

enum kc_status resolve_item(struct context *context, const char *name, enum resolve_kind kind,
			    struct kc_dictionary **ret_item)
{
	enum kc_status status = look_up(context, name, kind, ret_item);

	if (status != KC_ERR_ITEM_NOT_FOUND || !reading_await())
		return status;
	error_clear();
	return look_up(context, name, kind, ret_item);
}
