/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CODEC_FOLD_H
#define CODEC_FOLD_H

/*
 * Text brought to a form in which what shall count as equal is equal. Of Latin, Greek and Cyrillic
 * letters; the widths also of kana. Independent of locales.
 */

#include "base/bytes.h"

enum fold_flags {
	FOLD_CASE = 1,	     /* "É" is "é" */
	FOLD_DIACRITICS = 2, /* "é" is "e", be it one character or two */
	FOLD_WIDTH = 4,	     /* "Ａ" is "A" */
};

/* Append @text, which is UTF-8, folded by @flags. Expected: KC_ERR_PARAM  longer than @bytes may be
 */
KC_MUST_CHECK enum kc_status fold_put(struct bytes *bytes, struct kc_view text, unsigned flags);

#endif
