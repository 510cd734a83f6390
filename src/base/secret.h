/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BASE_SECRET_H
#define BASE_SECRET_H

/*
 * struct secret: bytes nobody else may see, such as a PIN. Kept in its own locked pages that are
 * left out of core dumps and wiped on release. There is no copy and no print function: a secret
 * moves with secret_take() and is looked at through a view.
 */

#include <keycask/bytes.h>
#include <keycask/status.h>

struct secret {
	uint8_t *data;
	size_t len;
	size_t mapped;
};

enum {
	SECRET_MAX = 8192, /* the longest is an RSA key of 8192 bits */
};

/* Store @view as the content of @ret_secret. Expected: KC_ERR_PARAM  longer than SECRET_MAX. */
KC_MUST_CHECK enum kc_status secret_init(struct secret *ret_secret, struct kc_view view);

/* Pages for @capacity bytes to be filled in place; len starts at 0. */
KC_MUST_CHECK enum kc_status secret_reserve(struct secret *ret_secret, size_t capacity);

/* Wipe and release. Accepts a zeroed struct and leaves one. */
void secret_done(struct secret *secret);

/* Move: the result owns the content, @secret is empty. */
struct secret secret_take(struct secret *secret);

static inline struct kc_view secret_view(const struct secret *secret)
{
	return (struct kc_view){secret->data, secret->len};
}

#endif
