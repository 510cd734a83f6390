/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The life of a token: a driver is started, tells what is there (publication.c), serves operations
 * (operation.c), and ends with the card. A driver that dies takes its token's items with it and is
 * started again, each time after a longer while.
 */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "base/log.h"
#include "base/try.h"
#include "sys/socket.h"
#include "tokens/completion.h"
#include "tokens/helper.h"
#include "tokens/operation.h"
#include "tokens/pin_session.h"
#include "tokens/progress.h"
#include "tokens/publication.h"
#include "tokens/refresh.h"
#include "tokens/token_impl.h"
#include "tokens/token_list.h"
#include "wire/protocol.h"

enum {
	RESTART_FIRST_MS = 100,
	RESTART_DOUBLINGS_MAX = 8,
	RESTARTS_MAX = 10,
	USEC_PER_MSEC = 1000,
	MSEC_PER_SEC = 1000,
	HOW_MAX = 64,
	FORGIVEN_AFTER_US = 60 * 1000 * 1000, /* a driver that lived so long starts afresh */
};

static uint64_t now_us(const struct token *token)
{
	uint64_t now = 0;

	ignore(sd_event_now(token->registry->event, CLOCK_MONOTONIC, &now));
	return now;
}

const char *token_id(const struct token *token)
{
	return token->token_id ? token->token_id : token->manifest->class_id;
}

const char *token_label(const struct token *token)
{
	return token->label ? token->label : token->manifest->name;
}

enum kc_status token_describe(const struct token *token, struct json_object **ret_description)
{
	CLEANUP(field_free) struct json_object *description = NULL;
	bool is_refused = token->state == TOKEN_REFUSED || token->state == TOKEN_WAITING;

	TRY(field_new_object(&description));
	TRY(field_put_text(description, "token_id", token_id(token)));
	TRY(field_put_text(description, "driver", token->manifest->class_id));
	TRY(field_put_text(description, "driver_name", token->manifest->name));
	TRY(field_put_text(description, "slot", token->slot_name));
	TRY(field_put_text(description, "label", token_label(token)));
	TRY(field_put_text(description, "state", is_refused ? "refused" : "present"));
	TRY(field_put_text(description, "reason", is_refused ? token->reason : NULL));
	*ret_description = take(description);
	return KC_OK;
}

static void withdraw(struct token *token, bool is_silent)
{
	const struct registry_hooks *hooks = &token->registry->hooks;

	if (token->state != TOKEN_PRESENT)
		return;
	token->state = TOKEN_REFUSED;
	hooks->withdraw(hooks->context, token->token_id);
	pin_session_forget_token(token->registry, token->token_id);
	if (!is_silent)
		hooks->token_event(hooks->context, "removed", token);
}

void token_withdraw(struct token *token)
{
	withdraw(token, false);
}

static void stop_driver(struct token *token)
{
	token->publication = publication_free(token->publication);
	token->completion = completion_free(token->completion);
	token->refresh = refresh_free(token->refresh);
	error_clear();
	operation_abort_all(token, fail(KC_ERR_TOKEN_NOT_FOUND, "the token left"));
	token->driver = helper_free(token->driver);
	card_forget_selected(token->card, token);
}

struct token *token_leave(struct token *token, bool is_silent)
{
	stop_driver(token);
	withdraw(token, is_silent);
	list_remove(&token->link);
	token->restart = sd_event_source_disable_unref(token->restart);
	token->manifest = manifest_free(token->manifest);
	free(token->aid);
	free(token->token_id);
	free(token->label);
	field_free(&token->objects);
	field_free(&token->told_pins);
	free(token);
	return NULL;
}

void token_refuse(struct token *token)
{
	bool is_declined = error_get()->status == KC_ERR_BAD_PARAMETER &&
			   token->state == TOKEN_OPENING && !token->token_id;

	(void)snprintf(token->reason, sizeof(token->reason), "%s", error_get()->message);
	log_warning("token %s in %s: %s (%s)", token_id(token), token->slot_name, token->reason,
		    error_get()->origin);
	if (token->state == TOKEN_PRESENT) {
		operation_abort_all(token, KC_ERR_TOKEN_NOT_FOUND);
		withdraw(token, false);
	}
	token->state = TOKEN_REFUSED;
	progress_note(token->registry);
	if (is_declined)
		token_list_decline(token);
}

static enum kc_status start_driver(struct token *token);

static int on_restart(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct token *token = userdata;

	(void)source;
	(void)usec;
	error_clear();
	if (start_driver(token) != KC_OK)
		token_refuse(token);
	return 0;
}

/* One that misses its deadline or answers nonsense is killed by us: that is signal 9. */
static void describe_end(int wait_status, char *ret_how)
{
	if (!WIFSIGNALED(wait_status))
		(void)snprintf(ret_how, HOW_MAX, "ended with status %d", WEXITSTATUS(wait_status));
	else if (WTERMSIG(wait_status) == SIGKILL)
		(void)snprintf(ret_how, HOW_MAX, "did not answer as it should and was killed");
	else
		(void)snprintf(ret_how, HOW_MAX, "crashed (signal %d)", WTERMSIG(wait_status));
}

