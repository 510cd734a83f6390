/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef DRIVERS_OPENPGP_OPENPGP_H
#define DRIVERS_OPENPGP_OPENPGP_H

/*
 * The OpenPGP card driver: "Functional Specification of the OpenPGP application on ISO Smart Card
 * Operating Systems", version 3.4, and what cards of versions 2.0, 2.1 and 3.x have otherwise.
 * Outside this folder only openpgp_driver is used.
 *
 * Object IDs: a key is named by its reference (01 signature, 02 decryption, 03 authentication), a
 * certificate by its tag and occurrence (7F 21 00).
 */

#include <keycask/driver.h>

#include "base/bytes.h"

extern const struct kc_driver openpgp_driver;

/* --- the three keys (key.c) ------------------------------------------------------------------- */

enum openpgp_index {
	OPENPGP_SIGNATURE,
	OPENPGP_DECRYPTION,
	OPENPGP_AUTHENTICATION,
	OPENPGP_N_KEYS,
};

enum {
	OPENPGP_LE_ALL = 65536,
	OPENPGP_PUBLIC_KEY_MAX = 544, /* RSAPublicKey of 4096 bits */
	OPENPGP_AID_BYTES = 16,
	OPENPGP_TAG_APPLICATION = 0x6E,
	OPENPGP_ATTRIBUTES_MAX = 16,
	OPENPGP_FINGERPRINT_BYTES = 20,
	OPENPGP_TIME_BYTES = 4,
	/* 4.3: PW1 has two states. The kit's scopes for them. */
	OPENPGP_SCOPE_OTHER = 0, /* 82 */
	OPENPGP_SCOPE_SIGN = 1,	 /* 81 */
};

/* What is fixed about each of them. */
struct openpgp_place {
	uint8_t reference;
	uint8_t crt;	    /* 7.2.14: the control reference template that names it */
	uint8_t occurrence; /* of its certificate, 7F21 */
	const char *name;   /* "OpenPGP signature" */
	unsigned pin_scope;
};

extern const struct openpgp_place openpgp_places[OPENPGP_N_KEYS];

struct openpgp_key {
	bool is_there;
	bool has_certificate;
	bool needs_touch;
	enum kc_key_type type;
	unsigned size_in_bits;
	/* RSAPublicKey in DER, the point 04 X Y, or the 32 bytes of Curve25519. */
	uint8_t public_key[OPENPGP_PUBLIC_KEY_MAX];
	size_t public_key_len;
};

/* --- state ------------------------------------------------------------------------------------ */

/* Passwords by their place in the status C4. */
enum openpgp_password {
	OPENPGP_PW1,
	OPENPGP_RESET_CODE,
	OPENPGP_PW3,
	OPENPGP_N_PASSWORDS,
};

enum {
	OPENPGP_SALT_BYTES = 8,
};

/* 4.3.2: how the card wants its passwords. Read once in each transaction: others may change it. */
struct openpgp_kdf {
	bool is_known;
	bool is_derived; /* else as they are typed */
	bool is_sha512;	 /* else SHA-256 */
	uint32_t count;	 /* bytes to hash */
	uint8_t salts[OPENPGP_N_PASSWORDS][OPENPGP_SALT_BYTES];
};

struct openpgp_state {
	uint8_t aid[OPENPGP_AID_BYTES];
	bool is_pw1_lasting;	  /* one verification serves several signatures */
	bool has_kdf;		  /* passwords may have to be derived (kdf.c) */
	uint16_t certificate_max; /* bytes; 0: the card does not say */
	uint8_t occurrence;	  /* of 7F21, that SELECT DATA has chosen */
	uint32_t command_max;	  /* bytes of data that it takes at once */
	uint8_t password_max[OPENPGP_N_PASSWORDS];
	uint8_t tries_left[OPENPGP_N_PASSWORDS]; /* at the time of enumerate() */
	struct openpgp_key keys[OPENPGP_N_KEYS];
	struct openpgp_kdf kdf;
};

