/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Wiring: who tells whom. Tokens publish into the engine, events go to watchers, PINs to people. */
#include "daemon/wiring.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/try.h"
#include "daemon/access.h"
#include "daemon/batch.h"
#include "daemon/client.h"
#include "daemon/dispatch.h"
#include "daemon/events.h"
#include "daemon/intake.h"
#include "daemon/keychain.h"
#include "daemon/keychain_start.h"
#include "daemon/pin_request.h"
#include "daemon/readiness.h"
#include "sys/socket.h"
#include "sys/worker.h"
#include "tokens/inspector.h"

enum {
	PEERS_MAX = 256,
	JUDGE_IDLE_S = 30,
};

static enum kc_status on_publish(void *context, const char *token_id,
				 const struct token_item *items, size_t n_items)
{
	struct daemon *daemon = context;

	return intake_publish(daemon->engine, token_id, items, n_items);
}

static void on_withdraw(void *context, const char *token_id)
{
	struct daemon *daemon = context;

	error_clear();
	if (engine_withdraw(daemon->engine, token_id) != KC_OK)
		log_error("token %s: cannot withdraw: %s", token_id, error_get()->message);
}

static enum kc_status make_event(const char *event, const struct token *token,
				 struct json_object **ret_event)
{
	CLEANUP(field_free) struct json_object *description = NULL;

	TRY(token_describe(token, &description));
	return events_make_token(event, description, ret_event);
}

static void on_token_event(void *context, const char *event, const struct token *token)
{
	CLEANUP(field_free) struct json_object *message = NULL;
	struct daemon *daemon = context;

	log_info("token %s: %s", token_id(token), event);
	if (make_event(event, token, &message) == KC_OK)
		broadcast_send(&daemon->token_watchers, message);
}

static void on_slot_event(void *context, struct json_object *slot)
{
	CLEANUP(field_free) struct json_object *message = NULL;
	struct daemon *daemon = context;

	if (events_make_slot(slot, &message) == KC_OK)
		broadcast_send(&daemon->slot_watchers, message);
}

static void on_settled(void *context)
{
	readiness_declare(context);
}

static void on_ask_pin(void *context, struct operation *operation,
		       const struct pin_question *question)
{
	pin_request_ask(context, operation, question);
}

static enum kc_status on_claim_keypad(void *context, struct operation *operation)
{
	return pin_request_claim_keypad(context, operation);
}

static void on_stop_asking(void *context, struct operation *operation)
{
	(void)context;
	pin_request_stop_asking(operation);
}

/* Without a home there are no drivers of the user, and no choices. */
static const char *text_or_null(const char *text)
{
	return text[0] ? text : NULL;
}

static void find_user_drivers(struct daemon *daemon)
{
	if (paths_config("drivers", daemon->user_driver_folder,
			 sizeof(daemon->user_driver_folder)) != KC_OK ||
	    paths_config("drivers.json", daemon->driver_choices, sizeof(daemon->driver_choices)) !=
		    KC_OK)
		log_info("no drivers of the user: %s", error_get()->message);
	error_clear();
}

static enum kc_status make_registry(struct daemon *daemon)
{
	struct config_pin_limits pin_limits = config_pin_limits(&daemon->config);
	struct registry_settings settings = {
		.has_embedded_slots = daemon->config.has_embedded_slots,
		.has_reader_slots = daemon->config.has_reader_slots,
		.has_card_cache = daemon->config.has_card_cache && daemon->has_device_key,
		.slot_socket = daemon->slot_socket,
		.manifests = {.system_folder = daemon->driver_folder,
			      .user_folder = text_or_null(daemon->user_driver_folder),
			      .choices = text_or_null(daemon->driver_choices)},
		.query_deadline_ms = daemon->config.query_deadline_ms,
		.card_deadline_ms = daemon->config.card_deadline_ms,
		.generation_deadline_ms = daemon->config.generation_deadline_ms,
		.keypad_deadline_s =
			daemon->config.use_keypads ? daemon->config.prompt_deadline_s : 0,
		.lease_ms = daemon->config.lease_ms,
		.details_after_ms = daemon->config.details_after_ms,
		.card_session_idle_s = daemon->config.card_session_idle_s,
		.card_session_absolute_s = daemon->config.card_session_absolute_s,
		.pin_idle_s = pin_limits.idle_s,
		.pin_absolute_s = pin_limits.absolute_s,
	};
	struct registry_hooks hooks = {
		.publish = on_publish,
		.withdraw = on_withdraw,
		.token_event = on_token_event,
		.slot_event = on_slot_event,
		.settled = on_settled,
		.ask_pin = on_ask_pin,
		.claim_keypad = on_claim_keypad,
		.stop_asking = on_stop_asking,
		.context = daemon,
	};

	return registry_new(daemon->event, &settings, &hooks, &daemon->registry);
}

static enum kc_status make_judge(struct daemon *daemon)
{
	return inspector_new_trusting(daemon->event, daemon->config.query_deadline_ms,
				      text_or_null(daemon->config.trust_store), JUDGE_IDLE_S,
				      &daemon->judge);
}

static void on_away(void *context, const char *why)
{
	struct daemon *daemon = context;

	log_info("%s: PINs are forgotten", why);
	registry_lock(daemon->registry);
	error_clear();
	if (daemon->config.lock_keychain_with_screen)
		keychain_lock_if_possible(daemon, NULL);
	error_clear();
}

