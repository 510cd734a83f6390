/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef VCARD_TEST_TERMINAL_H
#define VCARD_TEST_TERMINAL_H

/* A terminal for tests: a card in memory, commands in hexadecimal, expected status words. */

#include "base/cleanup.h"
#include "codec/tlv.h"
#include "vcard/card.h"

#define TERMINAL_GOOD_PIN  "0020008008313233343536FFFF"
#define TERMINAL_WRONG_PIN "0020008008303030303030FFFF"

struct terminal {
	struct card card;
	struct bytes answer; /* data of the last answer, without its status word */
};

/* A factory card; the second one has PIV selected. Every failure below fails the test. */
void terminal_init_unselected(struct terminal *terminal);
void terminal_init(struct terminal *terminal);
/* A card by a profile, with its OpenPGP application selected. */
void terminal_init_profile(struct terminal *terminal, const char *text);
void terminal_done(struct terminal *terminal);

void terminal_select(struct terminal *terminal);

/* Send one APDU; its status word must be @sw. */
void terminal_send(struct terminal *terminal, const char *hex, unsigned sw);

/*
 * Send a command whole: chained when it is long and short, its answer collected with GET
 * RESPONSE. The last status word must be @sw.
 */
void terminal_command(struct terminal *terminal, const struct apdu_command *command, unsigned sw);

/* Authenticate with the factory management key. */
void terminal_prove_management_key(struct terminal *terminal);

struct kc_view terminal_answer(const struct terminal *terminal);

/* The record @inner within @outer of the last answer. */
bool terminal_has(const struct terminal *terminal, uint32_t outer, uint32_t inner,
		  struct kc_view *ret_value);

#endif
