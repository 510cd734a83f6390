/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef DRIVERTOOL_FINDINGS_H
#define DRIVERTOOL_FINDINGS_H

/* What is wrong with a driver, each thing once, however often it was seen. */

#include "wire/field.h"

/* What was going on when it was seen. */
struct findings_place {
	const char *test;  /* "replay", "hostile" or "fuzz" */
	const char *file;  /* the recording, NULL: none */
	const char *call;  /* the method, NULL: between calls */
	const char *spoil; /* what was done to an answer, NULL: nothing */
	int64_t apdu;	   /* to which, from 1; 0: none */
	uint64_t seed;	   /* of a fuzz run */
};

struct findings {
	struct json_object *list;
	bool is_out_of_memory; /* then what is missing may be the one that matters */
};

KC_MUST_CHECK enum kc_status findings_init(struct findings *findings);
void findings_done(struct findings *findings);

/* @kind is "crash", "hang", "flood", "protocol", "leak", "trust", "unrecorded" or "refused". */
void findings_add(struct findings *findings, const struct findings_place *place, const char *kind,
		  const char *format, ...) __attribute__((format(printf, 4, 5)));

size_t findings_count(const struct findings *findings);
void findings_print(const struct findings *findings);

#endif
