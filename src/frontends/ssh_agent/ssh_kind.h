/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SSH_AGENT_SSH_KIND_H
#define SSH_AGENT_SSH_KIND_H

/* The kinds of keys that the agent serves, and what they are called in SSH and here. */

#include <stdbool.h>
#include <stdint.h>

#include <keycask/bytes.h>

enum {
	SSH_KIND_RSA_MIN_BITS = 2048, /* what OpenSSH's servers take by policy, and NIST */
	SSH_KIND_RSA_MAX_BITS = 16384,
};

struct ssh_kind {
	const char *name;	      /* "ssh-ed25519" */
	const char *certificate_name; /* "ssh-ed25519-cert-v01@openssh.com" */
	const char *key_type;	      /* KC_KEY_TYPE_NAME_… */
	const char *curve;	      /* "nistp256"; NULL: none */
	unsigned size_in_bits;	      /* 0: any */
};

/* By what SSH calls a key or its certificate. NULL: none of these. */
const struct ssh_kind *ssh_kind_find(struct kc_view name, bool *ret_is_certificate);
/* NULL: SSH has no such keys. */
const struct ssh_kind *ssh_kind_of(const char *key_type, int64_t size_in_bits);

bool ssh_kind_is_rsa(const struct ssh_kind *kind);

#endif
