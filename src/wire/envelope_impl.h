/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef WIRE_ENVELOPE_IMPL_H
#define WIRE_ENVELOPE_IMPL_H

/* The two outer objects of Varlink: a call and a reply. */

#include <stdbool.h>

#include "wire/field.h"

/* A call as it came in; text and parameters are borrowed from its message. */
struct envelope_call {
	const char *method;
	struct json_object *parameters; /* NULL: none */
	bool is_oneway;
	bool wants_more;
	bool wants_upgrade;
};

/* Expected: KC_ERR_DECODE  not a call at all */
KC_MUST_CHECK enum kc_status envelope_read_call(struct json_object *message,
						struct envelope_call *ret_call);

/* Takes @parameters in any case (NULL: none). */
KC_MUST_CHECK enum kc_status envelope_new_call(const char *method, struct json_object *parameters,
					       bool wants_more, struct json_object **ret_message);

struct envelope_reply {
	const char *error;		/* NULL: success */
	struct json_object *parameters; /* NULL: none */
	bool continues;
};

/* Expected: KC_ERR_DECODE  not a reply at all */
KC_MUST_CHECK enum kc_status envelope_read_reply(struct json_object *message,
						 struct envelope_reply *ret_reply);

/* Takes @parameters in any case (NULL: empty); @error may be NULL. */
KC_MUST_CHECK enum kc_status envelope_new_reply(const char *error, struct json_object *parameters,
						bool continues, struct json_object **ret_message);

/* The reply's parameters with a reference of the caller's own; an empty object when absent. */
KC_MUST_CHECK enum kc_status envelope_keep_parameters(const struct envelope_reply *reply,
						      struct json_object **ret_parameters);

#endif
