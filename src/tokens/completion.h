/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TOKENS_COMPLETION_H
#define TOKENS_COMPLETION_H

/*
 * After a token was published: its driver is asked once for what takes too long at insertion (keys
 * without certificates, what a key asks for), and what is different then is published instead.
 */

#include "base/cleanup.h"
#include "tokens/token_impl.h"

struct completion;

/* @enumerated is what has been published. Waits a while, so that whoever waited for the token has
 * the card first. A failure costs nothing but the details. */
void completion_start(struct token *token, struct json_object *enumerated);
struct completion *completion_free(struct completion *completion);

#endif
