/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TOKENS_REGISTRY_H
#define TOKENS_REGISTRY_H

/*
 * All slots and tokens of this daemon: who is in, who serves it, and what to tell whom. The rooms
 * above hear of news through struct registry_hooks, which daemon/wiring.c alone fills in.
 */

#include <stdbool.h>
#include <systemd/sd-event.h>

#include "base/cleanup.h"
#include "tokens/manifest_set.h"
#include "wire/field.h"

struct inspector;
struct registry;
struct token;
struct operation;
struct pin_question;

struct registry_settings {
	bool has_embedded_slots;
	bool has_reader_slots;
	bool has_card_cache;
	const char *slot_socket; /* where embedded cards attach */
	struct manifest_places manifests;
	unsigned query_deadline_ms; /* asking a helper for something it need not touch a card for */
	unsigned card_deadline_ms;  /* one operation with a card */
	unsigned generation_deadline_ms; /* a card makes a key */
	unsigned keypad_deadline_s;	 /* typing a PIN on the reader's own keys; 0: never there */
	unsigned details_after_ms;	 /* a token was read: until its driver is asked for more */
	unsigned lease_ms;		 /* idleness after which the card is given back */
	unsigned card_session_idle_s;	 /* raw card sessions without a command */
	unsigned card_session_absolute_s; /* and in any case */
	unsigned pin_idle_s;	 /* a session's PIN unused for so long is forgotten; 0: at once */
	unsigned pin_absolute_s; /* and after so long in any case */
};

/* One item of a token, as its driver and keycask-x509 describe it. All borrowed. */
struct token_item {
	const char *class_name; /* "certificate" or "key" */
	struct kc_view object_id;
	const char *label;
	struct kc_view data;		/* certificate: DER */
	struct json_object *inspected;	/* the Certificate of org.keycask.X509; a key's is that of
					 * its certificate or its PublicKey */
	struct json_object *algorithms; /* key: array of base operations */
	const char *constraint;		/* key */
	bool can_sign;
	bool can_decrypt;
	bool can_derive;
	bool needs_touch;
};

struct registry_hooks {
	/* Put these items in the keychain, all or none, replacing what the token had. */
	enum kc_status (*publish)(void *context, const char *token_id,
				  const struct token_item *items, size_t n_items);
	void (*withdraw)(void *context, const char *token_id);
	/* "inserted" after publish, "removed" after withdraw. */
	void (*token_event)(void *context, const char *event, const struct token *token);
	/* A slot has another state; @slot is org.keycask.Slots' Slot, borrowed. */
	void (*slot_event)(void *context, struct json_object *slot);
	/* Every card that is in has been read, or cannot be; told again after later ones. */
	void (*settled)(void *context);
	/* Ask a person what @operation needs; answer with operation_supply_pin() or
	 * operation_refuse_pin(), later. All of @question is borrowed for the call. */
	void (*ask_pin)(void *context, struct operation *operation,
			const struct pin_question *question);
	/* May the reader's keypad ask for it? Counted as a prompt of the program's. */
	enum kc_status (*claim_keypad)(void *context, struct operation *operation);
	/* The operation is over before the answer came. */
	void (*stop_asking)(void *context, struct operation *operation);
	void *context;
};

/* Loads the manifests, starts listening for embedded cards. @event is borrowed. */
KC_MUST_CHECK enum kc_status registry_new(sd_event *event, const struct registry_settings *settings,
					  const struct registry_hooks *hooks,
					  struct registry **ret_registry);

/* The readers are known and no card is being read: what is not there now is not on its way. */
bool registry_is_settled(const struct registry *registry);

/* The daemon ends: cards are told nothing any more. What is freed after this may still cancel. */
void registry_stop(struct registry *registry);

/* Ends every helper process, withdraws every token without telling anyone. */
struct registry *registry_free(struct registry *registry);
DEFINE_FREEP(registry)

/* The person has left: every client must authenticate again, and every card forgets. */
void registry_lock(struct registry *registry);

/* The tokens as org.keycask.Tokens has them, in order of arrival, refused ones included. */
KC_MUST_CHECK enum kc_status registry_list_tokens(struct registry *registry,
						  struct json_object **ret_tokens);
KC_MUST_CHECK enum kc_status registry_list_slots(struct registry *registry,
						 struct json_object **ret_slots);
/* Who has the card in that slot, as org.keycask.Slots has it. Expected: KC_ERR_ITEM_NOT_FOUND */
KC_MUST_CHECK enum kc_status registry_list_holders(struct registry *registry, const char *slot_name,
						   struct json_object **ret_holders);
/* Look anew what is on the card in that slot, soon. Expected: KC_ERR_ITEM_NOT_FOUND,
 * KC_ERR_TOKEN_NOT_FOUND  it is empty */
KC_MUST_CHECK enum kc_status registry_reprobe(struct registry *registry, const char *slot_name);
/* The providers of slots that are switched on, as org.keycask.Admin has them. */
KC_MUST_CHECK enum kc_status registry_list_providers(struct registry *registry,
						     struct json_object **ret_providers);
/* The drivers, as they are installed at this moment; valid until the next call. */
const struct manifest_set *registry_manifests(struct registry *registry);
/*
 * Use the driver, or do not use it, from now on and after a restart too.
 * Expected: KC_ERR_ITEM_NOT_FOUND  there is no such driver
 *           KC_ERR_NOT_AVAILABLE   the choice cannot be written down
 */
KC_MUST_CHECK enum kc_status registry_enable_driver(struct registry *registry, const char *class_id,
						    bool is_enabled);

/* The present token of that ID. Expected: KC_ERR_ITEM_NOT_FOUND, naming it in the record. */
KC_MUST_CHECK enum kc_status registry_find_token(struct registry *registry, const char *token_id,
						 struct token **ret_token);

/* keycask-x509, for certificates that come from elsewhere. */
struct inspector *registry_inspector(struct registry *registry);

/* Forget what the cache has of a card (NULL: of all): how many there were. */
unsigned registry_forget_cards(struct registry *registry, const char *token_id);

/* One token's description. */
KC_MUST_CHECK enum kc_status token_describe(const struct token *token,
					    struct json_object **ret_description);
const char *token_id(const struct token *token);
const char *token_label(const struct token *token);

#endif
