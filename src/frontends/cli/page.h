/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CLI_PAGE_H
#define CLI_PAGE_H

/* What appears on standard output and standard error: colour, JSON, lines, failures. */

#include <stdio.h>

#include "frontends/cli/cli.h"

enum page_style {
	PAGE_PLAIN,
	PAGE_STRONG,
	PAGE_FAINT,
	PAGE_GOOD,
	PAGE_BAD,
};

/* The escape sequence that begins @style, "" without colour; PAGE_PLAIN ends every style. */
const char *page_style(bool has_color, enum page_style style);

/* One JSON value on a line of its own, flushed. Expected: KC_ERR_NOT_AVAILABLE  cannot write */
KC_MUST_CHECK enum kc_status page_json(const struct kc_value *value);
KC_MUST_CHECK enum kc_status page_json_dictionary(const struct kc_dictionary *dictionary);
/* Takes @dictionary, which may be NULL after a KC_DICTIONARY() that found no memory. */
KC_MUST_CHECK enum kc_status page_json_take(struct kc_dictionary *dictionary);

/* Foreign @text safe for a terminal. The caller's to free(); never NULL. */
char *page_safe(const char *text);

/* What to do when no token is there, on standard output. */
void page_no_token(void);

/* Everything printed so far has arrived. Expected: KC_ERR_NOT_AVAILABLE */
KC_MUST_CHECK enum kc_status page_finish(void);

/* Print the failure @status and return the exit status that goes with it. */
int page_failure(struct context *context, enum kc_status status);

#endif
