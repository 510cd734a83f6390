/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SYS_DEVICE_KEY_H
#define SYS_DEVICE_KEY_H

/*
 * The device key: 32 random bytes in a file of mode 0600, made on first use. It protects files
 * that were copied away without it, and nothing more (design/decisions.md 22).
 */

#include "base/secret.h"

/*
 * Load the key in the file @path, or make it.
 * Expected: KC_ERR_NOT_AVAILABLE  the file is not ours alone, or not a device key
 */
KC_MUST_CHECK enum kc_status device_key_load(const char *path, struct secret *ret_key);

/*
 * Load the key in the file @path, and never make one: something is sealed under the one that was
 * there. Expected: KC_ERR_ITEM_NOT_FOUND, KC_ERR_NOT_AVAILABLE
 */
KC_MUST_CHECK enum kc_status device_key_find(const char *path, struct secret *ret_key);

#endif
