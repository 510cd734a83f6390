/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef VCARD_FAULTS_H
#define VCARD_FAULTS_H

/*
 * Faults on order. Each is written KIND@WHEN[:ARGUMENT]; WHEN is the number of an APDU, counted
 * from 1 over the life of the process, or * for every one:
 *   remove@7       the card is pulled after answering APDU 7
 *   mute@3         from APDU 3 on nothing is answered any more
 *   sw@5:6F00      APDU 5 is not carried out, its answer is this status word
 *   slow@*:200     the answer comes 200 ms late
 *   truncate@4:3   only the first 3 bytes of the answer are sent
 *   extend@4:16    16 bytes of junk follow the answer
 *   flip@4:13      bit 13 of the answer is inverted (0 is the first bit sent; counted round)
 */

#include "base/bytes.h"

enum fault_kind {
	FAULT_REMOVE,
	FAULT_MUTE,
	FAULT_SW,
	FAULT_SLOW,
	FAULT_TRUNCATE,
	FAULT_EXTEND,
	FAULT_FLIP,
};

enum {
	FAULTS_MAX = 16,
	FAULTS_EXTEND_MAX = 4096,
};

struct fault {
	enum fault_kind kind;
	unsigned long at; /* 0: every APDU */
	unsigned argument;
};

struct faults {
	struct fault list[FAULTS_MAX];
	size_t n_faults;
};

/* Expected: KC_ERR_PARAM  what is wrong with @text is in the record. */
KC_MUST_CHECK enum kc_status faults_add(struct faults *faults, const char *text);

/* The fault of @kind that is due at APDU @number, or NULL. */
const struct fault *faults_find(const struct faults *faults, enum fault_kind kind,
				unsigned long number);

/* Truncate, extend and flip @answer as ordered for APDU @number. */
KC_MUST_CHECK enum kc_status faults_spoil(const struct faults *faults, unsigned long number,
					  struct bytes *answer);

#endif
