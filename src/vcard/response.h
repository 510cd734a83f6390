/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef VCARD_RESPONSE_H
#define VCARD_RESPONSE_H

/* Long commands and long answers: command chaining, GET RESPONSE, short and extended lengths. */

#include "vcard/card.h"

/*
 * Add @command to the chain it belongs to; a single command is a chain of one. True: the command
 * is whole, its data is all of the chain's (borrowed until response_end_chain()) and it can be
 * carried out. False: the answer for now is *ret_sw.
 */
bool response_collect(struct card *card, struct apdu_command *command, uint16_t *ret_sw);

/* Append to @response what fits of @data, and @sw; keep the rest for GET RESPONSE. */
KC_MUST_CHECK enum kc_status response_finish(struct card *card, const struct apdu_command *command,
					     struct kc_view data, uint16_t sw,
					     struct bytes *response);

/* GET RESPONSE: append the next part of the answer. */
KC_MUST_CHECK enum kc_status response_continue(struct card *card,
					       const struct apdu_command *command,
					       struct bytes *response);

/* Wipe the data of the command in hand. */
void response_end_chain(struct card *card);

/* Forget a half-sent command and a half-read answer. */
void response_reset(struct card *card);

#endif
