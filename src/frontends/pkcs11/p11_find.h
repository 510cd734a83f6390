/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef PKCS11_P11_FIND_H
#define PKCS11_P11_FIND_H

/* A search that C_FindObjectsInit began and C_FindObjectsFinal has not ended. */

#include "base/cleanup.h"

struct p11_find;

/* NULL is fine. Always returns NULL. Within p11_module_enter() or not. */
struct p11_find *p11_find_free(struct p11_find *find);
DEFINE_FREEP(p11_find)

#endif
