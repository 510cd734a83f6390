/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CLI_PKCS11_URI_H
#define CLI_PKCS11_URI_H

#include <keycask/dictionary.h>

#include "base/try.h"

/*
 * "pkcs11:token=TOKEN;id=ID" (RFC 7512), by which programs with keycask's PKCS#11 module find an
 * identity's certificate and keys, or one of these. Release with free().
 */
KC_MUST_CHECK enum kc_status pkcs11_uri_of_item(const struct kc_dictionary *item, char **ret_uri);

#endif
