/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef WIRE_IDL_H
#define WIRE_IDL_H

/*
 * Varlink interface definitions: parsed once at start, then each call's parameters are checked
 * against them before a handler sees them. A definition may come from a file, so its parser is
 * strict and bounded like any other.
 */

#include <stdbool.h>

#include "wire/field.h"

struct idl;

/* Expected: KC_ERR_DECODE  with line and reason in the record. */
KC_MUST_CHECK enum kc_status idl_parse(const char *text, struct idl **ret_idl);
struct idl *idl_free(struct idl *idl);
DEFINE_FREEP(idl)

/* "org.keycask.Items"; lives as long as @idl. */
const char *idl_name(const struct idl *idl);

size_t idl_method_count(const struct idl *idl);
const char *idl_method_name(const struct idl *idl, size_t index);
bool idl_has_method(const struct idl *idl, const char *method);
bool idl_has_error(const struct idl *idl, const char *error);

enum idl_side {
	IDL_INPUT,
	IDL_OUTPUT,
};

/*
 * Check @parameters (NULL is an empty object) against one side of @method: all fields that are not
 * nullable are there, every field is of its type, no unknown fields. *ret_parameter names the
 * offending field (lives as long as @idl and @parameters), also for unknown ones.
 * Expected: KC_ERR_PARAM
 */
KC_MUST_CHECK enum kc_status idl_check(const struct idl *idl, const char *method,
				       enum idl_side side, struct json_object *parameters,
				       const char **ret_parameter);

#endif
