/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KEYCASK_ITEM_H
#define KEYCASK_ITEM_H

/*
 * The keychain's items: passwords, certificates, keys and identities of its file, and those of
 * tokens while they are there. Which names a dictionary may have for which verb stands in
 * docs/vocabulary.md. Looking up never touches a card. A person is asked only for what an item's
 * KC_ATTR_ACCESS_CONTROL wants; KC_USE_AUTHENTICATION_UI in the dictionary says whether that is
 * allowed.
 *
 * Passwords and keys are in memory that is wiped when it is freed, and nowhere else.
 *
 * Stable since 1.0. Threads: any. Changes of one process are made one after the other; whoever
 * reads does not wait for a person whom another thread has had asked. After fork() the child gets a
 * connection of its own.
 */

#include <keycask/dictionary.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * All four verbs. Expected, beside what each one says:
 *   KC_ERR_PARAM, KC_ERR_NO_SUCH_ATTR, KC_ERR_NO_SUCH_CLASS  the dictionary is wrong, or NULL
 *   KC_ERR_INTERACTION_NOT_ALLOWED  the keychain is locked, or a person would have to be asked
 *   KC_ERR_AUTH_FAILED, KC_ERR_USER_CANCELED  the person was asked
 *   KC_ERR_MISSING_ENTITLEMENT      an access group that is not the caller's
 *   KC_ERR_NOT_AVAILABLE            no daemon, or its file cannot be used. After add, update and
 *                                   delete the message says when the daemon was lost in the middle
 *                                   of it: the change may have been made or not, so look before
 *                                   you repeat it
 */

/*
 * The items that match @query. Asked for with KC_RETURN_ATTRIBUTES, _DATA, _REF and
 * _PERSISTENT_REF; the shape of *ret_result follows from what was asked for:
 *
 *   nothing                 NULL (there is a match)
 *   one kind, not _ATTRIBUTES  data: the content, or the reference
 *   _ATTRIBUTES, or several kinds  a dictionary: the attributes, and KC_VALUE_DATA, KC_VALUE_REF,
 *                           KC_VALUE_PERSISTENT_REF as asked for
 *   KC_MATCH_LIMIT absent, KC_MATCH_LIMIT_ONE or 1: that, bare; otherwise an array of it
 *
 * KC_VALUE_REF is data, for kc_key_from_item(). @ret_result may be NULL when nothing is asked for.
 *
 * Expected: KC_ERR_ITEM_NOT_FOUND  no match, or the token of a persistent reference is away
 * Ownership: *ret_result is the caller's; free with kc_value_free(). Untouched on failure.
 * Since: 1.0
 */
KC_PUBLIC KC_MUST_CHECK enum kc_status kc_item_copy_matching(const struct kc_dictionary *query,
							     struct kc_value **ret_result);

/*
 * Add the item that @item describes: its class, its attributes, KC_VALUE_DATA. *ret_result is what
 * KC_RETURN_… asked for, bare, as of kc_item_copy_matching(); NULL when that is nothing, and
 * @ret_result may be NULL then.
 *
 * Expected: KC_ERR_DUPLICATE_ITEM  there is one that differs in nothing by which items differ
 * Ownership: *ret_result is the caller's; free with kc_value_free(). Untouched on failure.
 * Since: 1.0
 */
KC_PUBLIC KC_MUST_CHECK enum kc_status kc_item_add(const struct kc_dictionary *item,
						   struct kc_value **ret_result);

/*
 * Change all items that match @query as @changes says, or none of them. @changes holds attributes
 * and KC_VALUE_DATA; their persistent references stay.
 *
 * Expected: KC_ERR_ITEM_NOT_FOUND  no match
 *           KC_ERR_DUPLICATE_ITEM  one of them would become what another item is   Since: 1.0
 */
KC_PUBLIC KC_MUST_CHECK enum kc_status kc_item_update(const struct kc_dictionary *query,
						      const struct kc_dictionary *changes);

/*
 * Delete all items that match @query. Needs no key: it works while the keychain is locked.
 *
 * Expected: KC_ERR_ITEM_NOT_FOUND  no match   Since: 1.0
 */
KC_PUBLIC KC_MUST_CHECK enum kc_status kc_item_delete(const struct kc_dictionary *query);

/* --- whole files ----------------------------------------------------------------------------- */

#define KC_FORMAT_PKCS12    "pkcs12"	/* keys and certificates, with a passphrase: .p12, .pfx */
#define KC_FORMAT_PKCS7	    "pkcs7"	/* certificates: .p7b; read only */
#define KC_FORMAT_PKCS8	    "pkcs8"	/* one private key */
#define KC_FORMAT_PKCS8_PEM "pkcs8_pem" /* the same as text; written only */
#define KC_FORMAT_PEM	    "pem"	/* whatever there is, as text */
#define KC_FORMAT_DER	    "der"	/* one certificate or key */

/* In what kc_item_import() tells of an item: was it, or a part of it, not there before? */
#define KC_IS_NEW "is_new"

struct kc_options; /* keycask/key.h */

