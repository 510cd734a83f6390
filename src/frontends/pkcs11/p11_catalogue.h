/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef PKCS11_P11_CATALOGUE_H
#define PKCS11_P11_CATALOGUE_H

/*
 * Which object has which handle. An item gets its handle when it is first seen and keeps it while
 * the program lives, whether it is there or not; a session object's handle is used once. All
 * functions within p11_module_enter(), and what they return is borrowed until p11_module_leave().
 */

#include "frontends/pkcs11/p11_object.h"

/*
 * @object, which is taken (NULL afterwards) also on failure, is the one of its slot, class and
 * reference from now on; what was there before is given back. Sets its handle.
 * Expected: CKR_HOST_MEMORY
 */
CK_RV p11_catalogue_put(struct p11_object **object);

/* The same for a session object that has a handle. Expected: CKR_OBJECT_HANDLE_INVALID  it has gone
 */
CK_RV p11_catalogue_replace(CK_OBJECT_HANDLE handle, struct p11_object **object);

/* NULL: nothing that is there now. */
struct p11_object *p11_catalogue_get(CK_OBJECT_HANDLE handle);
/* Is it the handle of an item of @slot that was there, is not, and may come back? */
bool p11_catalogue_has_left(CK_SLOT_ID slot, CK_OBJECT_HANDLE handle);
struct p11_object *p11_catalogue_find(CK_SLOT_ID slot, CK_OBJECT_CLASS object_class,
				      struct kc_view reference);

/* The first of @slot whose handle is greater than @after; NULL: no more. */
struct p11_object *p11_catalogue_next(CK_SLOT_ID slot, CK_OBJECT_HANDLE after);

/* It is gone; its handle waits for its return. */
void p11_catalogue_remove(CK_OBJECT_HANDLE handle);

/* How often something was put: what was put at or after that count is not older than it. */
unsigned long p11_catalogue_clock(void);

/* Remove the token objects of @slot and @object_class that were last put before @clock. */
void p11_catalogue_sweep(CK_SLOT_ID slot, CK_OBJECT_CLASS object_class, unsigned long clock);

/* At C_Finalize: everything goes, and no handle is given again. */
void p11_catalogue_end(void);

/* After fork() while the catalogue was being changed: as p11_catalogue_end(), touching nothing. */
void p11_catalogue_abandon(void);

#endif