static enum kc_status schedule_restart(struct token *token, const char *how)
{
	unsigned doublings = token->n_restarts < RESTART_DOUBLINGS_MAX ? token->n_restarts
								       : RESTART_DOUBLINGS_MAX;
	uint64_t delay = ((uint64_t)RESTART_FIRST_MS << doublings) * USEC_PER_MSEC;

	REQUIRE(token->n_restarts < RESTARTS_MAX, KC_ERR_INTERNAL,
		"its driver %s, %d times; replace the driver, or put the card in again", how,
		RESTARTS_MAX);
	token->n_restarts++;
	(void)snprintf(token->reason, sizeof(token->reason),
		       "its driver %s; starting it again in %" PRIu64 " ms (%u of %d)", how,
		       delay / USEC_PER_MSEC, token->n_restarts, RESTARTS_MAX);
	token->restart = sd_event_source_disable_unref(token->restart);
	REQUIRE(sd_event_add_time_relative(token->registry->event, &token->restart, CLOCK_MONOTONIC,
					   delay, 0, on_restart, token) >= 0,
		KC_ERR_INTERNAL, "no timer");
	return KC_OK;
}

static void on_driver_ended(void *userdata, int wait_status)
{
	struct token *token = userdata;
	bool was_refused = token->state == TOKEN_REFUSED;
	char how[HOW_MAX];

	describe_end(wait_status, how);
	log_warning("driver %s of %s %s", token->manifest->class_id, token_id(token), how);
	/* Its end has reset the card: nobody may rely on what was selected or verified. */
	card_request_reset(token->card);
	stop_driver(token);
	withdraw(token, false);
	if (was_refused)
		return;
	token->state = TOKEN_WAITING;
	progress_note(token->registry);
	if (now_us(token) - token->started_us > FORGIVEN_AFTER_US)
		token->n_restarts = 0;
	error_clear();
	if (schedule_restart(token, how) != KC_OK)
		token_refuse(token);
}

static enum kc_status start_process(struct token *token, int channel)
{
	const char *arguments[] = {token->manifest->executable, NULL};
	struct helper_options options = {.program = token->manifest->program,
					 .arguments = arguments,
					 .descriptor = channel,
					 .definition = protocol_org_keycask_Driver,
					 .on_ended = on_driver_ended,
					 .userdata = token};

	return helper_new(token->registry->event, &options, &token->driver);
}

static enum kc_status start_driver(struct token *token)
{
	CLEANUP(socket_close) int drivers_end = -1;
	CLEANUP(socket_close) int slots_end = -1;

	TRY(socket_make_pair(SOCK_SEQPACKET, &drivers_end, &slots_end));
	TRY(start_process(token, drivers_end));
	TRY(card_attach(token->card, slots_end, &token->channel));
	token->state = TOKEN_OPENING;
	progress_note(token->registry);
	token->started_us = now_us(token);
	return publication_new(token, &token->publication);
}

enum kc_status token_new(struct registry *registry, struct card *card, const char *slot_name,
			 struct manifest *manifest, const char *aid, struct token **ret_token)
{
	struct token *token = calloc(1, sizeof(*token));

	REQUIRE(token, KC_ERR_ALLOCATE, "out of memory");
	*token = (struct token){.registry = registry,
				.card = card,
				.slot_name = slot_name,
				.manifest = manifest_ref(manifest),
				.aid = aid ? strdup(aid) : NULL};
	list_init(&token->operations);
	list_append(&registry->tokens, &token->link);
	*ret_token = token;
	error_clear();
	if ((aid && !token->aid) || start_driver(token) != KC_OK)
		token_refuse(token);
	return KC_OK;
}

static unsigned deadline_of(const struct token *token, const struct token_turn *turn)
{
	const struct registry_settings *settings = &token->registry->settings;
	unsigned person_ms =
		turn->waits_for_person ? settings->keypad_deadline_s * MSEC_PER_SEC : 0;

	if (turn->makes_key)
		return settings->generation_deadline_ms;
	return settings->card_deadline_ms + person_ms;
}

void token_start_afresh(struct token *token)
{
	token->n_restarts = 0;
	token->is_declined = false;
	token->restart = sd_event_source_disable_unref(token->restart);
	error_clear();
	stop_driver(token);
	if (start_driver(token) != KC_OK)
		token_refuse(token);
}

enum kc_status token_call(struct token *token, const char *method, struct json_object *parameters,
			  const struct token_turn *turn, wire_reply_fn on_reply, void *userdata)
{
	CLEANUP(field_free) struct json_object *taken = parameters;

	REQUIRE(token->driver, KC_ERR_TOKEN_NOT_FOUND, "the token's driver is not running");
	if (!taken)
		TRY(field_new_object(&taken));
	TRY(card_put_turn(token->card, token, turn->session, turn->request, taken));
	log_debug("req=%" PRIu64 " stage=driver method=%s token=%s", turn->request, method,
		  token_id(token));
	return helper_call(token->driver, method, take(taken), -1, deadline_of(token, turn),
			   on_reply, userdata);
}
