/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KEYCASK_ITEM_H
#define KEYCASK_ITEM_H

/*
 * Looking things up in the keychain. A token's certificates, keys and identities are in it while
 * the token is there. Looking up never touches a card and never asks a person.
 *
 * Unstable until 1.0. Threads: any; all calls share one connection of the process and are
 * serialised. After fork() the child gets a connection of its own.
 */

#include <keycask/dictionary.h>

#ifdef __cplusplus
extern "C" {
#endif

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
 *           KC_ERR_NO_SUCH_ATTR    the class has no such attribute
 *           KC_ERR_PARAM           the query is wrong, or NULL
 * Ownership: *ret_result is the caller's; free with kc_value_free(). Untouched on failure.
 * Since: 1.0
 */
KC_PUBLIC KC_MUST_CHECK enum kc_status kc_item_copy_matching(const struct kc_dictionary *query,
							     struct kc_value **ret_result);

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