/* 4.2.1: bytes 6 and 7 of the AID, 0x0304 for 3.4. */
static inline unsigned openpgp_version(const struct openpgp_state *state)
{
	return (unsigned)state->aid[6] << 8 | state->aid[7];
}

static inline size_t openpgp_key_bytes(const struct openpgp_key *key)
{
	return (key->size_in_bits + 7) / 8;
}

/* --- steps ------------------------------------------------------------------------------------ */

/* status.c: the only place where a status word gets a meaning; KC_OK for 9000. */
enum kc_status openpgp_status(uint16_t sw);
/* The same, and the record says that @what met it. */
KC_MUST_CHECK enum kc_status openpgp_check(uint16_t sw, const char *what);
/* The same after a password was sent: 6982 means that it is wrong. */
KC_MUST_CHECK enum kc_status openpgp_check_password(uint16_t sw, const char *what);
/* Tries left as 63Cx tells, -1 when @sw says nothing about it. */
int openpgp_tries_in(uint16_t sw);
/* 6982: after a password was sent, it is wrong. */
bool openpgp_is_refusal(uint16_t sw);
/* 6A80 and the like after a new password: the card refuses its form. */
bool openpgp_is_refused_value(uint16_t sw);
/* 6A84 and the like after PUT DATA: there is no room for so much. */
bool openpgp_is_refused_size(uint16_t sw);
/* May enumerate() go on without the object that ended so? */
bool openpgp_can_skip(enum kc_status status);

/* apdu.c: send, and refuse any answer but 9000. *ret_data may be NULL. */
KC_MUST_CHECK enum kc_status openpgp_command(struct kc_token *token, const struct kc_apdu *apdu,
					     const char *what, struct kc_bytes *ret_data);
void openpgp_bytes_done(struct kc_bytes *bytes);
/* For what is secret: wiped before it is released. */
void openpgp_secret_done(struct bytes *value);
static inline struct kc_view openpgp_view(const struct kc_bytes *bytes)
{
	return view_of(bytes->data, bytes->len);
}

/* probe.c */
enum kc_status openpgp_select(struct kc_token *token);
enum kc_status openpgp_open(struct kc_token *token, struct kc_token_identity *ret_identity);

/*
 * objects.c: GET DATA of @tag, without the tag of its own that some cards answer it with.
 * Expected: whatever openpgp_can_skip() knows
 */
KC_MUST_CHECK enum kc_status openpgp_get_data(struct kc_token *token, uint32_t tag,
					      struct bytes *value);
/* The object @tag in application related data @data, at the top or in 73. */
bool openpgp_find(struct kc_view data, uint32_t tag, struct kc_view *ret_value);
/* The same; where it is not in @data the card is asked for it alone. */
KC_MUST_CHECK enum kc_status openpgp_find_or_get(struct kc_token *token, struct kc_view data,
						 uint32_t tag, struct bytes *value);

/* application.c: what the card says about itself; fills the state but for the keys. *data becomes
 * the application related data, empty when the card has none. */
KC_MUST_CHECK enum kc_status openpgp_read_application(struct kc_token *token, struct bytes *data);

/* der.c: INTEGER of the unsigned number @number, and the two of a SEQUENCE in DER. */
KC_MUST_CHECK enum kc_status openpgp_put_pair(struct bytes *der, struct kc_view first,
					      struct kc_view second);

/*
 * public_key.c: ask for the public key of @place and keep what it is in @key. @application is the
 * application related data, which tells the curve where the key does not.
 * Expected: KC_ERR_OBJECT_NOT_FOUND  there is none; KC_ERR_NOT_IMPLEMENTED  of another kind
 */
KC_MUST_CHECK enum kc_status openpgp_read_public_key(struct kc_token *token,
						     struct kc_view application,
						     const struct openpgp_place *place,
						     struct openpgp_key *key);

/* The same of a key that is made by this. */
KC_MUST_CHECK enum kc_status openpgp_make_public_key(struct kc_token *token,
						     const struct openpgp_place *place,
						     struct openpgp_key *key);

