/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CLIENT_SLOT_IMPL_H
#define CLIENT_SLOT_IMPL_H

/* A slot inside this room: slot_object.c keeps it, slot_manager.c and smart_card.c use it. */

#include <keycask/smartcard.h>

#include "wire/field.h"

/* Counted: the manager has one reference, each of the application's another. */
struct kc_slot {
	unsigned n_references;
	char *name;
	enum kc_slot_state state;
	struct kc_atr *atr;
	size_t max_input;
	size_t max_output;
	int64_t insertion; /* 0: no card can be talked to */
};

/* As org.keycask.Slots describes it. */
KC_MUST_CHECK enum kc_status slot_object_new(struct json_object *description,
					     struct kc_slot **ret_slot);
void slot_object_update(struct kc_slot *slot, struct json_object *description);
struct kc_slot *slot_object_ref(struct kc_slot *slot);
/* It is gone for good. */
void slot_object_miss(struct kc_slot *slot);

#endif
