/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SSH_AGENT_SSH_MODULO_H
#define SSH_AGENT_SSH_MODULO_H

/* What SSH leaves out of RSA keys: remainders of secret numbers, in a time that tells nothing of
 * them but their lengths. */

#include "base/bytes.h"

enum {
	SSH_MODULO_MAX = 1024, /* bytes of the divisor */
};

/*
 * @number mod (@prime - 1), as many bytes as @prime has, into @remainder. @prime is odd and its
 * first byte is not zero. Expected: KC_ERR_DECODE  it is not, or too long
 */
KC_MUST_CHECK enum kc_status ssh_modulo_prime_minus_1(struct kc_view number, struct kc_view prime,
						      uint8_t *remainder);

#endif
