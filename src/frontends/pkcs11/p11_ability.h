/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef PKCS11_P11_ABILITY_H
#define PKCS11_P11_ABILITY_H

/*
 * What the token in a slot performs. Programs choose by the list of mechanisms: who sees PSS there
 * offers TLS 1.3, and fails when an OpenPGP card then has none. So a mechanism is left out when the
 * token has keys of its type and none of them can do it.
 */

#include "frontends/pkcs11/p11_mechanism.h"

struct p11_ability {
	bool is_hardware;
	unsigned lacking; /* a bit for each thing that keys could do and these cannot */
};

/* Asks the daemon once, one question, each time an insertion is told, which is also how other items
 * of a token are. Expected: CKR_SLOT_ID_INVALID, CKR_TOKEN_NOT_PRESENT */
CK_RV p11_ability_find(CK_SLOT_ID slot, struct p11_ability *ret_ability);

/* Those of @mechanism's flags that are left; 0: it is not in the list. */
CK_FLAGS p11_ability_flags(const struct p11_ability *ability,
			   const struct p11_mechanism *mechanism);

#endif
