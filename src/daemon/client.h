/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef DAEMON_CLIENT_H
#define DAEMON_CLIENT_H

/*
 * A client: one connection, who is behind it, and its authentication to tokens. The connection is
 * the client context: what it proved to a token serves no other connection, not even one of the
 * same program.
 */

#include "base/cleanup.h"
#include "base/list.h"
#include "daemon/groups.h"
#include "sys/peer.h"
#include "tokens/card_session.h"
#include "tokens/pin_session.h"

struct client;

/* Who connected on @fd? Both others are borrowed.
 * Expected: KC_ERR_MISSING_ENTITLEMENT  another user */
KC_MUST_CHECK enum kc_status client_new(struct registry *registry, struct entitlement_set *set,
					int fd, struct client **ret_client);
/* Ends its token sessions. */
struct client *client_free(struct client *client);
DEFINE_FREEP(client)

const struct peer *client_peer(const struct client *client);

/* For each call: is it still who connected, and with which access groups now?
 * Expected: KC_ERR_MISSING_ENTITLEMENT  not any more; KC_ERR_NOT_AVAILABLE  it is denied */
KC_MUST_CHECK enum kc_status client_check(struct client *client);
/* As of the last client_check(). */
const struct groups *client_groups(const struct client *client);

/* Is the client in the same login session as this daemon? */
bool client_is_in_our_login(const struct client *client);

/*
 * This client's raw session with the card in that slot, made when it is first needed, anew when the
 * one before is over. Borrowed. As card_session_new(), or KC_ERR_NOT_AVAILABLE  too many
 */
KC_MUST_CHECK enum kc_status client_card_session(struct client *client, const char *slot,
						 int64_t insertion,
						 struct card_session **ret_session);
/* NULL when there is none. */
struct card_session *client_find_card_session(const struct client *client, int64_t number);
struct card_session *client_find_slot_session(const struct client *client, const char *slot);
/* Nobody waits for beginnings and responses any more. */
void client_forget_card_waiters(struct client *client);

/* This client's authentication contexts: context.h. */
struct list *client_contexts(struct client *client);

/* Its keys that are not permanent: session_keys.h. */
struct list *client_session_keys(struct client *client);

/* This client's session with the token, made when it is first needed. Borrowed. */
KC_MUST_CHECK enum kc_status client_session(struct client *client, const char *token_id,
					    struct pin_session **ret_session);

/* What the client has proved to the token, if anything, is forgotten. */
void client_forget_pin(struct client *client, const char *token_id);

#endif