/* certificate.c: which of three is meant from now on. Expected: KC_ERR_OBJECT_NOT_FOUND  there is
 * one */
KC_MUST_CHECK enum kc_status openpgp_choose_certificate(struct kc_token *token, uint8_t occurrence);
bool openpgp_has_three_certificates(struct kc_token *token);
/* Expected: KC_ERR_OBJECT_NOT_FOUND  there is none */
KC_MUST_CHECK enum kc_status openpgp_get_certificate(struct kc_token *token, uint8_t occurrence,
						     struct bytes *der);
/* Does it certify @key? For choosing only: the daemon looks closely. */
bool openpgp_certifies(struct kc_view der, const struct openpgp_key *key);

/* key.c: which of the three is named @object_id; and publishing one. */
KC_MUST_CHECK enum kc_status openpgp_find_key(struct kc_token *token, struct kc_view object_id,
					      enum openpgp_index *ret_index);
KC_MUST_CHECK enum kc_status openpgp_add_key(struct kc_token *token, struct kc_contents *contents,
					     enum openpgp_index index);
/* What it does, a NULL-terminated list of one: there is no key with two uses. */
const char *const *openpgp_algorithms(enum openpgp_index index, const struct openpgp_key *key);
enum {
	OPENPGP_CERTIFICATE_ID_BYTES = 3,
	OPENPGP_LABEL_BYTES = 64,
};
void openpgp_put_certificate_id(const struct openpgp_place *place,
				uint8_t id[OPENPGP_CERTIFICATE_ID_BYTES]);
void openpgp_put_certificate_label(const struct openpgp_place *place,
				   char label[OPENPGP_LABEL_BYTES]);

/* enumerate.c */
enum kc_status openpgp_enumerate(struct kc_token *token, struct kc_contents *contents);
bool openpgp_is_surely_absent(struct kc_view application, const struct openpgp_place *place);

/*
 * kdf.c: append to @value what to send for the password @pin: itself, or what the card's KDF-DO
 * makes of it. A secret: openpgp_secret_done().
 */
KC_MUST_CHECK enum kc_status openpgp_derive(struct kc_token *token, enum openpgp_password password,
					    struct kc_view pin, struct bytes *value);
/* Whether passwords are sent as typed, so that a keypad may send them. */
KC_MUST_CHECK enum kc_status openpgp_sends_as_typed(struct kc_token *token, bool *ret_is_typed);

/* pin.c: the passwords as people know them. */
KC_MUST_CHECK enum kc_status openpgp_add_pins(struct kc_token *token, struct kc_contents *contents);
KC_MUST_CHECK enum kc_status openpgp_find_password(const char *pin_id,
						   enum openpgp_password *ret_password);
const char *openpgp_password_name(enum openpgp_password password);
enum kc_status openpgp_check_pin_form(struct kc_token *token, const char *pin_id,
				      struct kc_view pin);
enum kc_status openpgp_pin_status(struct kc_token *token, const char *pin_id, int *ret_tries_left);
/* After @password was sent: what @sw means, and how many tries a wrong one has left. */
KC_MUST_CHECK enum kc_status openpgp_judge_password(struct kc_token *token,
						    enum openpgp_password password, uint16_t sw);
/* How one is typed on a reader's keypad. */
struct kc_pin_format openpgp_keypad_format(struct kc_token *token, enum openpgp_password password);

/* auth.c */
enum kc_status openpgp_authenticate(struct kc_token *token,
				    const struct kc_authentication *authentication);
/* VERIFY with @p2, 81 to 83, by what was typed on the host. */
KC_MUST_CHECK enum kc_status openpgp_verify(struct kc_token *token, uint8_t p2,
					    enum openpgp_password password, struct kc_view pin);

/* change.c */
enum kc_status openpgp_change_pin(struct kc_token *token, const char *pin_id,
				  struct kc_view current, struct kc_view new_pin);
enum kc_status openpgp_unblock_pin(struct kc_token *token, const struct kc_unblocking *unblocking);

/* The card forgets that PW3 was right, where it can. */
void openpgp_forget_admin(struct kc_token *token);

