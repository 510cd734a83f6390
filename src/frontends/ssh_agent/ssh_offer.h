/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SSH_AGENT_SSH_OFFER_H
#define SSH_AGENT_SSH_OFFER_H

/* A key that the agent offers, or a certificate together with its key. */

#include "base/cleanup.h"
#include "base/list.h"
#include "frontends/ssh_agent/ssh_blob.h"
#include "frontends/ssh_agent/ssh_key.h"
#include "frontends/ssh_agent/ssh_limits.h"

struct ssh_offer {
	struct list link; /* of an inventory, or of what ssh-add brought */
	struct bytes blob;
	const struct ssh_kind *kind;
	char fingerprint[SSH_BLOB_FINGERPRINT_MAX]; /* of the key, also of a certificate */
	char *comment;
	struct ssh_key *key;
	bool is_certificate;
	bool is_added;		  /* by ssh-add: limits are its own */
	struct ssh_limits limits; /* else what the settings say counts */
	int64_t rank;		  /* lower is offered earlier */
};

/* @blob is copied, the key held. */
KC_MUST_CHECK enum kc_status ssh_offer_new(struct kc_view blob, const char *comment,
					   struct ssh_key *key, struct ssh_offer **ret_offer);
struct ssh_offer *ssh_offer_free(struct ssh_offer *offer);
DEFINE_FREEP(ssh_offer)

/* The first one in @offers with that blob; NULL: none. */
struct ssh_offer *ssh_offer_find(struct list *offers, struct kc_view blob);
void ssh_offer_free_all(struct list *offers);

/* Put it behind those that are not worse. */
void ssh_offer_insert(struct list *offers, struct ssh_offer *offer);

#endif
