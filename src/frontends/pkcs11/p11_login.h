/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef PKCS11_P11_LOGIN_H
#define PKCS11_P11_LOGIN_H

/* Who is logged in where: C_Login, C_Logout, C_SetPIN. */

#include "frontends/pkcs11/p11_standard.h"

/*
 * 3.0, 5.6.2: with an application's last session with a token its login ends too. To be called when
 * a session of @slot was closed, not within p11_module_enter().
 */
void p11_login_end_if_unused(CK_SLOT_ID slot);

#endif
