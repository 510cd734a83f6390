/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SSH_AGENT_SSH_PAPERS_H
#define SSH_AGENT_SSH_PAPERS_H

/*
 * OpenSSH's user certificates for keys that are on tokens and in the keychain: the files NAME.pub
 * of the folder "ssh" among keycask's settings, as ssh-keygen -s writes them. They are public, and
 * say nothing until their key is there.
 */

#include "base/bytes.h"
#include "base/cleanup.h"

struct ssh_papers;

KC_MUST_CHECK enum kc_status ssh_papers_new(const char *folder, struct ssh_papers **ret_papers);
struct ssh_papers *ssh_papers_free(struct ssh_papers *papers);
DEFINE_FREEP(ssh_papers)

/* Look whether the folder has changed. What cannot be read is logged and left out. */
void ssh_papers_refresh(struct ssh_papers *papers);

/*
 * The next certificate, from *@i on, of the key with that plain blob, which is valid now; moves *@i
 * behind it. False: there is no other.
 */
bool ssh_papers_next(const struct ssh_papers *papers, struct kc_view plain, size_t *i,
		     struct kc_view *ret_certificate);

#endif