/* How a file is read. Start from KC_IMPORT_INIT, then set what differs. All of it is borrowed. */
struct kc_import {
	size_t size;	    /* of this struct, as the caller was compiled */
	const char *format; /* KC_FORMAT_…: anything else is refused; NULL: whatever it is */
	struct kc_view passphrase; /* data NULL: none, a person may be asked. Travels in sealed
				    * memory */
	const struct kc_dictionary *attributes; /* for all items that they fit; NULL: none */
	const struct kc_options *options; /* who may be asked, and how long; NULL: the defaults */
};

#define KC_IMPORT_INIT                                                                             \
	{                                                                                          \
		sizeof(struct kc_import), NULL, {NULL, 0}, NULL, NULL                              \
	}

/*
 * Add what the file @data holds: PKCS#12; private keys in PKCS#8, encrypted or not, PKCS#1 or SEC
 * 1, or as OpenSSH writes them without a passphrase (since 1.1); public keys; certificates, alone
 * or in PKCS#7; DER or PEM with several of these. At most 700 KiB. All of it is added in one step,
 * or nothing. A private key is not extractable unless
 * @import->attributes has KC_ATTR_IS_EXTRACTABLE; KC_ATTR_LABEL there is for keys and their
 * certificates, and for others when there are no keys. @import may be NULL.
 *
 * *ret_items is an array with a dictionary for each item: KC_CLASS, KC_VALUE_PERSISTENT_REF,
 * KC_ATTR_LABEL if it has one, and KC_IS_NEW, false of what was there already and stays as it is. A
 * key and its certificate are one item of class identity. @ret_items may be NULL.
 *
 * Expected: KC_ERR_DECODE         damaged, or no such file
 *           KC_ERR_AUTH_FAILED    the passphrase is wrong, or missing
 *           KC_ERR_UNIMPLEMENTED  a form that is not read; the hint says how to make another of it
 *           KC_ERR_PARAM          another format than it should be; it took too long to decrypt
 *           and as kc_item_add(), but no duplicates
 * Ownership: *ret_items is the caller's; free with kc_value_free(). Untouched on failure.
 * Since: 1.0
 */
KC_PUBLIC KC_MUST_CHECK enum kc_status kc_item_import(struct kc_view data,
						      const struct kc_import *import,
						      struct kc_value **ret_items);

/* What a file becomes. Start from KC_EXPORT_INIT, then set what differs. All of it is borrowed. */
struct kc_export {
	size_t size;		   /* of this struct, as the caller was compiled */
	const char *format;	   /* KC_FORMAT_…; NULL: KC_FORMAT_PKCS12 */
	struct kc_view passphrase; /* data NULL: none; private keys are not encrypted then, but
				    * KC_FORMAT_PKCS12 needs one, for which a person is asked. An
				    * empty one has data. Travels in sealed memory */
	const struct kc_options *options; /* who may be asked, and how long; NULL: the defaults */
};

#define KC_EXPORT_INIT                                                                             \
	{                                                                                          \
		sizeof(struct kc_export), NULL, {NULL, 0}, NULL                                    \
	}

/*
 * The items with these @n persistent @references, identities, keys and certificates, as one file;
 * KC_FORMAT_PKCS12 has the certificates of their chains as well, as far as they are in the
 * keychain. What the items' access control wants is proved first. @how may be NULL.
 *
 * Expected: KC_ERR_UNIMPLEMENTED  a private key that is not extractable or is on a token; the
 *                                 message says which
 *           KC_ERR_PARAM          such a file cannot hold that
 *           KC_ERR_ITEM_NOT_FOUND, KC_ERR_INTERACTION_NOT_ALLOWED, KC_ERR_AUTH_FAILED,
 *           KC_ERR_USER_CANCELED  as of kc_item_copy_matching()
 * Ownership: *ret_data is the caller's; free with kc_bytes_free(), which wipes it. Untouched on
 * failure.
 * Since: 1.0
 */
KC_PUBLIC KC_MUST_CHECK enum kc_status kc_item_export(const struct kc_view *references, size_t n,
						      const struct kc_export *how,
						      struct kc_bytes *ret_data);

/* --- keycask: URIs --------------------------------------------------------------------------- */

/*
 * A name for an item that can be written into a configuration file:
 *   keycask:token=TOKEN-ID;class=identity;hash=PUBLIC-KEY-HASH-IN-HEX;label=LABEL
 * Each part may be left out, their order is free, and bytes other than letters, digits and
 * "-._~:@" are percent-encoded. Unknown parts are an error, so that a typing mistake never
 * names more than was meant.
 */

/*
 * The query that @uri stands for; add what should be returned.
 * Expected: KC_ERR_PARAM  not such a URI, with the reason
 * Ownership: *ret_query is the caller's; free with kc_dictionary_free().   Since: 1.0
 */
KC_PUBLIC KC_MUST_CHECK enum kc_status kc_item_query_from_uri(const char *uri,
							      struct kc_dictionary **ret_query);

/*
 * The URI of the item with these @attributes (as kc_item_copy_matching() returns them).
 * Expected: KC_ERR_PARAM  there is nothing in them that would name it
 * Ownership: *ret_uri is the caller's; release with free().   Since: 1.0
 */
KC_PUBLIC KC_MUST_CHECK enum kc_status kc_item_uri(const struct kc_dictionary *attributes,
						   char **ret_uri);

#ifdef __cplusplus
}
#endif

#endif
