/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef GIT_GIT_NAME_H
#define GIT_GIT_NAME_H

/* The name of a signer, as git has it from user.signingkey or of the committer. */

#include <stdbool.h>

#include <openssl/x509.h>

#include <keycask/dictionary.h>

#include "base/try.h"

enum {
	GIT_NAME_ADDRESS_MAX = 256,
};

struct git_name {
	const char *name;		    /* borrowed; NULL: any */
	char address[GIT_NAME_ADDRESS_MAX]; /* of mail, if it has one; else "" */
	struct kc_bytes reference;	    /* if it is one */
	struct kc_dictionary *parts;	    /* of a URI; NULL: it is none */
};

/* Expected: KC_ERR_PARAM  a keycask: URI that is none */
KC_MUST_CHECK enum kc_status git_name_read(const char *name, struct git_name *ret_name);
void git_name_done(struct git_name *name);

/* Is that identity meant? @entry is of either array of kc_identity_choose_all(). */
bool git_name_fits(const struct kc_dictionary *entry, X509 *certificate,
		   const struct git_name *name);

#endif
