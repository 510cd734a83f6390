/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CODEC_ATR_H
#define CODEC_ATR_H

/*
 * The answer to reset of ISO 7816-3 section 8.2, read strictly: all of it must be there, nothing
 * may follow, and the check byte must be right where the standard wants one.
 */

#include <stdbool.h>

#include "base/bytes.h"
#include "codec/tlv.h"

enum {
	ATR_BYTES_MAX = 33, /* 8.2.1: TS and at most 32 characters */
	ATR_GROUPS_MAX = 32,
	ATR_PROTOCOLS_MAX = 16,
	ATR_RECORDS_MAX = 16, /* 15 historical bytes, and the status indicator */
	ATR_ABSENT = -1,
};

/* TAi, TBi, TCi and the protocol that TD(i-1) gives them; ATR_ABSENT for what is not there. The
 * first group is that of no protocol. */
struct atr_group {
	int ta;
	int tb;
	int tc;
	int protocol;
};

struct atr {
	uint8_t bytes[ATR_BYTES_MAX];
	size_t len;
	struct atr_group groups[ATR_GROUPS_MAX]; /* group 1 of the standard first */
	size_t n_groups;
	uint8_t protocols[ATR_PROTOCOLS_MAX]; /* in order, each once, 15 (global bytes) included */
	size_t n_protocols;
	size_t historical_at; /* bytes[historical_at], n_historical of them */
	size_t n_historical;
};

/* Read one byte after the other. Expected: KC_ERR_COMMUNICATION or another from @next: there are no
 * more; it is passed on. */
typedef enum kc_status (*atr_next_fn)(void *context, uint8_t *ret_byte);

/* Takes as many bytes as the ATR has and no more. Expected: KC_ERR_CORRUPTED_DATA  naming why */
KC_MUST_CHECK enum kc_status atr_pull(atr_next_fn next, void *context, struct atr *ret_atr);
/* @bytes is one whole ATR. Expected: KC_ERR_CORRUPTED_DATA */
KC_MUST_CHECK enum kc_status atr_parse(struct kc_view bytes, struct atr *ret_atr);

/* Borrowed from @atr. */
struct kc_view atr_historical(const struct atr *atr);

/*
 * The COMPACT-TLV records of the historical bytes, borrowed from @atr; false when they are not
 * structured so. Three status bytes at the end of category 00 come as record 8, which is how
 * category 80 would have them.
 */
bool atr_records(const struct atr *atr, struct tlv records[ATR_RECORDS_MAX], size_t *ret_n);

/* What the card capabilities among the records say. */
bool atr_can_chain(const struct atr *atr);
bool atr_can_extend(const struct atr *atr);

#endif
