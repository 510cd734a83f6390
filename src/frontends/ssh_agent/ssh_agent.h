/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SSH_AGENT_SSH_AGENT_H
#define SSH_AGENT_SSH_AGENT_H

/* The agent: what it offers, to whom, and what it remembers. One of them in a process. */

#include <sys/types.h>

#include "frontends/ssh_agent/ssh_lock.h"
#include "frontends/ssh_agent/ssh_offer.h"
#include "frontends/ssh_agent/ssh_papers.h"
#include "frontends/ssh_agent/ssh_session.h"
#include "frontends/ssh_agent/ssh_settings.h"

enum {
	SSH_AGENT_ADDED_MAX =
		48, /* the daemon keeps 64 for a connection, those that end included */
	SSH_AGENT_HOSTS_MAX = 128, /* of which the agent remembers what key they took */
	SSH_AGENT_HASH_BYTES = 32,
};

struct ssh_agent_places {
	const char *settings; /* ssh-agent.json */
	const char *papers;   /* the folder of certificates */
	const char *known_hosts;
};

/* The key that last signed a login to a host. */
struct ssh_habit {
	uint8_t host[SSH_AGENT_HASH_BYTES];
	char fingerprint[SSH_BLOB_FINGERPRINT_MAX];
};

struct ssh_agent {
	struct list offers; /* of tokens and of the keychain, as of the last look */
	struct list added;  /* by ssh-add */
	struct ssh_lock lock;
	struct ssh_settings *settings;
	struct ssh_papers *papers;
	const char *known_hosts;
	sd_event *event; /* borrowed; NULL: nothing is added */
	struct ssh_habit habits[SSH_AGENT_HOSTS_MAX];
	size_t n_habits;
};

KC_MUST_CHECK enum kc_status ssh_agent_init(struct ssh_agent *agent,
					    const struct ssh_agent_places *places);
void ssh_agent_done(struct ssh_agent *agent);

/* Look again at everything, when @asks_daemon at what it has too. Expected: whatever the daemon
 * fails with; what ssh-add brought is there all the same. */
KC_MUST_CHECK enum kc_status ssh_agent_refresh(struct ssh_agent *agent, bool asks_daemon);

/* End what ssh-add brought for a time that is over. Returns when the next one is, in microseconds
 * of CLOCK_BOOTTIME; 0: none is. */
int64_t ssh_agent_expire(struct ssh_agent *agent);

/* Drops everything that ssh-add brought; the keys themselves end with the connection to the daemon,
 * which the caller closes next. */
void ssh_agent_clear(struct ssh_agent *agent);

const struct ssh_limits *ssh_agent_limits(const struct ssh_agent *agent,
					  const struct ssh_offer *offer);

/* Would it be shown to whoever came that way? */
bool ssh_agent_shows(const struct ssh_agent *agent, const struct ssh_offer *offer,
		     const struct ssh_way *way);

/* NULL: nobody offers it, or not to whoever came that way. */
struct ssh_offer *ssh_agent_find(struct ssh_agent *agent, struct kc_view blob,
				 const struct ssh_way *way);

/* Append the answer to a request for identities. */
KC_MUST_CHECK enum kc_status ssh_agent_list(struct ssh_agent *agent, const struct ssh_way *way,
					    struct bytes *bytes);

/* That key was used at the host that the connection is bound to: it is offered first there. */
void ssh_agent_note(struct ssh_agent *agent, const struct ssh_way *way, const char *fingerprint);

#endif