static void on_idle(void *context, bool is_busy)
{
	struct daemon *daemon = context;

	if (is_busy) {
		engine_forget_unused_keys(daemon->engine);
	} else {
		engine_shrink(daemon->engine);
		certificate_facts_forget(daemon->certificate_facts);
	}
}

/* Without a system bus nobody says that the person has left, and the limits of time must do. */
static void watch_login(struct daemon *daemon)
{
	error_clear();
	if (login_watch_new(daemon->event, on_away, daemon, &daemon->login) != KC_OK)
		log_info("locking and sleep are not noticed: %s", error_get()->message);
	error_clear();
}

static enum kc_status admit_peer(void *context, int fd, void **ret_peer)
{
	struct daemon *daemon = context;
	struct client *client = NULL;
	enum kc_status status = KC_OK;

	error_clear();
	status = client_new(daemon->registry, &daemon->entitlements, fd, &client);
	if (status != KC_OK)
		log_warning("refused: %s", error_get()->message);
	else
		*ret_peer = client;
	return status;
}

static void dismiss_peer(void *context, void *peer)
{
	struct daemon *daemon = context;

	ignore(client_free(peer) != NULL);
	idle_expect(daemon->idle);
}

static enum kc_status make_server(struct daemon *daemon, int listener)
{
	CLEANUP(socket_close) int fd = listener;
	struct wire_service_options options = {.product = "keycaskd",
					       .version = KEYCASK_VERSION,
					       .context = daemon,
					       .admit = access_check};
	struct wire_server_hooks hooks = {.admit = admit_peer,
					  .dismiss = dismiss_peer,
					  .context = daemon,
					  .peers_max = PEERS_MAX};

	TRY(wire_service_new(&options, &daemon->service));
	TRY(dispatch_fill(daemon->service));
	daemon->has_made_socket = fd < 0;
	if (daemon->has_made_socket)
		TRY(socket_listen(daemon->socket, &fd));
	return wire_server_new(daemon->event, take_fd(fd), daemon->service, &hooks,
			       &daemon->server);
}

enum kc_status wiring_take_place(struct daemon *daemon)
{
	char path[PATHS_MAX];

	TRY(paths_socket(daemon->socket, sizeof(daemon->socket)));
	TRY(paths_beside_socket("slot.sock", daemon->slot_socket, sizeof(daemon->slot_socket)));
	TRY(socket_check_path(daemon->socket));
	TRY(socket_check_path(daemon->slot_socket));
	TRY(paths_drivers(daemon->driver_folder, sizeof(daemon->driver_folder)));
	find_user_drivers(daemon);
	TRY(paths_parent(daemon->socket, path, sizeof(path)));
	TRY(paths_make_private_folder(path));
	TRY(paths_beside_socket("keycaskd.lock", path, sizeof(path)));
	return socket_lock(path, &daemon->lock);
}

/* A daemon without it serves all else. */
static void make_agent_socket(struct daemon *daemon, int listener)
{
	error_clear();
	if (agent_socket_new(daemon->event, daemon->socket, listener, &daemon->agent_socket) !=
	    KC_OK)
		log_warning("no ssh-agent: %s", error_get()->message);
	error_clear();
}

enum kc_status wiring_connect(struct daemon *daemon, struct wiring_listeners listeners)
{
	CLEANUP(socket_close) int fd = listeners.client;
	struct desk_options desk_options = {.program = daemon->config.pinentry,
					    .timeout_s = daemon->config.prompt_deadline_s,
					    .quota = daemon->config.prompt_quota};

	list_init(&daemon->batches);
	broadcast_init(&daemon->token_watchers);
	broadcast_init(&daemon->slot_watchers);
	TRY(audit_open(&daemon->audit));
	TRY(entitlement_set_init(&daemon->entitlements));
	entitlement_set_refresh(&daemon->entitlements);
	TRY(idle_new(daemon->event, on_idle, daemon, &daemon->idle));
	TRY(crew_new(daemon->event, &daemon->crew));
	TRY(keychain_start(daemon));
	TRY(desk_new(daemon->event, &desk_options, &daemon->desk));
	TRY(make_registry(daemon));
	TRY(make_judge(daemon));
	TRY(certificate_facts_new(&daemon->certificate_facts));
	watch_login(daemon);
	make_agent_socket(daemon, listeners.agent);
	return make_server(daemon, take_fd(fd));
}

/* The socket goes first, so that nobody connects to a daemon that is ending. */
void wiring_disconnect(struct daemon *daemon)
{
	if (daemon->has_made_socket)
		ignore(unlink(daemon->socket));
	daemon->agent_socket = agent_socket_free(daemon->agent_socket);
	registry_stop(daemon->registry);
	daemon->patience = sd_event_source_disable_unref(daemon->patience);
	daemon->server = wire_server_free(daemon->server);
	broadcast_done(&daemon->token_watchers);
	broadcast_done(&daemon->slot_watchers);
	daemon->login = login_watch_free(daemon->login);
	batch_forget_all(daemon);
	daemon->registry = registry_free(daemon->registry);
	daemon->judge = inspector_free(daemon->judge);
	daemon->certificate_facts = certificate_facts_free(daemon->certificate_facts);
	daemon->desk = desk_free(daemon->desk);
	worker_await_abandoned();
	daemon->crew = crew_free(daemon->crew);
	daemon->service = wire_service_free(daemon->service);
	daemon->engine = engine_free(daemon->engine);
	daemon->idle = idle_free(daemon->idle);
	entitlement_set_done(&daemon->entitlements);
	daemon->audit = audit_free(daemon->audit);
	socket_close(&daemon->lock);
}
