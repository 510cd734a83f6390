/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SSH_AGENT_SSH_PRIVATE_H
#define SSH_AGENT_SSH_PRIVATE_H

/* Private keys as ssh-add sends them (RFC 9987, "Adding keys to the agent"), and as keycask imports
 * them. */

#include "base/secret.h"
#include "frontends/ssh_agent/ssh_blob.h"

struct ssh_private {
	const struct ssh_kind *kind;
	struct bytes blob;   /* of the public key, or the certificate that came with it */
	struct secret value; /* the external representation */
};

void ssh_private_done(struct ssh_private *key);

/* Read what begins with the name of the key's kind and ends before its comment, and move past it.
 * Expected: KC_ERR_DECODE, KC_ERR_UNIMPLEMENTED */
KC_MUST_CHECK enum kc_status ssh_private_read(struct kc_view *input, struct ssh_private *ret_key);

#endif
