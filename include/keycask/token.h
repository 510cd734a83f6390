/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KEYCASK_TOKEN_H
#define KEYCASK_TOKEN_H

/*
 * Tokens (cards and what behaves like one), the slots they are put in, and the drivers that know
 * them. What they are comes in dictionaries with the names given here, the same as in the CLI's
 * JSON. Listing never touches a card.
 *
 * Stable since 1.0. Threads: any; one thread at a time per watcher.
 */

#include <keycask/dictionary.h>
#include <keycask/key.h>

#ifdef __cplusplus
extern "C" {
#endif

/* --- which are there ------------------------------------------------------------------------- */

/* In a token's dictionary: all text; slot, label and reason may be missing. */
#define KC_TOKEN_ID	     "token_id"
#define KC_TOKEN_DRIVER	     "driver"	   /* its class ID: "org.keycask.piv" */
#define KC_TOKEN_DRIVER_NAME "driver_name" /* what a person would call it: "PIV" */
#define KC_TOKEN_SLOT	     "slot"
#define KC_TOKEN_LABEL	     "label"
#define KC_TOKEN_STATE	     "state"  /* "present": its items are in the keychain; or "refused" */
#define KC_TOKEN_REASON	     "reason" /* why it is refused */

/*
 * *ret_tokens is an array of dictionaries, empty when no token is there.
 * Expected: KC_ERR_NOT_AVAILABLE  the daemon cannot be reached
 * Ownership: free with kc_value_free(). Untouched on failure.   Since: 1.0
 */
KC_PUBLIC KC_MUST_CHECK enum kc_status kc_token_list(struct kc_value **ret_tokens);

/* One token's dictionary. Expected: KC_ERR_ITEM_NOT_FOUND  it is not there
 * Ownership: *ret_token is the caller's; free with kc_dictionary_free().   Since: 1.0 */
KC_PUBLIC KC_MUST_CHECK enum kc_status kc_token_info(const char *token_id,
						     struct kc_dictionary **ret_token);

/* In a slot's dictionary: text, but token_ids is an array of it, the lengths are numbers and
 * is_being_read is a flag; all but name, provider, state and token_ids may be missing. */
#define KC_SLOT_NAME	 "name"
#define KC_SLOT_PROVIDER "provider"
#define KC_SLOT_STATE	 "state" /* "missing", "empty", "probing", "mute" or "valid" */
#define KC_SLOT_ATR	 "atr"	 /* upper-case hexadecimal */
/* bytes of a whole command, and of a whole response, that the slot carries */
#define KC_SLOT_MAX_INPUT_LENGTH  "max_input_length"
#define KC_SLOT_MAX_OUTPUT_LENGTH "max_output_length"
#define KC_SLOT_IS_BEING_READ	  "is_being_read" /* tokens of its card may yet come */
#define KC_SLOT_REASON		  "reason"	  /* why the card cannot be used now */
#define KC_SLOT_TOKEN_IDS	  "token_ids"

/* As kc_token_list(). Since: 1.0 */
KC_PUBLIC KC_MUST_CHECK enum kc_status kc_slot_list(struct kc_value **ret_slots);

/* In a driver's dictionary: class_id, name, type, path, program, reason are text, aids an array of
 * text (upper-case hexadecimal), enabled a flag; in the order in which they are asked.
 * As kc_token_list(). Since: 1.0 */
KC_PUBLIC KC_MUST_CHECK enum kc_status kc_driver_list(struct kc_value **ret_drivers);

/*
 * Use the driver @class_id, or do not use it, now and after a restart of the daemon. Tokens of a
 * driver that is switched off leave; they return when it is switched on.
 * Expected: KC_ERR_ITEM_NOT_FOUND  there is no such driver   Since: 1.0
 */
KC_PUBLIC KC_MUST_CHECK enum kc_status kc_driver_enable(const char *class_id, bool is_enabled);

/* --- news of them ---------------------------------------------------------------------------- */

/*
 * A watcher tells of each token once when it is inserted (its items are then in the keychain) and
 * once when it is removed (they are gone), in order, beginning with those that are there already.
 * It outlives a restart of the daemon: the tokens are then removed and inserted again.
 */
struct kc_token_watcher;

/* In an event's dictionary, besides KC_TOKEN_ID and, when known, _SLOT, _DRIVER and _LABEL. */
#define KC_EVENT	  "event"
#define KC_EVENT_INSERTED "inserted"
#define KC_EVENT_REMOVED  "removed"

/* Expected: KC_ERR_NOT_AVAILABLE. Free with kc_token_watcher_free(). Since: 1.0 */
KC_PUBLIC KC_MUST_CHECK enum kc_status kc_token_watcher_new(struct kc_token_watcher **ret_watcher);
KC_PUBLIC struct kc_token_watcher *kc_token_watcher_free(struct kc_token_watcher *watcher);

/*
 * The next event, waiting for it at most @timeout_ms (0: not at all, -1: for ever). *ret_event
 * is NULL when there was none in that time, else the caller's: kc_dictionary_free().
 * Expected: none while the daemon lives or comes back. Since: 1.0
 */
KC_PUBLIC KC_MUST_CHECK enum kc_status kc_token_watcher_next(struct kc_token_watcher *watcher,
							     int timeout_ms,
							     struct kc_dictionary **ret_event);

/*
 * For poll(): when it is readable, call kc_token_watcher_next() with timeout 0 until it gives
 * NULL. The same number for the life of the watcher. Since: 1.0
 */
KC_PUBLIC int kc_token_watcher_fd(const struct kc_token_watcher *watcher);

/*
 * Is there a daemon that the watcher hears of, as far as it knows after the last
 * kc_token_watcher_next() or _dispatch()? Without one no token is there; the watcher looks for a
 * new one by itself. False for NULL.
 * Threads: one at a time per watcher.   Since: 1.1
 */
KC_PUBLIC bool kc_token_watcher_has_daemon(const struct kc_token_watcher *watcher);

/*
 * Handlers, for whoever would rather be called. They run in kc_token_watcher_dispatch() and nowhere
 * else, in the thread that calls it. A handler may call every function of this library, also for
 * its own watcher: set and remove handlers, and free it; kc_token_watcher_dispatch() alone is
 * refused. After fork() the child may go on with its copy: there, all tokens are removed and
 * inserted again.
 *
 * @token is an event's dictionary; of a token that was not there it holds KC_TOKEN_ID alone. It is
 * borrowed for as long as the handler runs.
 */
typedef void (*kc_token_handler_fn)(const char *token_id, const struct kc_dictionary *token,
				    void *userdata);

/*
 * Have @handler called for each token that is inserted, and for each that is there already. A
 * second one replaces the first; NULL: none any more.
 * Expected: KC_ERR_PARAM  no watcher
 * Ownership: @userdata stays the caller's.   Threads: one at a time per watcher.   Since: 1.0
 */
KC_PUBLIC KC_MUST_CHECK enum kc_status kc_token_watcher_set_insertion_handler(
	struct kc_token_watcher *watcher, kc_token_handler_fn handler, void *userdata);

/*
 * Have @handler called once when the token @token_id is removed; at the next dispatch when it is
 * not there. A second one for the same token replaces the first; NULL: none any more.
 * Expected: KC_ERR_PARAM  no watcher, or no token ID
 * Ownership: @userdata stays the caller's.   Threads: one at a time per watcher.   Since: 1.0
 */
KC_PUBLIC KC_MUST_CHECK enum kc_status kc_token_watcher_add_removal_handler(
	struct kc_token_watcher *watcher, const char *token_id, kc_token_handler_fn handler,
	void *userdata);

/*
 * Run the handlers of everything that has happened; when nothing has, wait for it at most
 * @timeout_ms milliseconds (0: not at all, -1: for ever). Call it when kc_token_watcher_fd() is
 * readable, and once after handlers were set. The events that it takes are those that
 * kc_token_watcher_next() would have given: use the one or the other.
 * Expected: KC_ERR_PARAM  no watcher, or called by one of its handlers
 * Threads: one at a time per watcher.   Since: 1.0
 */
KC_PUBLIC KC_MUST_CHECK enum kc_status kc_token_watcher_dispatch(struct kc_token_watcher *watcher,
								 int timeout_ms);

/*
 * The IDs of the tokens that are there now, an array of text; empty when there is no daemon. Events
 * of them may be yet to come.
 * Expected: KC_ERR_PARAM  no watcher
 * Ownership: *ret_token_ids is the caller's; free with kc_value_free(). Untouched on failure.
 * Threads: one at a time per watcher.   Since: 1.0
 */
KC_PUBLIC KC_MUST_CHECK enum kc_status kc_token_watcher_copy_token_ids(
	const struct kc_token_watcher *watcher, struct kc_value **ret_token_ids);

/*
 * What was read from a token is kept, sealed, for when it comes back: certificates, which keys
 * there are, nothing secret. Forget it, of one token or (NULL) of all. One that is present stays
 * so. *ret_n_forgotten (may be NULL) is how many were known. Expected: KC_ERR_NOT_AVAILABLE
 * Since: 1.0
 */
KC_PUBLIC KC_MUST_CHECK enum kc_status kc_token_forget(const char *token_id, int *ret_n_forgotten);

/* --- the PIN --------------------------------------------------------------------------------- */

/*
 * Authenticate this process to the token, with the PIN of @options or by asking a person.
 * *ret_tries_left (may be NULL) is -1 when the token does not tell.
 * Expected: KC_ERR_AUTH_FAILED  wrong PIN, tries left in kc_error_last()
 *           KC_ERR_PIN_BLOCKED, KC_ERR_ITEM_NOT_FOUND   Since: 1.0
 */
KC_PUBLIC KC_MUST_CHECK enum kc_status kc_token_verify_pin(const char *token_id,
							   const struct kc_options *options,
							   int *ret_tries_left);

/*
 * Have the PIN forgotten that this process has proved to the token: what needs one asks for it
 * again. Fine when there was none, or when the token is away. Other processes are not affected.
 * Does not start the daemon.
 * Expected: KC_ERR_NOT_AVAILABLE  it is not running, and knows no PIN
 * Threads: any.   Since: 1.1
 */
KC_PUBLIC KC_MUST_CHECK enum kc_status kc_token_logout(const char *token_id);

/*
 * How many wrong PINs the token still accepts (-1 when it does not tell), and whether this process
 * is authenticated to it. Either result may be NULL. Costs no try.
 * Expected: KC_ERR_ITEM_NOT_FOUND   Since: 1.0
 */
KC_PUBLIC KC_MUST_CHECK enum kc_status kc_token_pin_status(const char *token_id,
							   int *ret_tries_left,
							   bool *ret_is_authenticated);

/* --- what its keys do ------------------------------------------------------------------------ */

/*
 * What the private keys of @token_id perform. *ret_types is an array of dictionaries, one for each
 * type of key that there is: KC_ATTR_KEY_TYPE, and KC_OPERATION_SIGN, KC_OPERATION_DECRYPT and
 * KC_OPERATION_EXCHANGE, arrays of names (names.h), the best first, for each of which
 * kc_key_is_algorithm_supported() says true of one of these keys at least. Touches no token, and
 * is one question for all of them.
 * Expected: KC_ERR_ITEM_NOT_FOUND  the token is away
 * Ownership: free with kc_value_free(). Untouched on failure.   Threads: any.   Since: 1.1
 */
KC_PUBLIC KC_MUST_CHECK enum kc_status kc_token_copy_algorithms(const char *token_id,
								struct kc_value **ret_types);

/* --- its PINs -------------------------------------------------------------------------------- */

/*
 * In a PIN's dictionary: text, but min_length, max_length (characters) and tries_left are numbers,
 * is_numeric a flag, unblocked_by an array of text (the pin_id of others). tries_left is missing
 * when the token does not tell.
 */
#define KC_PIN_ID	    "pin_id"
#define KC_PIN_LABEL	    "label"
#define KC_PIN_ROLE	    "role" /* "user", "unblocking" or "admin" */
#define KC_PIN_MIN_LENGTH   "min_length"
#define KC_PIN_MAX_LENGTH   "max_length"
#define KC_PIN_IS_NUMERIC   "is_numeric"
#define KC_PIN_UNBLOCKED_BY "unblocked_by"
#define KC_PIN_TRIES_LEFT   "tries_left"

/*
 * *ret_pins is an array of dictionaries; the first with the role "user" is the PIN of the token.
 * Costs no try. Expected: KC_ERR_ITEM_NOT_FOUND
 * Ownership: free with kc_value_free(). Untouched on failure.   Since: 1.0
 */
KC_PUBLIC KC_MUST_CHECK enum kc_status kc_token_copy_pins(const char *token_id,
							  struct kc_value **ret_pins);

/* Which PIN gets which value. Start from KC_PIN_CHANGE_INIT. What is not given (data NULL) is asked
 * of a person, on the reader's keypad if it has one. */
struct kc_pin_change {
	size_t size;	    /* of this struct, as the caller was compiled */
	const char *pin_id; /* its ID or its role; NULL: the PIN of the token */
	struct kc_view current;
	struct kc_view new_pin;
};

#define KC_PIN_CHANGE_INIT                                                                         \
	{                                                                                          \
		sizeof(struct kc_pin_change), NULL, {NULL, 0},                                     \
		{                                                                                  \
			NULL, 0                                                                    \
		}                                                                                  \
	}

/*
 * Change a PIN. A new one that breaks the rules of its dictionary costs nothing. Afterwards this
 * process is authenticated with the new one, as far as policy keeps PINs, and no other process is.
 * @options has no pin: they are in @change.
 * Expected: KC_ERR_AUTH_FAILED, KC_ERR_PIN_BLOCKED  @change->current is wrong, as in
 *                                                   kc_token_verify_pin()
 *           KC_ERR_PARAM          no such PIN, or the new one is not possible
 *           KC_ERR_UNIMPLEMENTED  PINs of this token cannot be changed
 * Since: 1.0
 */
KC_PUBLIC KC_MUST_CHECK enum kc_status kc_token_change_pin(const char *token_id,
							   const struct kc_pin_change *change,
							   const struct kc_options *options);

/* As struct kc_pin_change; start from KC_PIN_UNBLOCK_INIT. */
struct kc_pin_unblock {
	size_t size;
	const char *pin_id;	   /* which is blocked; NULL: the PIN of the token */
	const char *by;		   /* which unblocks it; NULL: the first that can */
	struct kc_view unblocking; /* the value of that one */
	struct kc_view new_pin;
};

#define KC_PIN_UNBLOCK_INIT                                                                        \
	{                                                                                          \
		sizeof(struct kc_pin_unblock), NULL, NULL, {NULL, 0},                              \
		{                                                                                  \
			NULL, 0                                                                    \
		}                                                                                  \
	}

/* Set a PIN anew that is blocked, or forgotten. As kc_token_change_pin(). Since: 1.0 */
KC_PUBLIC KC_MUST_CHECK enum kc_status kc_token_unblock_pin(const char *token_id,
							    const struct kc_pin_unblock *unblock,
							    const struct kc_options *options);

/* --- writing to it --------------------------------------------------------------------------- */

/* Where a certificate goes on a token, and what it may cost. Start from KC_TOKEN_PLACE_INIT. */
struct kc_token_place {
	size_t size; /* of this struct, as the caller was compiled */
	/* The token's word for it, as KC_TOKEN_OBJECT ("9a", "signature"); NULL: where the key is
	 * that the certificate certifies. */
	const char *token_object;
	bool may_replace;  /* another certificate that is there may be lost */
	bool may_mismatch; /* the key that is there may be another, or one that nobody knows of */
};

#define KC_TOKEN_PLACE_INIT                                                                        \
	{                                                                                          \
		sizeof(struct kc_token_place), NULL, false, false                                  \
	}

/*
 * Put the certificate @der on the token @token_id, at @place (NULL: KC_TOKEN_PLACE_INIT). What the
 * token's administrator has to prove is in @options->administrator, or asked of a person. When it
 * is done the token's items are those that it has now.
 * Expected: KC_ERR_DECODE          @der is no certificate
 *           KC_ERR_DUPLICATE_ITEM  there is another one: may_replace
 *           KC_ERR_PARAM           there is no such place, another key in it, or too little room on
 *                                  the token: kc_error_last() says how much there is to store
 *           KC_ERR_AUTH_FAILED, KC_ERR_PIN_BLOCKED  as kc_token_verify_pin(), of the administrator
 *           KC_ERR_UNIMPLEMENTED   nothing can be written to this token
 *           KC_ERR_ITEM_NOT_FOUND  the token is away, or has left meanwhile
 * Ownership: *ret_reference (may be NULL) is the certificate's persistent reference, the caller's;
 * free with kc_bytes_free(). Untouched on failure.   Threads: any.   Since: 1.1
 */
KC_PUBLIC KC_MUST_CHECK enum kc_status kc_token_put_certificate(const char *token_id,
								struct kc_view der,
								const struct kc_token_place *place,
								const struct kc_options *options,
								struct kc_bytes *ret_reference);

/*
 * Delete the certificate or private key with this persistent reference from its token, for good.
 * The administrator as in kc_token_put_certificate().
 * Expected: KC_ERR_PARAM           @reference is that of no single object of a token
 *           KC_ERR_UNIMPLEMENTED   the token cannot delete that: few cards delete a key
 *           KC_ERR_ITEM_NOT_FOUND  it is not there, or its token is away
 *           and as kc_token_put_certificate()
 * Threads: any.   Since: 1.1
 */
KC_PUBLIC KC_MUST_CHECK enum kc_status kc_token_delete_object(struct kc_view reference,
							      const struct kc_options *options);

#ifdef __cplusplus
}
#endif

#endif
