/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef DAEMON_EVENTS_H
#define DAEMON_EVENTS_H

/* What watchers are sent. */

#include "wire/field.h"

/* A reply of org.keycask.Tokens.Watch from a Token. */
KC_MUST_CHECK enum kc_status events_make_token(const char *event, struct json_object *token,
					       struct json_object **ret_event);

/* A reply of org.keycask.Slots.Watch from a Slot; @slot is borrowed. */
KC_MUST_CHECK enum kc_status events_make_slot(struct json_object *slot,
					      struct json_object **ret_event);

#endif
