/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef VCARD_INSERTION_H
#define VCARD_INSERTION_H

/* One stay of the card in a reader: from the connection until either side ends it. */

#include "vcard/card.h"
#include "vcard/faults.h"
#include "vcard/link.h"
#include "vcard/pinpad.h"
#include "vcard/touch.h"
#include "vcard/transcript.h"

/* All borrowed. */
struct insertion {
	struct card *card;
	struct link *link;
	const struct faults *faults;
	const struct transcript *transcript;
	const struct touch *touch;   /* NULL: now */
	const struct pinpad *pinpad; /* NULL: none */
	unsigned long n_apdus;
};

enum insertion_end {
	INSERTION_STOPPED, /* stop_fd said so */
	INSERTION_CLOSED,  /* the reader closed the connection */
	INSERTION_PULLED,  /* the fault remove@ came due */
};

enum insertion_end insertion_run(struct insertion *insertion);

#endif
