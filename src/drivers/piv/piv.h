/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef DRIVERS_PIV_PIV_H
#define DRIVERS_PIV_PIV_H

/*
 * The PIV driver: SP 800-73-5 part 1 (data model) and part 2 (card edge), and the few Yubico
 * instructions that most cards know. Outside this folder only piv_driver is used.
 *
 * Object IDs: a certificate is named by the tag of its container (5F C1 05), a key by its key
 * reference (9A).
 */

#include <keycask/driver.h>

#include "base/bytes.h"

extern const struct kc_driver piv_driver;

/* --- places (objects.c) ----------------------------------------------------------------------- */

enum {
	PIV_KEYS_MAX = 4 + 20, /* 9A 9C 9D 9E and the retired ones */
	PIV_RETIRED_MAX = 20,
	PIV_TAG_BYTES = 3,
	PIV_LE_ALL = 65536, /* in short form, where a card wants that, 256 */

	PIV_PUBLIC_KEY_MAX = 544,	 /* RSAPublicKey of 4096 bits */
	PIV_CERTIFICATE_MAX = 16 * 1024, /* uncompressed */

	PIV_TAG_DISCOVERY = 0x7E,
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

/* What a key can do, from its public half: its certificate's, or the one that the card tells. */
struct piv_key {
	uint8_t slot;
	uint8_t algorithm; /* SP 800-78-5 table 9: P1 of GENERAL AUTHENTICATE */
	enum kc_key_type type;
	unsigned size_in_bits;
	enum kc_constraint constraint;
	bool needs_touch;
	bool has_certificate;
	uint8_t public_key[PIV_PUBLIC_KEY_MAX]; /* RSAPublicKey in DER, or the point 04 X Y */
	size_t public_key_len;
};

/* SP 800-73-5 part 1, table 4b: key references of PINs. */
enum piv_reference {
	PIV_REFERENCE_GLOBAL = 0x00,
	PIV_REFERENCE_PIN = 0x80,
	PIV_REFERENCE_PUK = 0x81,
};

struct piv_state {
	struct piv_key keys[PIV_KEYS_MAX];
	size_t n_keys;
	unsigned n_retired;  /* certificates of retired keys on the card, from the first on */
	unsigned n_off_card; /* retired keys whose certificates are elsewhere, from the last on */
	bool has_history;    /* otherwise retired keys must be searched for */
	bool has_global_pin;
	bool prefers_global_pin;	   /* it is the PIN of the token */
	bool has_metadata;		   /* the card tells of its keys itself */
	uint8_t admin_algorithm;	   /* of the management key, as it was last asked for */
	struct piv_key made[PIV_KEYS_MAX]; /* by us, since the card was put in */
	size_t n_made;
};

/* --- steps ------------------------------------------------------------------------------------ */

/* status.c: the only place where a status word gets a meaning; KC_OK for 9000. */
enum kc_status piv_status(uint16_t sw);
/* The same, and the record says that @what ("the PIN") met it. */
KC_MUST_CHECK enum kc_status piv_check(uint16_t sw, const char *what);
/* Tries left as 63Cx tells, 0 for 6983, -1 when @sw says nothing about it. */
int piv_tries_left(uint16_t sw);
/* 6A80 and the like after a new PIN: the card may refuse one for reasons of its own. */
bool piv_is_refused_value(uint16_t sw);
/* 6A84 and the like after PUT DATA: there is no room for so much. */
bool piv_is_refused_size(uint16_t sw);
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

/* discovery.c: which PIN is the token's, and whether there is a global one; never fails for what
 * the card does not tell. */
KC_MUST_CHECK enum kc_status piv_discover(struct kc_token *token);

/*
 * certificate.c: the DER in a certificate container, inflated where it is compressed.
 * Expected: KC_ERR_CORRUPTED_DATA
 */
KC_MUST_CHECK enum kc_status piv_get_certificate(struct kc_view object, struct kc_bytes *ret_der);
/* Append @der as RFC 1952 has it. */
KC_MUST_CHECK enum kc_status piv_compress(struct kc_view der, struct bytes *packed);

/*
 * public_key.c: what key a certificate certifies, and what key stands in the records 81 82 or 86 of
 * SP 800-73-5 part 2 table 11. slot, constraint and the rest are left as they are.
 * Expected: KC_ERR_NOT_IMPLEMENTED  a key no PIV algorithm fits; KC_ERR_CORRUPTED_DATA
 */
KC_MUST_CHECK enum kc_status piv_read_public_key(struct kc_view der, struct piv_key *key);
KC_MUST_CHECK enum kc_status piv_read_public_records(struct kc_view records, uint8_t algorithm,
						     struct piv_key *key);

/* The algorithm of a key that big. Expected: KC_ERR_NOT_IMPLEMENTED */
KC_MUST_CHECK enum kc_status piv_set_algorithm(enum kc_key_type type, unsigned size_in_bits,
					       struct piv_key *key);

/* key.c: the key in @slot or named @object_id; NULL. */
struct piv_key *piv_find_slot(struct piv_state *state, uint8_t slot);
KC_MUST_CHECK enum kc_status piv_find_key(struct kc_token *token, struct kc_view object_id,
					  const struct piv_key **ret_key);
static inline size_t piv_key_bytes(const struct piv_key *key)
{
	return key->size_in_bits / 8;
}
/* … and how it is published: @number is that of a retired place, 0 for the others. */
struct piv_publication {
	const struct piv_place *place;
	unsigned number;
	const struct piv_key *key;
};
KC_MUST_CHECK enum kc_status piv_add_key(struct kc_contents *contents,
					 const struct piv_publication *publication);
/* The same, in the place of what was published before. */
KC_MUST_CHECK enum kc_status piv_replace_key(struct kc_contents *contents,
					     const struct piv_publication *publication);
enum {
	PIV_LABEL_BYTES = 64,
};
void piv_put_label(const struct piv_place *place, unsigned number, const char *what,
		   char label[PIV_LABEL_BYTES]);

/* enumerate.c: what there is at insertion, and after it. */
enum kc_status piv_enumerate(struct kc_token *token, struct kc_contents *contents);
enum kc_status piv_detail(struct kc_token *token, struct kc_contents *contents);

/* metadata.c: what cards with Yubico's instructions tell of their keys.
 * Expected: KC_ERR_NOT_IMPLEMENTED  this one has them not */
KC_MUST_CHECK enum kc_status piv_add_metadata(struct kc_token *token, struct kc_contents *contents);
/* Tries left of @reference, -1 when the card does not tell. */
KC_MUST_CHECK enum kc_status piv_metadata_tries(struct kc_token *token,
						enum piv_reference reference, int *ret_tries_left);

/* Is there a key in @slot? False, and state->has_metadata stays false, when the card does not tell.
 */
KC_MUST_CHECK enum kc_status piv_metadata_presence(struct kc_token *token, uint8_t slot,
						   bool *ret_is_there);
/* What the card tells of its management key; as good as nothing when it does not. */
struct piv_management {
	bool is_known;
	uint8_t algorithm;
	bool is_default;
};
KC_MUST_CHECK enum kc_status piv_metadata_management(struct kc_token *token,
						     struct piv_management *ret_management);

/* pin.c: VERIFY's P2 for the token's PIN; and which PIN is called so, NULL: the token's. */
enum piv_reference piv_token_pin(struct kc_token *token);
KC_MUST_CHECK enum kc_status piv_pin_reference(struct kc_token *token, const char *pin_id,
					       enum piv_reference *ret_reference);
KC_MUST_CHECK enum kc_status piv_add_pins(struct kc_token *token, struct kc_contents *contents);
enum {
	PIV_PIN_BYTES = 8,
};
/* Of PIN, PUK and global PIN, wherever they are typed. */
extern const struct kc_pin_format piv_pin_format;
/* Make @block of @pin; of none (typed on the reader's keypad) what a reader is to fill in. */
KC_MUST_CHECK enum kc_status piv_put_pin(struct kc_view pin, uint8_t block[PIV_PIN_BYTES]);
enum kc_status piv_check_pin_form(struct kc_token *token, const char *pin_id, struct kc_view pin);
enum kc_status piv_change_pin(struct kc_token *token, const char *pin_id, struct kc_view current,
			      struct kc_view new_pin);
enum kc_status piv_unblock_pin(struct kc_token *token, const struct kc_unblocking *unblocking);

/* auth.c */
enum kc_status piv_authenticate(struct kc_token *token,
				const struct kc_authentication *authentication);
enum kc_status piv_pin_status(struct kc_token *token, const char *pin_id, int *ret_tries_left);

/*
 * general.c: GENERAL AUTHENTICATE. @tag is that of @operand in the template 7C: 81 challenge, 85
 * exponentiation; *ret_answer is the whole answer, *ret_result the record 82 in it.
 */
KC_MUST_CHECK enum kc_status piv_use_key(struct kc_token *token, const struct piv_key *key,
					 uint32_t tag, struct kc_view operand,
					 struct kc_bytes *ret_answer, struct kc_view *ret_result);
enum {
	PIV_TAG_CHALLENGE = 0x81,
	PIV_TAG_EXPONENTIATION = 0x85,
	PIV_OPERAND_MAX = 4096 / 8,
	PIV_ANSWER_MAX = PIV_OPERAND_MAX + 16,
};

/* admin.c: the management key. */
enum kc_status piv_challenge_admin(struct kc_token *token,
				   struct kc_admin_challenge *ret_challenge);
enum kc_status piv_authenticate_admin(struct kc_token *token, const struct kc_admin_proof *proof,
				      struct kc_bytes *ret_response);

/* plan.c: the place that belongs to @slot, and its number among the retired ones, 0 for others. */
bool piv_find_place(uint8_t slot, struct piv_place *ret_place, unsigned *ret_number);
/* The place whose certificate has the tag @tag (3 bytes). */
bool piv_find_container(struct kc_view tag, struct piv_place *ret_place);
/* The place called @text, "9a". Expected: KC_ERR_BAD_PARAMETER */
KC_MUST_CHECK enum kc_status piv_read_place(const char *text, struct piv_place *ret_place);
/* P1 of a key such as @wish. Expected: KC_ERR_BAD_PARAMETER, KC_ERR_KEY_SIZE_NOT_ALLOWED */
KC_MUST_CHECK enum kc_status piv_choose_algorithm(const struct kc_key_wish *wish,
						  uint8_t *ret_algorithm);
enum kc_status piv_plan_key(struct kc_token *token, const struct kc_key_wish *wish,
			    struct kc_bytes *ret_object_id);

/* generate.c: what was made in @slot since the card was put in; NULL. */
struct piv_key *piv_find_made(struct piv_state *state, uint8_t slot);
enum kc_status piv_generate(struct kc_token *token, const struct kc_key_wish *wish,
			    struct kc_view object_id, struct kc_contents *made);
/* A place whose key will be another: what would be taken for its certificate goes. */
KC_MUST_CHECK enum kc_status piv_make_room(struct kc_token *token, const struct piv_place *place);
/* Remember @key, which is new, and add it to @made. */
KC_MUST_CHECK enum kc_status piv_add_new(struct kc_token *token, const struct piv_key *key,
					 struct kc_contents *made);
/* Those of them that the card does not tell of. */
KC_MUST_CHECK enum kc_status piv_add_made(struct kc_token *token, struct kc_contents *contents,
					  bool *ret_has_added);

/* import.c. Expected: KC_ERR_NOT_IMPLEMENTED  this card has no command for it */
KC_MUST_CHECK enum kc_status piv_check_takes_keys(struct kc_token *token);
enum kc_status piv_import_key(struct kc_token *token, const struct kc_key_wish *wish,
			      const struct kc_private_key *key, struct kc_view object_id,
			      struct kc_contents *made);

/* put.c: PUT DATA of the data object @tag, whose 53 wrapper is put around @content. */
KC_MUST_CHECK enum kc_status piv_put_object(struct kc_token *token, uint32_t tag,
					    struct kc_view content, const char *what);
/* One that is not there is no failure. */
KC_MUST_CHECK enum kc_status piv_delete_certificate(struct kc_token *token,
						    const struct piv_place *place,
						    const char *what);
enum kc_status piv_plan_certificate(struct kc_token *token, const struct kc_certificate_wish *wish,
				    struct kc_bytes *ret_object_id);
enum kc_status piv_put_certificate(struct kc_token *token, const struct kc_certificate_wish *wish,
				   struct kc_view object_id, struct kc_contents *made);

/* delete.c: Yubico's firmware version, 0x050403 for 5.4.3; 0 where the card has not the command. */
KC_MUST_CHECK enum kc_status piv_read_version(struct kc_token *token, uint32_t *ret_version);
/* @slot is no more among @keys. */
void piv_forget_slot(struct piv_key *keys, size_t *n, uint8_t slot);
enum kc_status piv_plan_deletion(struct kc_token *token, const struct kc_deletion_wish *wish);
enum kc_status piv_delete_object(struct kc_token *token, const struct kc_deletion_wish *wish);

/* sign.c */
enum kc_status piv_sign(struct kc_token *token, struct kc_view object_id, const char *algorithm,
			struct kc_view data, struct kc_bytes *ret_signature);

/* decrypt.c */
enum kc_status piv_decrypt(struct kc_token *token, struct kc_view object_id, const char *algorithm,
			   struct kc_view data, struct kc_bytes *ret_plaintext);
enum kc_status piv_exchange(struct kc_token *token, struct kc_view object_id, const char *algorithm,
			    struct kc_view public_key, struct kc_bytes *ret_secret);

#endif
