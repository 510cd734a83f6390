/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef WIRE_FAILURE_H
#define WIRE_FAILURE_H

/*
 * The error record in a reply: {"error": "org.keycask.Keys.Failed", "parameters": {"record": …}}.
 * Written by whoever answers, read by whoever called; the status is the same number on both sides.
 */

#include "base/error.h"
#include "wire/field.h"

/* The parameters of a Failed error for @status and this thread's record. @request 0: left out. */
KC_MUST_CHECK enum kc_status failure_put(enum kc_status status, uint64_t request,
					 struct json_object **ret_parameters);

/*
 * The status that an error reply stands for; this thread's record becomes the reply's. Errors of
 * org.varlink.service map to KC_ERR_UNIMPLEMENTED (interface or method not found or not
 * implemented) and KC_ERR_PARAM; anything else to KC_ERR_INTERNAL. Never KC_OK.
 */
enum kc_status failure_adopt(const char *error, struct json_object *parameters);

#endif
