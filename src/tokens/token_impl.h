/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TOKENS_TOKEN_IMPL_H
#define TOKENS_TOKEN_IMPL_H

/*
 * A token inside this room: one driver process for one application on one card.
 */

#include <systemd/sd-event.h>

#include "base/list.h"
#include "tokens/card.h"
#include "tokens/manifest.h"
#include "tokens/registry_impl.h"
#include "tokens/token_pins.h"

enum {
	TOKEN_REASON_MAX = 256,
};

enum token_state {
	TOKEN_OPENING, /* the driver is being asked what is there */
	TOKEN_PRESENT, /* its items are in the keychain */
	TOKEN_REFUSED, /* listed with a reason, no items */
	TOKEN_WAITING, /* its driver died: a new one is started after a while */
};

struct publication;
struct completion;
struct refresh;

struct token {
	struct list link; /* registry::tokens */
	struct registry *registry;
	struct card *card;
	const char *slot_name;
	struct manifest *manifest; /* a reference of ours */
	char *aid;
	struct helper *driver;
	int64_t channel; /* its card channel, as tasks name it */
	char *token_id;	 /* NULL until the driver has told */
	char *label;
	enum token_state state;
	char reason[TOKEN_REASON_MAX];
	struct publication *publication; /* until the card has been read */
	struct completion *completion;	 /* after that, until its details have been */
	struct refresh *refresh;	 /* while a key that was made is read */
	struct token_pins pins;
	struct json_object *objects;   /* as the driver told them when they were published last */
	struct json_object *told_pins; /* with their tries, as they were in the turn told_in */
	uint64_t told_in;
	uint64_t proved_in;	/* the last turn in which its own PIN was right */
	struct list operations; /* operation::link */
	bool is_declined;	/* its driver says that it is not one of its cards */
	unsigned n_restarts;
	uint64_t started_us; /* when the driver was started last */
	sd_event_source *restart;
};

/* Start a driver for the application @aid on @card; the token announces itself when it is ready. */
KC_MUST_CHECK enum kc_status token_new(struct registry *registry, struct card *card,
				       const char *slot_name, struct manifest *manifest,
				       const char *aid, struct token **ret_token);

/* The card has left, or the daemon ends (@is_silent): operations fail, items go, the event is
 * told, the driver ends. */
struct token *token_leave(struct token *token, bool is_silent);

/* For whom a driver is called. */
struct token_turn {
	uint64_t session; /* 0: nobody */
	uint64_t request;
	bool waits_for_person; /* at the reader's keypad, who is slower than a card */
	bool makes_key;	       /* which cards are slow at */
};

/* One call to the driver within the turn of a card task; takes @parameters, to which the turn is
 * added. */
KC_MUST_CHECK enum kc_status token_call(struct token *token, const char *method,
					struct json_object *parameters,
					const struct token_turn *turn, wire_reply_fn on_reply,
					void *userdata);

/* Its items go, its clients' PINs are forgotten, the event is told; it must be present. */
void token_withdraw(struct token *token);

/* The driver of a token that is refused or waits has been replaced: try the new one now. */
void token_start_afresh(struct token *token);

/* The token is not usable, and this is why: the thread's error record. If it was present, it and
 * its operations go. */
void token_refuse(struct token *token);

#endif
