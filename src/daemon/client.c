/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Clients: kernel-told identity and token sessions. */
#include "daemon/client.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/try.h"
#include "daemon/context.h"
#include "daemon/session_keys.h"

enum {
	SESSIONS_MAX = 16,     /* tokens one connection may authenticate to */
	CARD_SESSIONS_MAX = 8, /* slots whose cards it may talk to */
};

struct client {
	struct registry *registry;
	struct entitlement_set *set;
	struct peer peer;
	struct groups groups;
	struct pin_session *sessions[SESSIONS_MAX];
	size_t n_sessions;
	struct card_session *card_sessions[CARD_SESSIONS_MAX];
	struct list contexts;
	struct list session_keys;
};

enum kc_status client_new(struct registry *registry, struct entitlement_set *set, int fd,
			  struct client **ret_client)
{
	CLEANUP(client_freep) struct client *client = calloc(1, sizeof(*client));

	REQUIRE(client, KC_ERR_ALLOCATE, "out of memory");
	client->registry = registry;
	list_init(&client->contexts);
	list_init(&client->session_keys);
	client->set = set;
	client->peer.process = -1;
	TRY(peer_identify(fd, &client->peer));
	REQUIRE(client->peer.uid == geteuid(), KC_ERR_MISSING_ENTITLEMENT,
		"user %u may not use this daemon", (unsigned)client->peer.uid);
	entitlement_set_refresh(set);
	TRY(groups_find(set, &client->peer, &client->groups));
	*ret_client = take(client);
	return KC_OK;
}

struct client *client_free(struct client *client)
{
	if (!client)
		return NULL;
	for (size_t i = 0; i < client->n_sessions; i++)
		client->sessions[i] = pin_session_free(client->sessions[i]);
	for (size_t i = 0; i < CARD_SESSIONS_MAX; i++)
		client->card_sessions[i] = card_session_free(client->card_sessions[i]);
	context_free_all(&client->contexts);
	session_keys_free_all(&client->session_keys);
	groups_done(&client->groups);
	peer_done(&client->peer);
	free(client);
	return NULL;
}

const struct peer *client_peer(const struct client *client)
{
	return &client->peer;
}

static enum kc_status renew_groups(struct client *client)
{
	struct groups groups;

	TRY(groups_find(client->set, &client->peer, &groups));
	groups_done(&client->groups);
	client->groups = groups;
	return KC_OK;
}

enum kc_status client_check(struct client *client)
{
	TRY(peer_check(&client->peer));
	entitlement_set_glance(client->set);
	if (client->groups.generation != client->set->generation)
		TRY(renew_groups(client));
	if (!client->groups.is_denied)
		return KC_OK;
	error_set_hint("see keycaskd(8), ACCESS GROUPS");
	return fail(KC_ERR_NOT_AVAILABLE, "entitlements.d denies the keychain to %s",
		    client->peer.name);
}

const struct groups *client_groups(const struct client *client)
{
	return &client->groups;
}

struct list *client_contexts(struct client *client)
{
	return &client->contexts;
}

struct list *client_session_keys(struct client *client)
{
	return &client->session_keys;
}

bool client_is_in_our_login(const struct client *client)
{
	return client->peer.login_session == peer_own_login_session();
}

/* One without a PIN is as good as none: a long connection may see many tokens. */
static void drop_unused_session(struct client *client)
{
	for (size_t i = 0; i < client->n_sessions; i++) {
		if (pin_session_is_authenticated(client->sessions[i]))
			continue;
		ignore(pin_session_free(client->sessions[i]) != NULL);
		client->sessions[i] = client->sessions[--client->n_sessions];
		return;
	}
}

enum kc_status client_session(struct client *client, const char *token_id,
			      struct pin_session **ret_session)
{
	for (size_t i = 0; i < client->n_sessions; i++) {
		if (strcmp(pin_session_token_id(client->sessions[i]), token_id) == 0) {
			*ret_session = client->sessions[i];
			return KC_OK;
		}
	}
	if (client->n_sessions == SESSIONS_MAX)
		drop_unused_session(client);
	REQUIRE(client->n_sessions < SESSIONS_MAX, KC_ERR_NOT_AVAILABLE,
		"one connection may use %d tokens", SESSIONS_MAX);
	TRY(pin_session_new(client->registry, token_id, &client->sessions[client->n_sessions]));
	*ret_session = client->sessions[client->n_sessions++];
	return KC_OK;
}

void client_forget_pin(struct client *client, const char *token_id)
{
	for (size_t i = 0; i < client->n_sessions; i++)
		if (strcmp(pin_session_token_id(client->sessions[i]), token_id) == 0)
			pin_session_forget(client->sessions[i]);
}

struct card_session *client_find_slot_session(const struct client *client, const char *slot)
{
	for (size_t i = 0; i < CARD_SESSIONS_MAX; i++) {
		struct card_session *session = client->card_sessions[i];

		if (session && strcmp(card_session_slot(session), slot) == 0)
			return session;
	}
	return NULL;
}

struct card_session *client_find_card_session(const struct client *client, int64_t number)
{
	for (size_t i = 0; i < CARD_SESSIONS_MAX; i++) {
		struct card_session *session = client->card_sessions[i];

		if (session && card_session_number(session) == number)
			return session;
	}
	return NULL;
}

static void drop_sessions_that_are_over(struct client *client)
{
	for (size_t i = 0; i < CARD_SESSIONS_MAX; i++) {
		struct card_session *session = client->card_sessions[i];

		if (session && card_session_is_over(session))
			client->card_sessions[i] = card_session_free(session);
	}
}

static enum kc_status find_room(struct client *client, struct card_session ***ret_place)
{
	for (size_t i = 0; i < CARD_SESSIONS_MAX; i++) {
		if (!client->card_sessions[i]) {
			*ret_place = &client->card_sessions[i];
			return KC_OK;
		}
	}
	return fail(KC_ERR_NOT_AVAILABLE, "one connection may talk to %d cards", CARD_SESSIONS_MAX);
}

enum kc_status client_card_session(struct client *client, const char *slot, int64_t insertion,
				   struct card_session **ret_session)
{
	struct card_session_options options = {.slot = slot,
					       .insertion = insertion,
					       .who = client->peer.name,
					       .pid = (long)client->peer.pid};
	struct card_session *before = NULL;
	struct card_session **place = NULL;

	drop_sessions_that_are_over(client);
	before = client_find_slot_session(client, slot);
	if (before)
		return card_session_check(before, insertion, ret_session);
	TRY(find_room(client, &place));
	TRY(card_session_new(client->registry, &options, place));
	*ret_session = *place;
	return KC_OK;
}

void client_forget_card_waiters(struct client *client)
{
	for (size_t i = 0; i < CARD_SESSIONS_MAX; i++) {
		if (client->card_sessions[i])
			card_session_forget_waiter(client->card_sessions[i]);
	}
}
