/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef DAEMON_SECRET_FIELDS_H
#define DAEMON_SECRET_FIELDS_H

/*
 * The secrets that a call brings: as text in fields of their own names; or better in memory that
 * comes along as the descriptor "secrets_fd", where "secrets" names them.
 */

#include "base/secret.h"
#include "wire/service.h"

enum {
	SECRET_FIELDS_MAX = 3,
};

/* What a call may bring. All static. */
struct secret_fields_rules {
	const char *names[SECRET_FIELDS_MAX]; /* the first NULL ends them */
	const char *noun;		      /* "PIN", "password" */
	size_t bytes_max;		      /* of each one */
	int descriptor;			      /* what "secrets_fd" must be: its place among all */
};

/* By their place in rules.names. */
struct secret_fields {
	struct secret values[SECRET_FIELDS_MAX];
	bool is_there[SECRET_FIELDS_MAX];
};

void secret_fields_done(struct secret_fields *fields);

/*
 * What comes before it must have been taken from @call already.
 * Expected: KC_ERR_PARAM  one is no text, or comes twice; what came along cannot be read
 */
KC_MUST_CHECK enum kc_status secret_fields_take(struct wire_call *call,
						const struct secret_fields_rules *rules,
						struct secret_fields *ret_fields);

/* To be taken; NULL when it did not come. */
struct secret *secret_fields_get(struct secret_fields *fields, size_t place);

/*
 * Up to @max bytes of the next descriptor that came with @call, which must be a memfd or a file
 * and is called @name. Expected: KC_ERR_PARAM
 */
KC_MUST_CHECK enum kc_status secret_fields_read(struct wire_call *call, const char *name,
						size_t max, struct secret *ret_content);

/* What cannot be typed at a prompt is none: a copy of @value otherwise. Expected: KC_ERR_PARAM */
KC_MUST_CHECK enum kc_status secret_fields_copy(const struct secret_fields_rules *rules,
						struct kc_view value, struct secret *ret_secret);

/* All bytes of a JSON text. */
struct kc_view secret_fields_text(struct json_object *text);

#endif
