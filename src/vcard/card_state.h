/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef VCARD_CARD_STATE_H
#define VCARD_CARD_STATE_H

/*
 * What a card remembers without power: PINs with their counters, management key, keys, objects,
 * serial number. No rule of the card edge lives here; card_file.h keeps it on disk.
 */

#include <openssl/evp.h>

#include "base/bytes.h"
#include "vcard/openpgp_state.h"
#include "vcard/piv.h"

enum {
	CARD_PIN_BYTES = 8, /* SP 800-73-5 part 2, 2.4.3: padded with FF */
	CARD_PIN_MIN = 6,
	CARD_PIN_TRIES = 3,
	CARD_OBJECT_MAX = 8192,
	CARD_N_OBJECTS_MAX = 128,
	CARD_EXTENDED_MAX = 65535,
};

#define CARD_DEFAULT_PIN	"123456"
#define CARD_DEFAULT_PUK	"12345678"
#define CARD_DEFAULT_GLOBAL_PIN "87654321"

struct card_pin {
	uint8_t value[CARD_PIN_BYTES];
	unsigned tries_left;
	unsigned tries_max;
};

struct card_management_key {
	const struct piv_cipher *cipher;
	uint8_t value[PIV_CIPHER_KEY_MAX];
	uint8_t touch_policy;
};

struct card_key {
	EVP_PKEY *pkey; /* NULL: the slot is empty */
	const struct piv_algorithm *algorithm;
	uint8_t pin_policy;
	uint8_t touch_policy;
	uint8_t origin;
};

struct card_object {
	uint32_t tag;
	struct kc_bytes value; /* what is inside the 53 */
};

/* How this card differs from others of its kind (reference: cards differ). */
struct card_manner {
	enum piv_pin_usage pin_usage;
	bool is_strict;	       /* nothing beyond SP 800-73: Yubico's instructions are 6D00 */
	unsigned extended_max; /* bytes of data in an extended command or answer; 0: 6700 */
	bool hides_extended;   /* the answer to reset does not announce extended lengths */
	bool moves_keys;       /* Yubico's firmware 5.7: keys are moved and deleted */
};

struct card_state {
	uint32_t serial;
	struct card_manner manner;
	struct card_pin pin;
	struct card_pin puk;
	struct card_pin global_pin; /* unused without one in manner */
	struct card_management_key management;
	struct card_key keys[PIV_N_SLOTS]; /* in the order of piv_slot_at() */
	struct card_object *objects;
	size_t n_objects;
	struct openpgp_state openpgp; /* all the others are PIV's */
	bool lacks_piv;		      /* a card of the OpenPGP application alone */
};

/* A PIV card as it leaves the factory: default PINs and management key, a CHUID and a CCC. */
KC_MUST_CHECK enum kc_status card_state_init(struct card_state *ret_state);

/* Wipe and release. Accepts a zeroed struct and leaves one. */
void card_state_done(struct card_state *state);

/* PIV back to the factory; the serial number stays, the manner, and what is not PIV's. */
KC_MUST_CHECK enum kc_status card_state_reset(struct card_state *state);

/* Set @pin from 6 to 8 characters, all tries available. Expected: KC_ERR_PARAM */
KC_MUST_CHECK enum kc_status card_state_set_pin(struct card_pin *pin, const char *text);
/* The PIN of each application there is. */
KC_MUST_CHECK enum kc_status card_state_set_user_pin(struct card_state *state, const char *text);

/* The applications there are: "PIV", "OpenPGP", "PIV and OpenPGP". */
const char *card_state_name(const struct card_state *state);
bool card_state_pin_is(const struct card_pin *pin, const char *text);
bool card_state_management_is_default(const struct card_management_key *management);

/* NULL when @reference is not a key slot; an empty slot is found with pkey NULL. */
struct card_key *card_state_find_key(struct card_state *state, unsigned reference);

/* Replace the key in @reference, a valid slot. Takes @key->pkey, which becomes NULL. */
void card_state_put_key(struct card_state *state, unsigned reference, struct card_key *key);

/* The content of object @tag; false when there is none. Borrowed until the next put. */
bool card_state_find_object(const struct card_state *state, uint32_t tag, struct kc_view *ret_view);

/* Replace object @tag; empty @value removes it. Expected: KC_ERR_PARAM  no room for it. */
KC_MUST_CHECK enum kc_status card_state_put_object(struct card_state *state, uint32_t tag,
						   struct kc_view value);

#endif
