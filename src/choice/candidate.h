/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHOICE_CANDIDATE_H
#define CHOICE_CANDIDATE_H

/* What is wished for, and an identity that may be it. All of it is borrowed. */

#include "choice/purpose.h"
#include "wire/field.h"

struct wish {
	const struct purpose *purpose;
	const char *host;	       /* NULL: any; host_is_one() */
	struct json_object *issuers;   /* array of normalized Names in base64; empty, NULL: any */
	struct json_object *key_types; /* array; empty, NULL: any */
	bool wants_algorithm;	       /* one of some, rather than any */
	int64_t now_us;		       /* since 1970-01-01T00:00:00Z */
};

struct candidate {
	struct json_object *facts; /* of its certificate, as org.keycask.X509 gives them */
	struct kc_view reference;
	const char *key_type;
	unsigned key_size_in_bits;
	bool is_on_token; /* its key */
	bool needs_pin;
	bool has_ability;   /* the key signs or decrypts, as the purpose wants */
	bool has_algorithm; /* one that is wished for */
	int issuer_depth;   /* of struct chain; -1: no issuer is in the list */
};

#endif
