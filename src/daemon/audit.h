/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef DAEMON_AUDIT_H
#define DAEMON_AUDIT_H

/*
 * The audit log: one line of JSON for every use of a private key: when, who, which key, what for,
 * how it ended; for every call that reads the content of passwords or keys, adds, changes or
 * deletes items, or is refused them; for every session with a card without a driver, where nobody
 * knows what is done; and when the keychain is locked, unlocked, given another password, backed up
 * or restored. Never content, and of software items no attribute but class and persistent
 * reference. audit.log in the state folder, mode 0600, only appended to; when it has grown, it
 * becomes audit.log.1.
 */

#include <stdint.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "daemon/groups.h"
#include "sys/peer.h"

enum {
	AUDIT_BYTES_MAX = 4 * 1024 * 1024, /* then a new file is begun */
};

struct audit;

KC_MUST_CHECK enum kc_status audit_open(struct audit **ret_audit);
struct audit *audit_free(struct audit *audit);
DEFINE_FREEP(audit)

struct audit_entry {
	uint64_t request;
	const struct peer *peer;     /* NULL: nobody asked, the screen was locked */
	const struct groups *groups; /* the peer's; NULL: they do not matter */
	const char *operation;	     /* "sign", "decrypt", "exchange", "unlock" … */
	const char *algorithm;
	const char *slot; /* of a raw card session, which knows nothing of what follows */
	const char *token_id;
	const char *key_label;
	struct kc_view key_hash; /* public-key hash */
	const char *item_class;	 /* of what is read, added … */
	const char *persistent_ref;
	int64_t n_items; /* how many were read; 0: it is not about that */
	enum kc_status result;
};

/* A line that cannot be written is an error in the daemon's own log. */
void audit_write(struct audit *audit, const struct audit_entry *entry);

#endif
