/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SSH_AGENT_SSH_LIMITS_H
#define SSH_AGENT_SSH_LIMITS_H

/* Under which conditions a key serves, wherever it is: what ssh-add said of one that it brought
 * (RFC 9987, "Key constraints"), what the settings say of one of a token or of the keychain. */

#include "frontends/ssh_agent/ssh_destination.h"

struct ssh_limits {
	bool confirm;	  /* somebody has to agree to each use */
	int64_t until_us; /* of the settings: since 1970; 0: for ever */
	int64_t ends_us;  /* of ssh-add -t: CLOCK_BOOTTIME; 0: for ever */
	struct ssh_destinations destinations;
};

#define SSH_LIMITS_INIT ((struct ssh_limits){.destinations = SSH_DESTINATIONS_INIT})

void ssh_limits_done(struct ssh_limits *limits);

/* The constraints that end a message of ssh-add.
 * Expected: KC_ERR_DECODE; KC_ERR_UNIMPLEMENTED  one that is unknown, so that the key must not be
 *                                                taken at all */
KC_MUST_CHECK enum kc_status ssh_limits_read(struct kc_view input, struct ssh_limits *limits);

bool ssh_limits_are_over(const struct ssh_limits *limits);

#endif
