/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef DAEMON_ISSUER_POOL_H
#define DAEMON_ISSUER_POOL_H

/*
 * The certificates of the keychain that issuers are looked for among, as far as somebody has looked
 * (choice/chain.h). A name is asked for, its certificates are found, their facts brought one after
 * the other; then the name is in the pool.
 */

#include "daemon/daemon.h"

struct issuer_pool {
	struct json_object *pool;    /* owned: what chain_find() takes */
	char *subject;		     /* the name that is being loaded; NULL: none */
	struct json_object *found;   /* owned: its certificates, base64 DER */
	struct json_object *entries; /* owned: those whose facts are known */
	size_t i_found;
};

KC_MUST_CHECK enum kc_status issuer_pool_init(struct issuer_pool *pool);
void issuer_pool_done(struct issuer_pool *pool);

/* Begin to load what @call's peer sees of @subject. What is locked is not there. */
KC_MUST_CHECK enum kc_status issuer_pool_load(struct issuer_pool *pool, struct wire_call *call,
					      const char *subject);

/* The certificate whose facts are needed next, base64 DER; NULL: all names are loaded. */
KC_MUST_CHECK enum kc_status issuer_pool_next(struct issuer_pool *pool, const char **ret_der);

/* These are its facts (borrowed); NULL: it is none. */
KC_MUST_CHECK enum kc_status issuer_pool_put(struct issuer_pool *pool, struct json_object *facts);

#endif
