/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CODEC_DISPLAY_H
#define CODEC_DISPLAY_H

/*
 * Foreign text made fit for a person's eyes: names out of certificates, labels from cards, what a
 * program calls itself. The result is valid UTF-8 that stays on its line and in its order.
 */

#include <stddef.h>

#include "base/bytes.h"

/*
 * @text with control, line, bidirectional, invisible and unassignable characters as \u{202E} and
 * bytes that are not UTF-8 as \xFF, at most @max bytes long; what does not fit is cut at a
 * character and "…" stands for it. A backslash stays as it is: this is for eyes, not for parsers.
 * New text, the caller's to free(); NULL when out of memory.
 */
char *display_escape(struct kc_view text, size_t max);

#endif
