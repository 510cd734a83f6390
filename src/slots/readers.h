/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SLOTS_READERS_H
#define SLOTS_READERS_H

/*
 * All readers of pcscd and what is in them, as one picture at a time. Blocks; lives in the
 * watching slot process and nowhere else.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include <keycask/bytes.h>
#include <keycask/status.h>

enum {
	READERS_MAX = 32,
	READERS_ATR_MAX = 33,
};

struct reader {
	char *name;
	bool has_card;
	bool is_mute;
	unsigned n_events; /* of cards put in and taken out: another number is another card */
	uint8_t atr[READERS_ATR_MAX];
	size_t atr_len;
};

struct readers;

/* @context is SCardEstablishContext()'s, borrowed. */
KC_MUST_CHECK enum kc_status readers_new(long context, struct readers **ret_readers);
struct readers *readers_free(struct readers *readers);
DEFINE_FREEP(readers)

/*
 * Return when the picture is another one, the first time at once. *ret_readers is @readers' until
 * the next call. Expected: KC_ERR_TOKEN_NOT_FOUND  pcscd is gone
 */
KC_MUST_CHECK enum kc_status readers_wait(struct readers *readers,
					  const struct reader **ret_readers, size_t *ret_n);

#endif
