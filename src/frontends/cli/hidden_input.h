/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CLI_HIDDEN_INPUT_H
#define CLI_HIDDEN_INPUT_H

/* A line that nobody may read over a shoulder, and a question that wants a yes. */

#include <stdbool.h>

#include "base/secret.h"

/* Is there a person at the terminal of this process? */
bool hidden_input_is_possible(void);

/*
 * Show @prompt on the terminal and read a line that is not shown. Expected:
 *   KC_ERR_USER_CANCELED  the interrupt key, or the end of file before anything else
 *   KC_ERR_NOT_AVAILABLE  no terminal
 */
KC_MUST_CHECK enum kc_status hidden_input_read(const char *prompt, struct secret *ret_line);

/* Ask @question on the terminal; everything but a yes is a no. */
KC_MUST_CHECK enum kc_status hidden_input_confirm(const char *question, bool *ret_yes);

#endif
