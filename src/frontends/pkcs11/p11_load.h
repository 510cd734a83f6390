/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef PKCS11_P11_LOAD_H
#define PKCS11_P11_LOAD_H

/*
 * Objects from the daemon. Those of a token are asked for once after each of its insertions; those
 * of the keychain, which tells nobody of its changes, at each search. Not within
 * p11_module_enter().
 */

#include "frontends/pkcs11/p11_standard.h"

enum p11_load_classes {
	P11_LOAD_CERTIFICATES = 1,
	P11_LOAD_KEYS = 2,
	P11_LOAD_ALL = 3,
};

/*
 * Have the objects of @slot in the catalogue, those of @classes as they are now.
 * Expected: CKR_DEVICE_REMOVED  its token is away; CKR_DEVICE_ERROR  the daemon is
 */
CK_RV p11_load_objects(CK_SLOT_ID slot, enum p11_load_classes classes);

/* For whoever knows a handle: look again if the token of @slot has come anew since it was looked
 * at. What cannot be asked stays as it is. */
CK_RV p11_load_renew(CK_SLOT_ID slot);

/* The next p11_load_objects() asks: something was written to the token of @slot. */
void p11_load_expire(CK_SLOT_ID slot);

#endif
