/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TOKENS_WRITING_H
#define TOKENS_WRITING_H

/* An operation that has a token make a key, or writes to it: what its administrator may do. */

#include "tokens/operation.h"

enum writing_kind {
	WRITING_GENERATE,    /* KeyWish; the reply's "object" is the key */
	WRITING_IMPORT,	     /* KeyWish, and a PrivateKey */
	WRITING_CERTIFICATE, /* CertificateWish; "object" is the certificate */
	WRITING_DELETION,    /* DeletionWish; the reply is NULL */
};

/* As org.keycask.Driver has them, borrowed. */
struct writing_wish {
	enum writing_kind kind;
	struct json_object *wish;
	struct json_object *key; /* of an import; NULL */
};

/*
 * What the administrator proves is options->pin: a PIN, or a management key in hexadecimal; without
 * it a person is asked. The reply has "object_id", as published, and "object", as the driver
 * describes it.
 */
KC_MUST_CHECK enum kc_status writing_start(struct token *token,
					   const struct operation_options *options,
					   const struct writing_wish *wish,
					   struct operation **ret_operation);

#endif
