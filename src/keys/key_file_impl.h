/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KEYS_KEY_FILE_IMPL_H
#define KEYS_KEY_FILE_IMPL_H

/* What key_file.c and key_file_pkcs12.c have in common. */

#include <openssl/pkcs12.h>

#include "keys/key_file.h"

/* The caller's to free. */
KC_MUST_CHECK enum kc_status key_file_make_info(const struct key_file_entry *entry,
						PKCS8_PRIV_KEY_INFO **ret_info);
void key_file_info_done(PKCS8_PRIV_KEY_INFO **info);

/* Append @der, which OpenSSL has made and which is freed here; @len below 0: it has not. */
KC_MUST_CHECK enum kc_status key_file_take_der(unsigned char *der, int len, struct bytes *bytes);

KC_MUST_CHECK enum kc_status key_file_pkcs12_write(const struct key_file *file,
						   struct bytes *bytes);

#endif
