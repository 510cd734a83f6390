/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef DRIVERKIT_SERVE_IMPL_H
#define DRIVERKIT_SERVE_IMPL_H

/* What the handlers of serve.c, serve_creation.c and serve_write.c share. */

#include "base/secret.h"
#include "driverkit/session.h"
#include "wire/field.h"
#include "wire/service.h"

/* A handler proper: fill @reply. */
typedef enum kc_status (*serve_answer_fn)(struct kc_token *token, const struct session_turn *turn,
					  struct json_object *parameters,
					  struct json_object *reply);

/* What all handlers have in common: turn, log line, answer or failure. */
void serve_answer(struct wire_call *call, serve_answer_fn fill);

/* Move the PIN @name out of the JSON object. An absent one has data NULL: it is typed on the
 * keypad. */
KC_MUST_CHECK enum kc_status serve_take_pin(struct json_object *parameters, const char *name,
					    struct secret *ret_pin, struct kc_view *ret_view);

/* serve_creation.c */
void serve_creation_plan(struct wire_call *call);
void serve_creation_challenge(struct wire_call *call);
void serve_creation_authenticate(struct wire_call *call);
void serve_creation_generate(struct wire_call *call);
KC_MUST_CHECK enum kc_status serve_creation_read_wish(struct json_object *parameters,
						      struct kc_key_wish *ret_wish);
KC_MUST_CHECK enum kc_status serve_creation_read_type(const char *name, enum kc_key_type *ret_type);
/* The one object in @made. */
KC_MUST_CHECK enum kc_status serve_creation_put_made(const struct kc_contents *made,
						     struct json_object *reply);

/* serve_write.c */
void serve_write_import(struct wire_call *call);
void serve_write_plan_certificate(struct wire_call *call);
void serve_write_put_certificate(struct wire_call *call);
void serve_write_plan_deletion(struct wire_call *call);
void serve_write_delete(struct wire_call *call);

#endif
