/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SSH_AGENT_SSH_KNOWN_HOSTS_H
#define SSH_AGENT_SSH_KNOWN_HOSTS_H

/* Names of host keys, and keys of named hosts, from OpenSSH's known_hosts files (sshd(8)). */

#include "base/bytes.h"
#include "frontends/ssh_agent/ssh_destination.h"

enum {
	SSH_KNOWN_HOSTS_NAME_MAX = 256,
	SSH_KNOWN_HOSTS_KEYS_MAX = 32, /* of one host */
};

/*
 * What @path calls the host with that key: the first plain name in it. False: nothing, or only
 * hashes of names, which nobody can turn around.
 */
bool ssh_known_hosts_name(const char *path, struct kc_view host_key,
			  char ret_name[SSH_KNOWN_HOSTS_NAME_MAX]);

/* The keys of a host. */
struct ssh_known_keys {
	struct kc_view keys[SSH_KNOWN_HOSTS_KEYS_MAX];
	bool are_authorities[SSH_KNOWN_HOSTS_KEYS_MAX];
	size_t n_keys;
	struct bytes content;
};

void ssh_known_hosts_done(struct ssh_known_keys *keys);

/* Append what @path knows of @host; names that are hashed are found too. */
KC_MUST_CHECK enum kc_status ssh_known_hosts_find(const char *path, const char *host,
						  struct ssh_known_keys *keys);

#endif
