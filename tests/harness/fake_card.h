/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef HARNESS_FAKE_CARD_H
#define HARNESS_FAKE_CARD_H

/*
 * A card that plays a conversation: a recording of tests/cards/ or what a test tells it to say.
 * It answers in two ways: by lookup, the same command getting the answer it was recorded with and
 * GET RESPONSE continuing the command before it; or strictly, in the order of the script. A
 * command it does not know is answered with 6D00 and counted. Used directly as an exchange
 * function of the kit, or over a card channel from a thread of its own.
 */

#include <stdbool.h>

#include <keycask/bytes.h>
#include <keycask/status.h>

struct bytes;
struct fake_card;

enum fake_card_mode {
	FAKE_CARD_LOOKUP,
	FAKE_CARD_STRICT,
};

/* All of these end the test when something is wrong with it. */
struct fake_card *fake_card_new(enum fake_card_mode mode);
/* Play tests/@path, e.g. "cards/piv-canokey.apdu". */
struct fake_card *fake_card_load(const char *path);
/* Stops its thread; NULL is fine. */
struct fake_card *fake_card_free(struct fake_card *card);

/* Append to the script, in hexadecimal; with lookup, what was added last is found first. */
void fake_card_add(struct fake_card *card, const char *command, const char *answer);

/* The card leaves after @n more answers. */
void fake_card_leave_after(struct fake_card *card, unsigned n);

/* Called with each answer before it is given; @index counts from 0 since fake_card_forget(). */
typedef void (*fake_card_alter_fn)(void *userdata, unsigned index, struct bytes *answer);
void fake_card_alter(struct fake_card *card, fake_card_alter_fn alter, void *userdata);

/* One exchange; @context is the struct fake_card. Shaped as the kit's card_exchange_fn. */
enum kc_status fake_card_exchange(void *context, struct kc_view command, struct bytes *response);

/* Serve a card channel from a thread: the descriptor of the driver's end, the caller's to close. */
int fake_card_start(struct fake_card *card);
/* Wait until that end is closed. */
void fake_card_join(struct fake_card *card);

/* What was sent. Not while its thread runs. */
void fake_card_forget(struct fake_card *card);
unsigned fake_card_count(const struct fake_card *card); /* commands */
unsigned fake_card_unexpected(const struct fake_card *card);
/* Commands that start with @prefix, in hexadecimal. */
unsigned fake_card_count_of(const struct fake_card *card, const char *prefix);
/* The @index'th command in upper-case hexadecimal. */
const char *fake_card_command(const struct fake_card *card, unsigned index);
/* A strict script was played to its end. */
bool fake_card_is_finished(const struct fake_card *card);

#endif
