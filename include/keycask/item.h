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
