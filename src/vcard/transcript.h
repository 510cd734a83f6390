/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef VCARD_TRANSCRIPT_H
#define VCARD_TRANSCRIPT_H

/*
 * What went over the card's contacts, one line each, as a test can count it: "> hex" a command,
 * "< hex" its answer as sent, "# word" an event. PINs and imported keys appear as asterisks.
 */

#include "base/bytes.h"

struct transcript {
	int fd; /* -1: nobody wants one */
};

#define TRANSCRIPT_INIT ((struct transcript){.fd = -1})

/* Append to the file @path, which is created with mode 0600. */
KC_MUST_CHECK enum kc_status transcript_open(const char *path, struct transcript *ret_transcript);
void transcript_close(struct transcript *transcript);

void transcript_command(const struct transcript *transcript, struct kc_view command);
void transcript_answer(const struct transcript *transcript, struct kc_view answer);
void transcript_event(const struct transcript *transcript, const char *event);

#endif
