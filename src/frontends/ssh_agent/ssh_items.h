/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SSH_AGENT_SSH_ITEMS_H
#define SSH_AGENT_SSH_ITEMS_H

/* All items of a class that can be seen without asking anybody. */

#include <keycask/dictionary.h>

enum {
	SSH_ITEMS_TOKENS_MAX = 16,
};

struct ssh_items {
	struct kc_value *arrays[SSH_ITEMS_TOKENS_MAX];
	size_t n_arrays;
};

/* Of keys, the private ones. While the keychain is locked, those of tokens.
 * Expected: whatever the daemon fails with */
KC_MUST_CHECK enum kc_status ssh_items_find(const char *item_class, struct ssh_items *ret_items);
void ssh_items_done(struct ssh_items *items);

/* The @i-th, with its attributes and persistent reference; NULL beyond the end. */
const struct kc_dictionary *ssh_items_at(const struct ssh_items *items, size_t i);

#endif
