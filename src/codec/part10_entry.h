/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CODEC_PART10_ENTRY_H
#define CODEC_PART10_ENTRY_H

/*
 * The two structures of PC/SC part 10 by which a reader is made to ask for a PIN: written from a
 * PIN format for a reader, and read by the software card's keypad. Numbers in them are in the
 * host's byte order, as pcsc-lite wants them.
 */

#include "codec/part10.h"

/* One PIN typed, or a new one. */
struct part10_entry {
	unsigned timeout_s;   /* 0: the reader's own */
	struct kc_view apdu;  /* what the reader fills in and sends; short, with Lc */
	bool is_change;	      /* from here on: */
	bool asks_current;    /* the PIN as it is, too */
	bool asks_twice;      /* for the new one */
	uint8_t current_byte; /* where its block begins in the command's data */
	uint8_t new_byte;
};

/*
 * Append the structure for PART10_VERIFY_PIN_DIRECT or, with is_change, PART10_MODIFY_PIN_DIRECT.
 * Expected: KC_ERR_NOT_IMPLEMENTED  the structure cannot say what @format wants
 *           KC_ERR_BAD_PARAMETER    @format contradicts itself
 */
KC_MUST_CHECK enum kc_status part10_entry_put(struct bytes *structure,
					      const struct kc_pin_format *format,
					      const struct part10_entry *entry);

/* A structure as the reader sees it: places in bits from the start of the command's data. */
struct part10_request {
	struct part10_entry entry;
	enum kc_pin_encoding encoding;
	enum kc_pin_justification justification;
	unsigned pin_bit;
	unsigned block_bytes; /* from pin_bit on; 0: as long as the PIN */
	unsigned length_bit;
	unsigned length_bits;
	unsigned min_length;
	unsigned max_length;
	uint8_t entry_conditions;
};

/* Read what part10_entry_put() writes. Expected: KC_ERR_CORRUPTED_DATA */
KC_MUST_CHECK enum kc_status part10_entry_get(struct kc_view structure, bool is_change,
					      struct part10_request *ret_request);

/* Set the time-out of a structure, whichever of the two it is. */
void part10_entry_set_timeout(uint8_t *structure, size_t len, unsigned timeout_s);

#endif
