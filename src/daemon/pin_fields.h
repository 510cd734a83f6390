/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef DAEMON_PIN_FIELDS_H
#define DAEMON_PIN_FIELDS_H

/*
 * The PINs that a call brings: as text in its fields "pin", "current", "unblocking" and "new"; or
 * better in memory that comes along as a descriptor, one PIN in "pin_fd", several in "secrets_fd".
 * What an administrator proves comes as "administrator" or in "administrator_fd".
 */

#include "base/secret.h"
#include "wire/service.h"

struct pin_fields {
	struct secret guard; /* what must be right: "pin", "administrator", "current" or
			      * "unblocking" */
	struct secret new_pin;
	bool has_guard;
	bool has_new;
};

void pin_fields_done(struct pin_fields *fields);

/* Expected: KC_ERR_PARAM  what came is no PIN, or comes twice */
KC_MUST_CHECK enum kc_status pin_fields_take(struct wire_call *call, struct pin_fields *ret_fields);

/* To be taken; NULL when it did not come. */
struct secret *pin_fields_guard(struct pin_fields *fields);
struct secret *pin_fields_new(struct pin_fields *fields);

#endif
