/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TOKENS_DRIVER_CHOICES_H
#define TOKENS_DRIVER_CHOICES_H

/*
 * What the user has decided about drivers: drivers.json in the folder of settings,
 * {"disabled": ["org.example.card"], "order": ["org.keycask.piv"]}. The order says who serves an
 * application that several drivers know; drivers that it does not name come after those.
 */

#include <stdbool.h>

#include "wire/field.h"

struct driver_choices {
	struct json_object *object; /* NULL: nothing was decided */
};

void driver_choices_done(struct driver_choices *choices);

/* A file that is not there decides nothing. Expected: KC_ERR_DECODE  naming the file and the key */
KC_MUST_CHECK enum kc_status driver_choices_load(const char *path,
						 struct driver_choices *ret_choices);

bool driver_choices_has_disabled(const struct driver_choices *choices, const char *class_id);
/* 0 for the first in the order; drivers that it does not name share the last place. */
size_t driver_choices_place(const struct driver_choices *choices, const char *class_id);

/*
 * Switch a driver on or off in the file at @path, which is replaced as a whole: nobody ever reads
 * half of it. Expected: KC_ERR_NOT_AVAILABLE  the file cannot be written; KC_ERR_DECODE
 */
KC_MUST_CHECK enum kc_status driver_choices_enable(const char *path, const char *class_id,
						   bool is_enabled);

#endif
