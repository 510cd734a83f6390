/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KEYS_OPENED_KEY_IMPL_H
#define KEYS_OPENED_KEY_IMPL_H

#include <openssl/evp.h>

#include "keys/opened_key.h"

struct opened_key {
	EVP_PKEY *pkey;
};

#endif
