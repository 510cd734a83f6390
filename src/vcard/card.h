/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef VCARD_CARD_H
#define VCARD_CARD_H

/*
 * The software card: power it, reset it, send it APDUs. It has a PIV or an OpenPGP application, or
 * both. It opens nothing and knows no file: whoever owns the card gives it a function that keeps
 * its state.
 */

#include "codec/apdu.h"
#include "vcard/application.h"
#include "vcard/card_state.h"

enum {
	CARD_COMMAND_MAX = 16384, /* a chain of commands put together */
	CARD_ANSWER_MAX = CARD_OBJECT_MAX + 64,
};

/* Called after each command that changed the state, before its answer leaves the card. */
typedef enum kc_status (*card_save_fn)(void *context, const struct card_state *state);

/* Wait for a finger on the card; false when none comes. */
typedef bool (*card_touch_fn)(void *context);

struct openpgp_session {
	bool is_sign_verified;	/* PW1 for signatures, 81 */
	bool is_user_verified;	/* PW1 for all else, 82 */
	bool is_admin_verified; /* PW3 */
	uint8_t occurrence;	/* of 7F21, the certificates */
};

/*
 * What a card forgets at reset and without power, and when another application is selected: as on
 * a YubiKey, where the PIN of one application does not outlive a visit to the other.
 */
struct card_session {
	const struct application *selected; /* NULL: none yet */
	struct openpgp_session openpgp;
	bool is_pin_verified;
	bool is_global_pin_verified;
	bool is_pin_fresh; /* one of them verified, and no key used since */
	bool is_management_verified;
	int64_t touch_end_ms;	/* until when the last touch counts, on the monotonic clock */
	uint8_t challenge[16];	/* ours, waiting for the host's answer */
	uint8_t challenge_kind; /* piv_auth: which exchange it belongs to, 0 for none */
};

/* SP 800-73-5 part 2, 2.4.3: either PIN satisfies an access rule that says PIN. */
static inline bool card_has_pin(const struct card_session *session)
{
	return session->is_pin_verified || session->is_global_pin_verified;
}

struct card {
	struct card_state state;
	struct card_session session;
	bool is_changed; /* the state is to be saved */
	card_save_fn save;
	void *save_context;
	card_touch_fn touch; /* NULL: a finger lies on the card all the time */
	void *touch_context;
	struct bytes chain; /* data of a chained command so far */
	uint8_t chain_header[3];
	bool is_chain_open;
	struct bytes pending; /* the rest of an answer, for GET RESPONSE */
};

/* Take @state, which becomes empty. @save may be NULL: the card lives in memory only. */
void card_init(struct card *card, struct card_state *state, card_save_fn save, void *context);

/* Wipe and release. Accepts a zeroed struct. */
void card_done(struct card *card);

/* Power off, power on and reset are alike to the card: it forgets the session. */
void card_reset(struct card *card);

/*
 * Is there a finger, as @policy wants it (piv.h, enum piv_touch_policy)? May wait for it. With
 * PIV_TOUCH_CACHED one touch counts for fifteen seconds.
 */
bool card_is_touched(struct card *card, unsigned policy);

struct kc_view card_atr(const struct card *card);

/*
 * Carry out one command APDU and append the whole response APDU. Whatever @command is, there is
 * an answer; fails only when @response has no room for it.
 */
KC_MUST_CHECK enum kc_status card_transmit(struct card *card, struct kc_view command,
					   struct bytes *response);

#endif
