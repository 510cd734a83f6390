/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * PINs of client contexts: locked memory, an idle limit and an absolute one. To forget is to begin
 * anew: drivers know a session by its number, so one that has forgotten gets another number, and
 * the authentication that a driver still remembers is nobody's.
 */
#include "tokens/pin_session.h"

#include <stdlib.h>
#include <string.h>

#include "base/try.h"
#include "tokens/registry_impl.h"

enum {
	USEC_PER_SEC = 1000000,
};

struct pin_session {
	struct list link; /* registry::pin_sessions */
	struct registry *registry;
	uint64_t id;
	char *token_id;
	struct secret pin;
	bool is_on_keypad; /* authenticated without a PIN that we know */
	sd_event_source *idle;
	sd_event_source *absolute;
};

enum kc_status pin_session_new(struct registry *registry, const char *token_id,
			       struct pin_session **ret_session)
{
	CLEANUP(pin_session_freep) struct pin_session *session = calloc(1, sizeof(*session));

	REQUIRE(session, KC_ERR_ALLOCATE, "out of memory");
	list_init(&session->link);
	session->registry = registry;
	session->id = ++registry->last_session;
	session->token_id = strdup(token_id);
	REQUIRE(session->token_id, KC_ERR_ALLOCATE, "out of memory");
	list_append(&registry->pin_sessions, &session->link);
	*ret_session = take(session);
	return KC_OK;
}

static void drop_pin(struct pin_session *session)
{
	secret_done(&session->pin);
	session->is_on_keypad = false;
	session->idle = sd_event_source_disable_unref(session->idle);
	session->absolute = sd_event_source_disable_unref(session->absolute);
}

struct pin_session *pin_session_free(struct pin_session *session)
{
	if (!session)
		return NULL;
	list_remove(&session->link);
	drop_pin(session);
	free(session->token_id);
	free(session);
	return NULL;
}

uint64_t pin_session_id(const struct pin_session *session)
{
	return session->id;
}

const char *pin_session_token_id(const struct pin_session *session)
{
	return session->token_id;
}

void pin_session_forget(struct pin_session *session)
{
	drop_pin(session);
	session->id = ++session->registry->last_session;
}

static int on_limit(sd_event_source *source, uint64_t usec, void *userdata)
{
	(void)source;
	(void)usec;
	pin_session_forget(userdata);
	return 0;
}

static enum kc_status set_limit(struct pin_session *session, sd_event_source **source,
				unsigned seconds)
{
	uint64_t delay = (uint64_t)seconds * USEC_PER_SEC;

	if (*source)
		REQUIRE(sd_event_source_set_time_relative(*source, delay) >= 0, KC_ERR_INTERNAL,
			"no timer");
	else
		REQUIRE(sd_event_add_time_relative(session->registry->event, source,
						   CLOCK_MONOTONIC, delay, 0, on_limit,
						   session) >= 0,
			KC_ERR_INTERNAL, "no timer");
	return KC_OK;
}

/* Does policy let an authentication be kept? Then its limits start. */
static bool start_limits(struct pin_session *session)
{
	const struct registry_settings *settings = &session->registry->settings;

	return settings->pin_idle_s > 0 &&
	       set_limit(session, &session->idle, settings->pin_idle_s) == KC_OK &&
	       set_limit(session, &session->absolute, settings->pin_absolute_s) == KC_OK;
}

void pin_session_remember(struct pin_session *session, struct secret *pin)
{
	drop_pin(session);
	if (start_limits(session))
		session->pin = secret_take(pin);
	secret_done(pin);
}

void pin_session_note_keypad(struct pin_session *session)
{
	drop_pin(session);
	session->is_on_keypad = start_limits(session);
}

void pin_session_note_use(struct pin_session *session)
{
	if (pin_session_is_authenticated(session) &&
	    set_limit(session, &session->idle, session->registry->settings.pin_idle_s) != KC_OK)
		pin_session_forget(session);
}

struct kc_view pin_session_use(struct pin_session *session)
{
	pin_session_note_use(session);
	return secret_view(&session->pin);
}

void pin_session_end_use(struct pin_session *session)
{
	if (!pin_session_is_authenticated(session))
		pin_session_forget(session);
}

bool pin_session_is_authenticated(const struct pin_session *session)
{
	return session->pin.data || session->is_on_keypad;
}

void pin_session_forget_all(struct registry *registry)
{
	list_for_each (link, &registry->pin_sessions)
		pin_session_forget(list_entry(link, struct pin_session, link));
}

void pin_session_forget_token(struct registry *registry, const char *token_id)
{
	list_for_each (link, &registry->pin_sessions) {
		struct pin_session *session = list_entry(link, struct pin_session, link);

		if (strcmp(session->token_id, token_id) == 0)
			pin_session_forget(session);
	}
}
