/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef DRIVERS_PIV_PIV_H
#define DRIVERS_PIV_PIV_H

/*
 * The PIV driver: SP 800-73-5 part 1 (data model) and part 2 (card edge), and the few Yubico
 * instructions that most cards know. Outside this folder only piv_driver is used.
 *
 * Object IDs: a certificate is named by the tag of its container (5F C1 05), a key by its key
 * reference (9A). The discovery object is not read: nothing published here depends on it, and it
 * costs an APDU on every insertion.
 */

#include <keycask/driver.h>

#include "base/bytes.h"

extern const struct kc_driver piv_driver;

/* --- places (objects.c) ----------------------------------------------------------------------- */

enum {
	PIV_KEYS_MAX = 4 + 20, /* 9A 9C 9D 9E and the retired ones */
	PIV_RETIRED_MAX = 20,
	PIV_TAG_BYTES = 3,

	PIV_TAG_CHUID = 0x5FC102,
	PIV_TAG_CCC = 0x5FC107,
	PIV_TAG_KEY_HISTORY = 0x5FC10C,
};

/* One key reference and the container of its certificate (SP 800-73-5 part 1, table 4b). */
struct piv_place {
	uint8_t slot;
	uint32_t container;
	const char *name; /* "PIV Authentication" */
	enum kc_constraint constraint;
	bool can_sign; /* else it decrypts or derives */
};

/* The four that every card may have, and the @number'th (1 … 20) of the retired ones. */
extern const struct piv_place piv_places[4];
struct piv_place piv_retired_place(unsigned number);

/* --- state ------------------------------------------------------------------------------------ */

/* What a key can do, from the public key of its certificate. */
struct piv_key {
	uint8_t slot;
	uint8_t algorithm; /* SP 800-78-5 table 9: P1 of GENERAL AUTHENTICATE */
	enum kc_key_type type;
	unsigned size_in_bits;
};

struct piv_state {
	struct piv_key keys[PIV_KEYS_MAX];
	size_t n_keys;
};

/* --- steps ------------------------------------------------------------------------------------ */

/* status.c: the only place where a status word gets a meaning; KC_OK for 9000. */
enum kc_status piv_status(uint16_t sw);
/* The same, and the record says that @what ("the PIN") met it. */
KC_MUST_CHECK enum kc_status piv_check(uint16_t sw, const char *what);
/* Tries left as 63Cx tells, 0 for 6983, -1 when @sw says nothing about it. */
int piv_tries_left(uint16_t sw);
/* May enumerate() go on without the object that ended so? */
bool piv_can_skip(enum kc_status status);

/* apdu.c: send, and refuse any answer but 9000. *ret_data may be NULL. */
KC_MUST_CHECK enum kc_status piv_command(struct kc_token *token, const struct kc_apdu *apdu,
					 const char *what, struct kc_bytes *ret_data);
void piv_bytes_done(struct kc_bytes *bytes);
static inline struct kc_view piv_view(const struct kc_bytes *bytes)
{
	return view_of(bytes->data, bytes->len);
}

/* probe.c */
enum kc_status piv_select(struct kc_token *token);
enum kc_status piv_open(struct kc_token *token, struct kc_token_identity *ret_identity);

/*
 * objects.c: the whole content of a data object, with its 53 wrapper.
 * Expected: whatever piv_can_skip() knows
 */
KC_MUST_CHECK enum kc_status piv_get_object(struct kc_token *token, uint32_t tag,
					    struct kc_bytes *ret_object);
/* The value of the one 53 record that @object consists of. Expected: KC_ERR_CORRUPTED_DATA */
KC_MUST_CHECK enum kc_status piv_unwrap(struct kc_view object, struct kc_view *ret_content);

/*
 * certificate.c: the DER in a certificate container, inflated where it is compressed, and what
 * key it certifies. Expected: KC_ERR_CORRUPTED_DATA
 */
KC_MUST_CHECK enum kc_status piv_get_certificate(struct kc_view object, struct kc_bytes *ret_der);
/* Expected: KC_ERR_NOT_IMPLEMENTED  a key no PIV algorithm fits; KC_ERR_CORRUPTED_DATA */
KC_MUST_CHECK enum kc_status piv_read_public_key(struct kc_view der, struct piv_key *ret_key);

/* enumerate.c */
enum kc_status piv_enumerate(struct kc_token *token, struct kc_contents *contents);

/* auth.c */
enum kc_status piv_check_pin_form(struct kc_token *token, const char *pin_id, struct kc_view pin);
enum kc_status piv_authenticate(struct kc_token *token,
				const struct kc_authentication *authentication);
enum kc_status piv_pin_status(struct kc_token *token, const char *pin_id, int *ret_tries_left);

/* sign.c */
enum kc_status piv_sign(struct kc_token *token, struct kc_view object_id, const char *algorithm,
			struct kc_view data, struct kc_bytes *ret_signature);

#endif
