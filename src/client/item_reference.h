/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CLIENT_ITEM_REFERENCE_H
#define CLIENT_ITEM_REFERENCE_H

/* Which item a result of kc_item_copy_matching() is. */

#include <keycask/dictionary.h>

/* Borrowed from @item: itself, when it is data, or what a dictionary has under
 * KC_VALUE_PERSISTENT_REF or KC_VALUE_REF. Empty when there is none. */
struct kc_view item_reference_of(const struct kc_value *item);

#endif
