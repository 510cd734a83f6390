/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CLIENT_INTERACTION_H
#define CLIENT_INTERACTION_H

/* How a call may be carried out: what struct kc_options says, as the wire says it. */

#include <keycask/key.h>

#include "wire/field.h"

/* @given (NULL: all defaults) as this library knows it, whatever its caller was compiled with.
 * Expected: as sized_read() */
KC_MUST_CHECK enum kc_status interaction_read(const struct kc_options *given,
					      struct kc_options *ret_options);

/* For wire_client_call(): the time limit that @options ask for, -1 for none. */
int interaction_timeout_ms(const struct kc_options *options);

/*
 * Put pin_fd, last_try and interaction into @parameters. *ret_pin_fd is the sealed memory that
 * holds the PIN and goes along with the call, the caller's to close; -1 when there is no PIN.
 */
KC_MUST_CHECK enum kc_status interaction_put(const struct kc_options *options,
					     struct json_object *parameters, int *ret_pin_fd);

/* The same with @secret in place of options->pin, and the field @name of its descriptor. */
KC_MUST_CHECK enum kc_status interaction_put_alone(const struct kc_options *options,
						   const char *name, struct kc_view secret,
						   struct json_object *parameters, int *ret_fd);

/* Put into @parameters where a person can be reached, and nothing else. */
KC_MUST_CHECK enum kc_status interaction_put_person(struct json_object *parameters);

/* A PIN or password that travels with others. */
struct interaction_secret {
	const char *name;   /* "current", "unblocking", "new" … */
	struct kc_view pin; /* data NULL: it does not */
};

/* As interaction_put(), with the @n @secrets in place of options->pin. */
KC_MUST_CHECK enum kc_status interaction_put_secrets(const struct kc_options *options,
						     const struct interaction_secret *secrets,
						     size_t n, struct json_object *parameters,
						     int *ret_fd);

/* The secrets alone, and nothing of a person. */
KC_MUST_CHECK enum kc_status interaction_put_sealed(const struct interaction_secret *secrets,
						    size_t n, struct json_object *parameters,
						    int *ret_fd);

#endif
