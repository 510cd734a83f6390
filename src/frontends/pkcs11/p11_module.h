/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef PKCS11_P11_MODULE_H
#define PKCS11_P11_MODULE_H

/*
 * The module's own state: initialised or not, by which process, and the one lock. Nothing exists
 * before C_Initialize, and after C_Finalize nothing but handlers of fork() that find nothing to do:
 * no constructor, no atexit, no thread, no signal.
 *
 * The lock guards the tables (slots, sessions, objects) and is held for moments only, never while
 * the daemon is asked: every entry point is
 *	enter - find and hold what is needed - leave - ask the daemon - enter - note - leave
 * and what is held by a count cannot vanish in between.
 *
 * A child of fork() finds the state of its parent, as CKF_INTERFACE_FORK_SAFE promises: sessions
 * and handles stay good, since handles are names. What its parent has proved (a login) it has not.
 * The parts with tables have a function x_inherit() for that: the threads that held something are
 * not in this process, and what they had in hand is not to be touched.
 */

#include "frontends/pkcs11/p11_standard.h"

/* Expected: CKR_CRYPTOKI_NOT_INITIALIZED. On CKR_OK the lock is held: p11_module_leave(). */
CK_RV p11_module_enter(void);
void p11_module_leave(void);

/* As p11_module_enter(), also when C_Finalize has been here meanwhile: to give back what is held.
 */
void p11_module_hold(void);

/* Held: leave, wait until somebody calls p11_module_notify(), hold again. The state may have been
 * finalised meanwhile: p11_module_generation() tells. */
void p11_module_wait(void);
void p11_module_notify(void);

/* Held. Another number after each C_Finalize. */
unsigned p11_module_generation(void);

#endif
