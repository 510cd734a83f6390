/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SSH_AGENT_SSH_LOGIN_H
#define SSH_AGENT_SSH_LOGIN_H

/* What is to be signed: the login of a user (RFC 4252 section 7, with OpenSSH's hostbound variant),
 * a document of ssh-keygen -Y (OpenSSH's PROTOCOL.sshsig), an SSH certificate of somebody else's
 * key (ssh-keygen -s, PROTOCOL.certkeys), or anything else. */

#include <stdbool.h>

#include "base/bytes.h"

struct ssh_login {
	struct kc_view session_id;
	struct kc_view user;
	bool has_host_key;
	struct kc_view host_key;
};

/* Expected: KC_ERR_DECODE  @data is no login, or not by the key @key */
KC_MUST_CHECK enum kc_status ssh_login_read(struct kc_view data, struct kc_view key,
					    struct ssh_login *ret_login);

/* Is it ssh-keygen's? @ret_namespace: "git", "file" … */
bool ssh_login_is_document(struct kc_view data, struct kc_view *ret_namespace);

/* Is it one of the above, by the key @key? Then no other protocol takes the signature for its own.
 */
bool ssh_login_is_of_ssh(struct kc_view data, struct kc_view key);

#endif
