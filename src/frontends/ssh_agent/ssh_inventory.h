/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SSH_AGENT_SSH_INVENTORY_H
#define SSH_AGENT_SSH_INVENTORY_H

/*
 * What keycask has for SSH now: keys of tokens that are present and of the keychain, and
 * certificates of theirs. It is asked each time somebody wants to know, so a card that has come or
 * gone is seen without anybody waiting for it.
 */

#include "base/list.h"
#include "frontends/ssh_agent/ssh_papers.h"

/* @offers are those of the time before, and become those of now, best first. @papers may be NULL.
 * When it fails, none are left. */
KC_MUST_CHECK enum kc_status ssh_inventory_refresh(struct list *offers,
						   const struct ssh_papers *papers);

#endif
