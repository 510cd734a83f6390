/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CLI_SIGNER_H
#define CLI_SIGNER_H

/* The key that --key names, and the algorithm to use with it when none is named. */

#include <keycask/key.h>

#include "frontends/cli/resolve.h"

struct signer {
	struct kc_key *key;
	const char *algorithm; /* borrowed or static */
	bool needs_touch;      /* somebody must touch the token while it works */
};

/* Release what signer_find() gave. */
void signer_done(struct signer *signer);

/*
 * @name NULL: the only key there is. @algorithm NULL: the usual one for the type of the key.
 * Expected: as resolve_item(); KC_ERR_PARAM  no usual algorithm for this type
 */
KC_MUST_CHECK enum kc_status signer_find(struct context *context, const char *name,
					 const char *algorithm, enum resolve_kind kind,
					 struct signer *ret_signer);

/* Tell whoever sits before the token, when it is about to wait for a touch. */
void signer_announce(const struct signer *signer);

#endif
