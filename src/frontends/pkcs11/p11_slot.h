/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef PKCS11_P11_SLOT_H
#define PKCS11_P11_SLOT_H

/*
 * The slots: the first is the keychain's, with the software items, and is always there with a token
 * in it. Each token gets one when it is first seen, in the order in which they come, and keeps it
 * while the program lives: away, its slot is empty; back, it is in the same slot again. One more
 * slot is always empty, for programs that look at slots once and wait for a token in one of them.
 */

#include <keycask/dictionary.h>
#include <stdbool.h>

#include "frontends/pkcs11/p11_standard.h"

enum {
	P11_SLOT_KEYCHAIN = 1, /* slot IDs count from here */
};

struct p11_slot {
	CK_SLOT_ID id;
	char *token_id; /* NULL: the keychain, or a slot that no token had yet */
	bool is_present;
	bool has_event;	   /* not told by C_WaitForSlotEvent yet */
	CK_USER_TYPE user; /* who is logged in; P11_NOBODY */
	/* C_Login(CKU_SO): what the token's administrator proves, for the calls that take it. Wiped
	 * at logout. */
	struct secret *administrator;
	unsigned n_insertions; /* what was known of objects before is to be looked at again */
	unsigned n_asked;      /* p11_ability.c: n_insertions + 1 when that was done last */
	unsigned lacking;      /* and what it found */
	unsigned n_loaded;     /* p11_load.c: n_insertions when that was done last */
	/* Of a token: what its driver calls it, and its kind ("PIV"); NULL: not told. */
	char *label;
	char *model;
	struct p11_pin_rules *pin_rules; /* p11_token.c; NULL: not asked for yet */
};

#define P11_NOBODY ((CK_USER_TYPE)-1)

/* Within p11_module_enter(). Expected: NULL  no such slot */
struct p11_slot *p11_slot_find(CK_SLOT_ID id);

/* Within p11_module_enter(): nobody is logged in any more, as far as is known here. */
void p11_slot_forget_login(struct p11_slot *slot);

/* p11_event.c's, all within p11_module_enter(). @token is the token's dictionary, or an event's. A
 * change of presence is told by C_WaitForSlotEvent if it @is_event. */
CK_RV p11_slot_note_present(const char *token_id, const struct kc_dictionary *token, bool is_event);
/* A token that is there already is told of again: it has more items, or other ones. False: it is
 * not there. */
bool p11_slot_note_other_items(const char *token_id);
void p11_slot_note_absent(const char *token_id, bool is_event);
/* Those that are not among @tokens, an array of dictionaries, are absent; all of them, and the
 * keychain, when it is NULL. */
void p11_slot_note_listed(const struct kc_value *tokens, bool is_event);
bool p11_slot_has_event(void);
/* False: there is none. */
bool p11_slot_take_event(CK_SLOT_ID *ret_id);

/* p11_module.c's: at C_Initialize, after fork(), with the tables as they were (or not: @is_whole),
 * and at C_Finalize. */
CK_RV p11_slot_begin(void);
void p11_slot_inherit(bool is_whole);
void p11_slot_end(void);

#endif