/* plan.c: application related data, empty when the card has none. */
KC_MUST_CHECK enum kc_status openpgp_get_application(struct kc_token *token,
						     struct bytes *application);
/* Empty for a key that is on no curve. */
struct kc_view openpgp_curve_oid(enum kc_key_type type, unsigned size_in_bits);
/* Expected: KC_ERR_KEY_SIZE_NOT_ALLOWED */
KC_MUST_CHECK enum kc_status openpgp_put_wish(enum openpgp_index index,
					      const struct kc_key_wish *wish,
					      struct bytes *attributes);
/* "sign", "signature" … Expected: KC_ERR_BAD_PARAMETER */
KC_MUST_CHECK enum kc_status openpgp_read_place(const char *text, enum openpgp_index *ret_index);
enum kc_status openpgp_plan_key(struct kc_token *token, const struct kc_key_wish *wish,
				struct kc_bytes *ret_object_id);

/* fingerprint.c: of @key, which was made at that time (seconds since 1970). */
KC_MUST_CHECK enum kc_status openpgp_fingerprint(enum openpgp_index index,
						 const struct openpgp_key *key,
						 const uint8_t created[OPENPGP_TIME_BYTES],
						 uint8_t fingerprint[OPENPGP_FINGERPRINT_BYTES]);

/* generate.c */
enum kc_status openpgp_authenticate_admin(struct kc_token *token,
					  const struct kc_admin_proof *proof,
					  struct kc_bytes *ret_response);
enum kc_status openpgp_generate(struct kc_token *token, const struct kc_key_wish *wish,
				struct kc_view object_id, struct kc_contents *made);

/* Which place is named @object_id, whether there is a key or not. */
KC_MUST_CHECK enum kc_status openpgp_find_index(struct kc_view object_id,
						enum openpgp_index *ret_index);
KC_MUST_CHECK enum kc_status openpgp_put_data(struct kc_token *token, unsigned tag,
					      struct kc_view value, const char *what);
/* Tell the card what kind of key is to come. Expected: KC_ERR_KEY_SIZE_NOT_ALLOWED */
KC_MUST_CHECK enum kc_status openpgp_set_attributes(struct kc_token *token,
						    enum openpgp_index index,
						    const struct kc_key_wish *wish);
/* Its time and its fingerprint, as of now. */
KC_MUST_CHECK enum kc_status openpgp_describe_key(struct kc_token *token, enum openpgp_index index,
						  const struct openpgp_key *key);
/* The administrator is done, with @status, which is returned. */
KC_MUST_CHECK enum kc_status openpgp_end_admin(struct kc_token *token, enum kc_status status);

/* import.c */
enum kc_status openpgp_import_key(struct kc_token *token, const struct kc_key_wish *wish,
				  const struct kc_private_key *key, struct kc_view object_id,
				  struct kc_contents *made);

/* put.c */
enum kc_status openpgp_plan_certificate(struct kc_token *token,
					const struct kc_certificate_wish *wish,
					struct kc_bytes *ret_object_id);
enum kc_status openpgp_put_certificate(struct kc_token *token,
				       const struct kc_certificate_wish *wish,
				       struct kc_view object_id, struct kc_contents *made);
enum kc_status openpgp_plan_deletion(struct kc_token *token, const struct kc_deletion_wish *wish);
enum kc_status openpgp_delete_object(struct kc_token *token, const struct kc_deletion_wish *wish);

/* sign.c */
enum kc_status openpgp_sign(struct kc_token *token, struct kc_view object_id, const char *algorithm,
			    struct kc_view data, struct kc_bytes *ret_signature);

/* decrypt.c */
enum kc_status openpgp_decrypt(struct kc_token *token, struct kc_view object_id,
			       const char *algorithm, struct kc_view data,
			       struct kc_bytes *ret_plaintext);
enum kc_status openpgp_exchange(struct kc_token *token, struct kc_view object_id,
				const char *algorithm, struct kc_view public_key,
				struct kc_bytes *ret_secret);

#endif
