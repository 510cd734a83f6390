/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef DAEMON_CALLS_H
#define DAEMON_CALLS_H

/* The handlers behind dispatch.c's tables, by interface; wire/service.h says what a handler is. */

#include "daemon/daemon.h"

/* item_calls.c */
void item_calls_copy_matching(struct wire_call *call);
void item_calls_add(struct wire_call *call);
void item_calls_update(struct wire_call *call);
void item_calls_delete(struct wire_call *call);

/* keychain_calls.c */
void keychain_calls_state(struct wire_call *call);
void keychain_calls_lock(struct wire_call *call);

/* password_calls.c */
void password_calls_unlock(struct wire_call *call);
void password_calls_change(struct wire_call *call);

/* context_calls.c */
void context_calls_new(struct wire_call *call);
void context_calls_end(struct wire_call *call);

/* backup_calls.c */
void backup_calls_backup(struct wire_call *call);
void backup_calls_restore(struct wire_call *call);

/* key_calls.c */
void key_calls_sign(struct wire_call *call);
void key_calls_decrypt(struct wire_call *call);
void key_calls_exchange(struct wire_call *call);

/* public_calls.c */
void public_calls_verify(struct wire_call *call);
void public_calls_encrypt(struct wire_call *call);
void public_calls_copy_public(struct wire_call *call);
void public_calls_is_algorithm_supported(struct wire_call *call);

/* algorithm_calls.c */
void algorithm_calls_list(struct wire_call *call);

/* attribute_calls.c */
void attribute_calls_copy(struct wire_call *call);

/* create_calls.c */
void create_calls_create(struct wire_call *call);

/* import_calls.c */
void import_calls_key(struct wire_call *call);

/* export_calls.c */
void export_calls_key(struct wire_call *call);

/* key_forget_calls.c */
void key_forget_calls_forget(struct wire_call *call);

/* item_import.c, item_export.c */
void item_import_run(struct wire_call *call);
void item_export_run(struct wire_call *call);

/* identity_calls.c */
void identity_calls_choose(struct wire_call *call);

/* certificate_calls.c */
void certificate_calls_inspect(struct wire_call *call);

/* token_calls.c */
void token_calls_list(struct wire_call *call);
void token_calls_info(struct wire_call *call);
void token_calls_watch(struct wire_call *call);
void token_calls_forget(struct wire_call *call);

/* write_calls.c */
void write_calls_put_certificate(struct wire_call *call);
void write_calls_delete_object(struct wire_call *call);

/* pin_calls.c */
void pin_calls_logout(struct wire_call *call);
void pin_calls_verify(struct wire_call *call);
void pin_calls_status(struct wire_call *call);
void pin_calls_change(struct wire_call *call);
void pin_calls_unblock(struct wire_call *call);
void pin_calls_list(struct wire_call *call);

/* slot_calls.c */
void slot_calls_list(struct wire_call *call);
void slot_calls_watch(struct wire_call *call);

/* card_calls.c */
void card_calls_begin(struct wire_call *call);
void card_calls_transmit(struct wire_call *call);
void card_calls_end(struct wire_call *call);
void card_calls_reset(struct wire_call *call);
void card_calls_reprobe(struct wire_call *call);
void card_calls_who_holds(struct wire_call *call);

/* admin_calls.c */
void admin_calls_status(struct wire_call *call);
void admin_calls_examine(struct wire_call *call);
void admin_calls_list_drivers(struct wire_call *call);
void admin_calls_enable_driver(struct wire_call *call);
void admin_calls_lock(struct wire_call *call);
void admin_calls_stop(struct wire_call *call);

/* What everybody may know of the key that @call's parameter "key" names; nobody is asked.
 * Expected: KC_ERR_PARAM, KC_ERR_ITEM_NOT_FOUND, KC_ERR_INTERACTION_NOT_ALLOWED */
KC_MUST_CHECK enum kc_status calls_find_key(struct wire_call *call, struct engine_key *ret_key);

/* The same for a use of it, with what has been proved: key_lookup_find(). */
KC_MUST_CHECK enum kc_status calls_find_key_for(struct wire_call *call, enum engine_use use,
						struct engine_request *request,
						struct engine_key *ret_key);

/* Is it a key to decrypt with? What an EC key decrypts it decrypts by exchanging keys
 * (reference/keychain.md 5.3, ECIES). */
bool calls_may_decrypt(const struct engine_key *key);

/* A request to the engine for whoever made @call: the caller's access, and nothing proved yet.
 * Borrows from the call's client; release with engine_need_done(&request.need). */
struct engine_request calls_request(struct wire_call *call);

/* A line of the audit log begun: which request it is, and whose. Borrows from the call's client. */
struct audit_entry calls_audit_entry(struct wire_call *call);

/* Reply with {@name: @value}, or fail: how most handlers end. Takes @value and @call. */
void calls_answer(struct wire_call *call, enum kc_status status, const char *name,
		  struct json_object *value);

#endif
