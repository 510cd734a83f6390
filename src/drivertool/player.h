/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef DRIVERTOOL_PLAYER_H
#define DRIVERTOOL_PLAYER_H

/*
 * The card: it answers what was recorded, unless it is told to spoil an answer. What was not
 * recorded it refuses, but for PINs: in spoiled conversations each PIN is right, so that what comes
 * behind it is reached.
 */

#include "codec/apdu.h"
#include "drivertool/recording.h"

enum spoil {
	SPOIL_NOTHING,
	SPOIL_EMPTY,	 /* success without data */
	SPOIL_SHORT,	 /* one byte, no status word */
	SPOIL_LONG,	 /* the longest answer that there can be */
	SPOIL_OVERSIZED, /* a longer one */
	SPOIL_HALF,	 /* half of the data, and success */
	SPOIL_GARBAGE,	 /* TLV whose lengths lie, and success */
	SPOIL_FAILURE,	 /* 6F00 */
	SPOIL_REFUSAL,	 /* 6982 */
	SPOIL_NOT_FOUND, /* 6A82 */
	SPOIL_WRONG_PIN, /* 63C1 */
	SPOIL_WRONG_LE,	 /* 6C01, whatever is asked then */
	SPOIL_ENDLESS,	 /* 61FF for ever */
	SPOIL_MUTE,	 /* no answer; the slot gives up after a while */
	SPOIL_PULLED,	 /* gone at once */
	SPOIL_COUNT,
};

const char *player_spoil_name(enum spoil spoil);

enum {
	PLAYER_UNRECORDED_MAX = 32,
};

struct player {
	const struct recording *recording; /* NULL: an empty card */
	size_t next;			   /* line that is due */
	unsigned n_commands;
	bool is_generous; /* each PIN is right */
	enum spoil spoil;
	unsigned spoil_at; /* this command's answer, from 0 */
	bool is_random;	   /* any answer, in any way */
	uint64_t random;
	bool is_spoiled; /* it has happened */
	bool is_endless; /* SPOIL_ENDLESS goes on */
	bool is_gone;
	unsigned n_pins;      /* commands that carried a PIN */
	uint16_t last_pin_sw; /* what the last of them was answered */
	char *unrecorded[PLAYER_UNRECORDED_MAX];
	size_t n_unrecorded;
};

enum player_move {
	PLAYER_ANSWERS,
	PLAYER_IS_MUTE,
	PLAYER_LEAVES,
};

/* Append the answer to @command, if there is one. */
enum player_move player_answer(struct player *player, struct kc_view command, struct bytes *answer);
void player_done(struct player *player);

/* The next number of the player's sequence, below @limit. */
unsigned player_random(struct player *player, unsigned limit);

/* May this command carry a PIN? VERIFY, CHANGE REFERENCE DATA, RESET RETRY COUNTER with data. */
bool player_is_pin_command(struct kc_view command);

/* The longest packet that SPOIL_OVERSIZED makes. */
enum {
	PLAYER_OVERSIZED = APDU_RESPONSE_MAX + 512,
};

#endif
