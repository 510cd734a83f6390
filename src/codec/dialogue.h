/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CODEC_DIALOGUE_H
#define CODEC_DIALOGUE_H

/*
 * One command and its whole answer, in as many APDUs as ISO 7816-4 needs: long data chained or in
 * the extended form, 61xx followed by GET RESPONSE, 6Cxx by one repetition. How one APDU reaches
 * the card is the caller's business. Every byte that comes back may be chosen by an attacker:
 * length and number of rounds are bounded, and a card that makes no progress is given up.
 */

#include "codec/apdu.h"

enum {
	DIALOGUE_ANSWER_MAX = 64 * 1024,
	DIALOGUE_GET_RESPONSE_MAX = 300, /* 64 KiB in blocks of 255, and some */
};

struct dialogue {
	/* Send one APDU, append its answer to the empty @response. What fails here ends the
	 * dialogue and is passed on. */
	enum kc_status (*exchange)(void *context, struct kc_view command, struct bytes *response);
	void *context;
	uint32_t extended_max; /* bytes of command data in the extended form; 0: it is not used */
	bool may_chain;	       /* what does not fit otherwise */
};

/*
 * Send @command (its is_extended is chosen here) and append what the card answers to @answer,
 * which may be limited to less than DIALOGUE_ANSWER_MAX; *ret_sw is the last status word.
 * Expected: KC_ERR_BAD_PARAMETER   longer than the card takes
 *           KC_ERR_COMMUNICATION   the card does not answer as ISO 7816-4 wants
 */
KC_MUST_CHECK enum kc_status dialogue_run(const struct dialogue *dialogue,
					  const struct apdu_command *command, struct bytes *answer,
					  uint16_t *ret_sw);

#endif
