/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef DRIVERTOOL_RECORDING_H
#define DRIVERTOOL_RECORDING_H

/*
 * A recorded conversation with a card, as docs/driver-guide.md has it: "> command" and "< answer"
 * in hexadecimal, "#" remarks. "# ATR HEX" is the card's, and two remarks tell what else was done
 * with it: "# keycask: pin PIN" and "# keycask: sign OBJECT-ID ALGORITHM DATA".
 */

#include "base/bytes.h"
#include "base/cleanup.h"

enum {
	RECORDING_PIN_MAX = 64,
	RECORDING_NAME_MAX = 64,
	RECORDING_ATR_MAX = 2 * 33 + 1, /* ISO 7816-3 8.1: 33 bytes */
	RECORDING_SIGNINGS_MAX = 16,
};

struct recording_line {
	struct kc_bytes command;
	struct kc_bytes answer;
};

struct recording_signing {
	struct kc_bytes object_id;
	struct kc_bytes data;
	char algorithm[RECORDING_NAME_MAX];
};

struct recording {
	struct recording_line *lines;
	size_t n_lines;
	struct recording_signing signings[RECORDING_SIGNINGS_MAX];
	size_t n_signings;
	char pin[RECORDING_PIN_MAX]; /* empty: none was used */
	char atr[RECORDING_ATR_MAX]; /* upper-case hexadecimal, empty: not told */
};

/* Expected: KC_ERR_DECODE  with file, line and reason; KC_ERR_ITEM_NOT_FOUND */
KC_MUST_CHECK enum kc_status recording_load(const char *path, struct recording **ret_recording);
struct recording *recording_free(struct recording *recording);
DEFINE_FREEP(recording)

/* The AID of the first SELECT in it, appended to @aid; nothing when there is none. */
KC_MUST_CHECK enum kc_status recording_aid(const struct recording *recording, struct bytes *aid);

/* Was anything asked with this instruction? */
bool recording_has_instruction(const struct recording *recording, uint8_t ins);

#endif
