/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef VCARD_PINPAD_H
#define VCARD_PINPAD_H

/*
 * The keypad of the reader in which the software card is: an embedded slot's reader stands at the
 * card's end, so this process plays it. Its keys come from a FIFO that a tester types into: digits,
 * a newline for the key that ends a PIN, backspace, and ESC for the cancel key. What is typed goes
 * into the command that the host sent for it, and to the card, and nowhere else.
 */

#include "base/bytes.h"
#include "codec/part10_entry.h"
#include "vcard/link.h"
#include "vcard/transcript.h"

struct pinpad {
	int fd;		  /* -1: the reader has no keypad */
	const char *path; /* borrowed; to remove it, when we made it */
	bool is_ours;
};

#define PINPAD_INIT ((struct pinpad){.fd = -1})

/* Use the FIFO at @path, or make one. @path is borrowed. */
KC_MUST_CHECK enum kc_status pinpad_open(const char *path, struct pinpad *ret_pinpad);
void pinpad_close(struct pinpad *pinpad);

/* Is @packet for the reader? */
bool pinpad_is_meant(const struct pinpad *pinpad, struct kc_view packet);

/* What the reader has, as it is announced before the ATR (codec/vpcd.h). */
KC_MUST_CHECK enum kc_status pinpad_announce(struct bytes *message);

/*
 * Carry out @packet. Either *answer becomes what the reader says, or *command the one that is for
 * the card now. Returns LINK_READY unless the card is pulled meanwhile.
 */
enum link_event pinpad_run(const struct pinpad *pinpad, const struct link *link,
			   const struct transcript *transcript, struct kc_view packet,
			   struct bytes *answer, struct bytes *command);

/*
 * The reader's own rules, as PC/SC part 10 has them: put the @pin typed into @command at
 * @insertion_byte of its data.
 * Expected: KC_ERR_BAD_PARAMETER  the structure has no room for it
 */
KC_MUST_CHECK enum kc_status pinpad_fill(const struct part10_request *request, struct kc_view pin,
					 unsigned insertion_byte, struct bytes *command);

#endif
