/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KEYCASK_SMARTCARD_H
#define KEYCASK_SMARTCARD_H

/*
 * Slots, and cards without a driver: for programs that speak to a card themselves. Whoever only
 * wants to use keys wants keycask/key.h. Raw access is a right (raw_card_access in keycaskd's
 * config.json); without it sessions fail with KC_ERR_MISSING_ENTITLEMENT.
 *
 * Sessions are exclusive and wait in one queue with tokens and with other programs' sessions, in
 * order. While a session lasts nobody else uses the card, so keep it short; the daemon ends it when
 * no command comes for a while, and resets the card.
 *
 * Stable since 1.0. Threads: one at a time per object. An object is of no use after fork() in the
 * child, except to be freed.
 */

#include <keycask/atr.h>
#include <keycask/dictionary.h>

#ifdef __cplusplus
extern "C" {
#endif

struct kc_slot_manager;
struct kc_slot;
struct kc_smart_card;

/* --- slots ----------------------------------------------------------------------------------- */

enum kc_slot_state {
	KC_SLOT_STATE_MISSING = 0, /* gone for good: a reader that comes back is another slot */
	KC_SLOT_STATE_EMPTY = 1,
	KC_SLOT_STATE_PROBING = 2,    /* a card is in and is being looked at */
	KC_SLOT_STATE_MUTE_CARD = 3,  /* it does not answer */
	KC_SLOT_STATE_VALID_CARD = 4, /* it does */
};

/*
 * All slots of the daemon, as they are, and news of them.
 * Expected: KC_ERR_NOT_AVAILABLE  the daemon cannot be reached
 * Ownership: free with kc_slot_manager_free(). Since: 1.0
 */
KC_PUBLIC KC_MUST_CHECK enum kc_status kc_slot_manager_new(struct kc_slot_manager **ret_manager);
/* NULL is fine; returns NULL. Slots live on. Since: 1.0 */
KC_PUBLIC struct kc_slot_manager *kc_slot_manager_free(struct kc_slot_manager *manager);

/* The slots that are there, in order of arrival. Names are the manager's until its next call.
 * Since: 1.0 */
KC_PUBLIC size_t kc_slot_manager_count(const struct kc_slot_manager *manager);
KC_PUBLIC const char *kc_slot_manager_name_at(const struct kc_slot_manager *manager, size_t i);

/* Expected: KC_ERR_ITEM_NOT_FOUND. Free with kc_slot_free(). Since: 1.0 */
KC_PUBLIC KC_MUST_CHECK enum kc_status kc_slot_manager_slot_named(struct kc_slot_manager *manager,
								  const char *name,
								  struct kc_slot **ret_slot);

/*
 * The next slot that is different from before, waiting for it at most @timeout_ms (0: not at all,
 * -1: for ever); NULL when none was in that time. This is when slots change: they are as the last
 * call has found them.
 * Expected: KC_ERR_NOT_AVAILABLE  the daemon has left, all slots are missing: make a new manager
 * Ownership: *ret_slot is the caller's; free with kc_slot_free().   Since: 1.0
 */
KC_PUBLIC KC_MUST_CHECK enum kc_status kc_slot_manager_next(struct kc_slot_manager *manager,
							    int timeout_ms,
							    struct kc_slot **ret_slot);
/* For poll(): when it is readable, call kc_slot_manager_next() with timeout 0 until it gives NULL.
 * Since: 1.0 */
KC_PUBLIC int kc_slot_manager_fd(const struct kc_slot_manager *manager);

/* NULL is fine; returns NULL. Since: 1.0 */
KC_PUBLIC struct kc_slot *kc_slot_free(struct kc_slot *slot);
KC_PUBLIC const char *kc_slot_name(const struct kc_slot *slot);
KC_PUBLIC enum kc_slot_state kc_slot_state(const struct kc_slot *slot);
/* NULL when there is no card, or it gave nothing that is an ATR. The slot's until it changes.
 * Since: 1.0 */
KC_PUBLIC const struct kc_atr *kc_slot_atr(const struct kc_slot *slot);
/* Bytes of a whole command and of a whole response that the slot carries; 0 without a card.
 * Since: 1.0 */
KC_PUBLIC size_t kc_slot_max_input_length(const struct kc_slot *slot);
KC_PUBLIC size_t kc_slot_max_output_length(const struct kc_slot *slot);

/* --- a card ---------------------------------------------------------------------------------- */

enum kc_protocol {
	KC_PROTOCOL_NONE = 0,
	KC_PROTOCOL_T0 = 1 << 0,
	KC_PROTOCOL_T1 = 1 << 1,
	KC_PROTOCOL_T15 = 1 << 15,
	KC_PROTOCOL_ANY = (1 << 16) - 1,
};

/*
 * The card that is in @slot now. Any number of objects may be made for one card. When the card is
 * taken out, every call on its objects fails with KC_ERR_TOKEN_NOT_FOUND, also when it comes back.
 * Expected: KC_ERR_TOKEN_NOT_FOUND  no card is in it that answers
 * Ownership: free with kc_smart_card_free(), which ends its session. Since: 1.0
 */
KC_PUBLIC KC_MUST_CHECK enum kc_status kc_slot_make_smart_card(const struct kc_slot *slot,
							       struct kc_smart_card **ret_card);
/* The same for who knows the slot's name; NULL: the one slot that has a card.
 * Expected: KC_ERR_ITEM_NOT_FOUND  no such slot; KC_ERR_PARAM  NULL, and several have cards
 * Ownership: free with kc_smart_card_free(), which ends its session. Since: 1.0 */
KC_PUBLIC KC_MUST_CHECK enum kc_status kc_smart_card_new(const char *slot_name,
							 struct kc_smart_card **ret_card);
/* NULL is fine; returns NULL. A session that has not ended leaves the card reset. Since: 1.0 */
KC_PUBLIC struct kc_smart_card *kc_smart_card_free(struct kc_smart_card *card);

/* The slot that it is in, or was. The object's. Since: 1.0 */
KC_PUBLIC const char *kc_smart_card_slot_name(const struct kc_smart_card *card);
/* Is the card still there? Asks the daemon. Since: 1.0 */
KC_PUBLIC bool kc_smart_card_is_valid(struct kc_smart_card *card);

/* A sum of enum kc_protocol, KC_PROTOCOL_ANY at first; looked at when a session begins.
 * Since: 1.0 */
KC_PUBLIC void kc_smart_card_set_allowed_protocols(struct kc_smart_card *card, unsigned protocols);
KC_PUBLIC unsigned kc_smart_card_allowed_protocols(const struct kc_smart_card *card);
/* KC_PROTOCOL_NONE outside of a session. Since: 1.0 */
KC_PUBLIC enum kc_protocol kc_smart_card_current_protocol(const struct kc_smart_card *card);

/*
 * A sensitive object: the card is reset before its sessions, and after them before anybody else has
 * it. Set it as soon as a PIN was verified: it holds for the session under way, too. Since: 1.0
 */
KC_PUBLIC void kc_smart_card_set_sensitive(struct kc_smart_card *card, bool is_sensitive);
KC_PUBLIC bool kc_smart_card_is_sensitive(const struct kc_smart_card *card);

/*
 * Any pointer of yours, as a mark that the card is as this object left it (what is selected, who
 * has authenticated). It is NULL again when, at the beginning of a session, anybody else has used
 * the card meanwhile, or it was reset, or another program could have used it. Since: 1.0
 */
KC_PUBLIC void kc_smart_card_set_context(struct kc_smart_card *card, void *context);
KC_PUBLIC void *kc_smart_card_context(const struct kc_smart_card *card);

/* --- sessions -------------------------------------------------------------------------------- */

/*
 * Have the card for ourselves. Waits for it at most @timeout_ms (-1: as long as it takes). Counted:
 * as many kc_smart_card_end_session() give it back.
 * Expected: KC_ERR_NOT_AVAILABLE   not in time, or another program has the card for itself
 *           KC_ERR_MISSING_ENTITLEMENT   this program has no right to
 *           KC_ERR_TOKEN_NOT_FOUND, KC_ERR_PARAM  none of the allowed protocols   Since: 1.0
 */
KC_PUBLIC KC_MUST_CHECK enum kc_status kc_smart_card_begin_session(struct kc_smart_card *card,
								   int timeout_ms);
/* The card stays as it is until somebody else needs it, unless this object is sensitive.
 * Since: 1.0 */
KC_PUBLIC void kc_smart_card_end_session(struct kc_smart_card *card);

/* Begin, call @function, end. What @function returns is returned.
 * Expected: as kc_smart_card_begin_session(), and whatever @function returns   Since: 1.0 */
typedef enum kc_status (*kc_smart_card_session_fn)(struct kc_smart_card *card, void *context);
KC_PUBLIC KC_MUST_CHECK enum kc_status kc_smart_card_in_session(struct kc_smart_card *card,
								int timeout_ms,
								kc_smart_card_session_fn function,
								void *context);

/* --- commands, within a session --------------------------------------------------------------- */

/*
 * One command APDU as it is; *ret_response as it comes, status word included.
 * Expected: KC_ERR_NOT_AVAILABLE    no session, or it was ended by the daemon, with the reason
 *           KC_ERR_TOKEN_NOT_FOUND  the card has left
 *           KC_ERR_PARAM            nothing that the slot could carry
 * Ownership: *ret_response is the caller's; free with kc_bytes_free(). Untouched on failure.
 * Since: 1.0
 */
KC_PUBLIC KC_MUST_CHECK enum kc_status kc_smart_card_transmit(struct kc_smart_card *card,
							      struct kc_view apdu,
							      struct kc_bytes *ret_response);

/* A command of ISO 7816-4, in any of its four cases. */
#define KC_LE_NONE (-1)
#define KC_LE_ALL  0
struct kc_ins {
	uint8_t ins;
	uint8_t p1;
	uint8_t p2;
	struct kc_view data; /* empty: no Lc */
	int32_t le;	     /* bytes expected at most, up to 65536; KC_LE_NONE, KC_LE_ALL */
};

/*
 * Send @command with this object's class byte, in as many APDUs as it takes: 61xx is followed by
 * GET RESPONSE, 6Cxx by one repetition with the right Le, long data go in the extended form or
 * chained. *ret_data (may be NULL) is all of the answer's data, *ret_sw the last status word. When
 * that is not 9000 the call has still succeeded, and kc_error_last() names it.
 * Expected: as kc_smart_card_transmit(), and
 *           KC_ERR_PARAM          long data, and neither form is switched on
 *           KC_ERR_COMMUNICATION  the card does not answer as the standard wants
 * Ownership: *ret_data is the caller's; free with kc_bytes_free(). Untouched on failure. Since: 1.0
 */
KC_PUBLIC KC_MUST_CHECK enum kc_status kc_smart_card_send_ins(struct kc_smart_card *card,
							      const struct kc_ins *command,
							      struct kc_bytes *ret_data,
							      uint16_t *ret_sw);

/* 00 at first. Since: 1.0 */
KC_PUBLIC void kc_smart_card_set_cla(struct kc_smart_card *card, uint8_t cla);
KC_PUBLIC uint8_t kc_smart_card_cla(const struct kc_smart_card *card);

/* Whether kc_smart_card_send_ins() uses these for what is too long otherwise. At first as the ATR
 * (and, for the extended form, the slot) says that it works. Since: 1.0 */
KC_PUBLIC void kc_smart_card_set_extended_length(struct kc_smart_card *card, bool is_used);
KC_PUBLIC bool kc_smart_card_uses_extended_length(const struct kc_smart_card *card);
KC_PUBLIC void kc_smart_card_set_command_chaining(struct kc_smart_card *card, bool is_used);
KC_PUBLIC bool kc_smart_card_uses_command_chaining(const struct kc_smart_card *card);

/* --- administration -------------------------------------------------------------------------- */

/*
 * Reset the card in a slot when it is our turn, waiting at most @timeout_ms (-1: up to a minute).
 * With @force whoever has a session loses it. Expected: as for sessions   Since: 1.0
 */
KC_PUBLIC KC_MUST_CHECK enum kc_status kc_slot_reset(const char *slot_name, int timeout_ms,
						     bool force);
/* Look anew what is on the card in a slot. It has begun when this returns.
 * Expected: KC_ERR_ITEM_NOT_FOUND  no such slot   Since: 1.0 */
KC_PUBLIC KC_MUST_CHECK enum kc_status kc_slot_reprobe(const char *slot_name);

/* In a holder's dictionary: text, but pid is a number and is_waiting a flag; pid and since may be
 * missing. */
#define KC_HOLDER_WHO	     "who"
#define KC_HOLDER_WHAT	     "what" /* it has the card for */
#define KC_HOLDER_PID	     "pid"
#define KC_HOLDER_SINCE	     "since"
#define KC_HOLDER_IS_WAITING "is_waiting"

/*
 * *ret_holders is an array of dictionaries: who has the card in a slot, then who waits for it.
 * Expected: KC_ERR_ITEM_NOT_FOUND. Free with kc_value_free(). Since: 1.0
 */
KC_PUBLIC KC_MUST_CHECK enum kc_status kc_slot_holders(const char *slot_name,
						       struct kc_value **ret_holders);

#ifdef __cplusplus
}
#endif

#endif
