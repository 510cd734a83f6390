/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef PKCS11_P11_HARVEST_H
#define PKCS11_P11_HARVEST_H

/* The items of a token, or of the keychain, as objects in the catalogue. */

#include "frontends/pkcs11/p11_load.h"

/*
 * Ask for all items of @classes and of @token_id (NULL: those of the keychain), and put what they
 * are into the catalogue. Asks for certificates, too, when there are keys that were never seen.
 * What is locked is not there. Not within p11_module_enter(). Expected: CKR_DEVICE_ERROR  the
 * daemon is away
 */
CK_RV p11_harvest(CK_SLOT_ID slot, const char *token_id, enum p11_load_classes classes);

#endif
