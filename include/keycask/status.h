/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KEYCASK_STATUS_H
#define KEYCASK_STATUS_H

/*
 * One vocabulary of results, the same number in a card driver, on the wire and in an application.
 * Where Apple's Keychain Services has a number for the same situation it is that number; the nine
 * codes of CryptoTokenKit stand at -70000 plus the code. Stable since 1.0; there will be more of
 * them, so expect numbers that you do not know.
 */

#include <keycask/bytes.h>

#ifdef __cplusplus
extern "C" {
#endif

enum kc_status {
	KC_OK = 0,
	KC_ERR_UNIMPLEMENTED = -4,	/* not offered here: choose another way */
	KC_ERR_PARAM = -50,		/* the call is wrong: fix the caller */
	KC_ERR_ALLOCATE = -108,		/* out of memory */
	KC_ERR_USER_CANCELED = -128,	/* the person said no: do not ask again by yourself */
	KC_ERR_NOT_AVAILABLE = -25291,	/* daemon or store cannot be reached: try later */
	KC_ERR_READ_ONLY = -25292,	/* the store cannot be written */
	KC_ERR_AUTH_FAILED = -25293,	/* wrong PIN or password: tries left in the record */
	KC_ERR_DUPLICATE_ITEM = -25299, /* such an item is there: update it instead */
	KC_ERR_ITEM_NOT_FOUND = -25300, /* no match, or its token is away: insert it, repeat */
	KC_ERR_NO_SUCH_ATTR = -25303,	/* the class has no such attribute */
	KC_ERR_NO_SUCH_CLASS = -25306,	/* no such item class */
	KC_ERR_INTERACTION_NOT_ALLOWED = -25308, /* a PIN is needed and may not be asked for */
	KC_ERR_KEY_SIZE_NOT_ALLOWED = -25311,	 /* choose another key size */
	KC_ERR_DECODE = -26275,			 /* the bytes are damaged */
	KC_ERR_INTERNAL = -26276,		 /* a part of keycask failed: see message and log */
	KC_ERR_MISSING_ENTITLEMENT = -34018,	 /* the caller has no right to this */
	KC_ERR_VERIFY_FAILED = -67808,		 /* the signature does not match */

	/* What drivers answer; above tokens/ they are mapped to the ones before. */
	KC_ERR_NOT_IMPLEMENTED = -70001,       /* the token cannot do this */
	KC_ERR_COMMUNICATION = -70002,	       /* the card does not answer as it should */
	KC_ERR_CORRUPTED_DATA = -70003,	       /* the card's data makes no sense */
	KC_ERR_CANCELED_BY_USER = -70004,      /* cancelled on the token itself */
	KC_ERR_AUTHENTICATION_FAILED = -70005, /* wrong PIN */
	KC_ERR_OBJECT_NOT_FOUND = -70006,      /* no such object on the token */
	KC_ERR_TOKEN_NOT_FOUND = -70007,       /* the card is gone */
	KC_ERR_BAD_PARAMETER = -70008,	       /* the token refuses these parameters */
	KC_ERR_AUTHENTICATION_NEEDED = -70009, /* authenticate, then repeat the operation */

	KC_ERR_PIN_BLOCKED = -70020, /* no tries left: unblock the PIN with its PUK */
};

/*
 * The name of @status in lower case, as on the wire and in the CLI ("item_not_found"); "success"
 * for KC_OK and "unknown" for a number that is none of ours. Static; any thread. Since: 1.0
 */
KC_PUBLIC const char *kc_status_name(enum kc_status status);

#ifdef __cplusplus
}
#endif

#endif
