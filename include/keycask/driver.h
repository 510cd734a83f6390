/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KEYCASK_DRIVER_H
#define KEYCASK_DRIVER_H

/*
 * For authors of token drivers. A driver is a table of functions and a program whose main() is
 * kc_driver_main(). It runs in a confined process of its own, one per token, opens nothing, and
 * is called for one operation at a time. The kit (driverkit) speaks the wire, tracks sessions and
 * transactions, and refuses what a session may not do before the driver is asked: a driver never
 * sees two clients, only APDUs and PINs.
 *
 * Not frozen, unlike libkeycask: a driver is built anew for each version of keycask.
 */

#include <stdbool.h>

#include <keycask/bytes.h>
#include <keycask/pin_format.h>
#include <keycask/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/* One token: the kit's handle. kc_token_state() is the driver's own block for it. */
struct kc_token;
/* The card of that token, ours for the duration of a call. */
struct kc_card;
/* Where enumerate() puts what it finds. */
struct kc_contents;

/* --- the card ------------------------------------------------------------------------------ */

/* ISO 7816-4 command: @le is the number of bytes expected at most, 0 for none, 256 for "all". */
struct kc_apdu {
	uint8_t cla;
	uint8_t ins;
	uint8_t p1;
	uint8_t p2;
	struct kc_view data;
	uint32_t le;
};

/*
 * Send @apdu and collect the whole answer: longer data is chained (CLA bit 5) or sent in the
 * extended form where kc_card_use_extended() allows it, 61xx is followed by GET RESPONSE, 6Cxx by
 * one repetition with the right Le. *ret_data (the caller's, free it; may be NULL when the data do
 * not matter) is the answer without status words; *ret_sw the last one. A status word other than
 * 9000 is not a failure here: what it means is for the driver's status.c.
 *
 * Expected: KC_ERR_TOKEN_NOT_FOUND  the card is gone: return it
 *           KC_ERR_COMMUNICATION    the card does not answer as ISO 7816-4 wants
 */
KC_PUBLIC KC_MUST_CHECK enum kc_status kc_card_transmit(struct kc_card *card,
							const struct kc_apdu *apdu,
							struct kc_bytes *ret_data,
							uint16_t *ret_sw);

/*
 * Send long commands in the extended form, up to @command_max bytes of data (0: chain instead) and
 * to what the slot carries. A card that refuses one with 6700 gets it chained, and from then on
 * all.
 */
KC_PUBLIC void kc_card_use_extended(struct kc_card *card, uint32_t command_max);
/* Does the card's answer to reset say that it takes them? Some say so and do not, some the other
 * way round. */
KC_PUBLIC bool kc_card_announces_extended(struct kc_card *card);

/* --- the reader's keypad ---------------------------------------------------------------------- */

/* Does the reader have a keypad of its own on which the PIN can be typed, or a new one? */
KC_PUBLIC bool kc_card_has_keypad(struct kc_card *card);
KC_PUBLIC bool kc_card_has_keypad_for_change(struct kc_card *card);

/*
 * Have a person type a PIN there. @apdu is the command without the PIN; its data begins with the
 * PIN block as it is before the PIN is written over it, or is empty for a @format without block.
 * *ret_sw is what the card answers.
 *
 * Expected: KC_ERR_NOT_IMPLEMENTED        no keypad, or none that takes PINs of @format
 *           KC_ERR_CANCELED_BY_USER       by the cancel key, or nothing was typed in time
 *           KC_ERR_AUTHENTICATION_FAILED  too few or too many digits: the card was not asked
 */
KC_PUBLIC KC_MUST_CHECK enum kc_status kc_card_verify_on_keypad(struct kc_card *card,
								const struct kc_apdu *apdu,
								const struct kc_pin_format *format,
								uint16_t *ret_sw);

/* What is to be typed for a change, and where it goes in the command's data. */
struct kc_keypad_change {
	const struct kc_pin_format *format; /* of both */
	bool without_current;		    /* the command has the new PIN alone */
	uint8_t current_offset;		    /* of the PIN blocks, in bytes */
	uint8_t new_offset;
};

/*
 * Likewise for a new PIN, which is typed twice, after the current one (or the one that unblocks).
 *
 * Expected: as above, and KC_ERR_BAD_PARAMETER  the new PIN was not typed alike twice
 */
KC_PUBLIC KC_MUST_CHECK enum kc_status kc_card_modify_on_keypad(
	struct kc_card *card, const struct kc_apdu *apdu, const struct kc_keypad_change *change,
	uint16_t *ret_sw);

/* --- the token ------------------------------------------------------------------------------ */

KC_PUBLIC struct kc_card *kc_token_card(struct kc_token *token);
/* driver->state_size zeroed bytes that live as long as the token. */
KC_PUBLIC void *kc_token_state(struct kc_token *token);
/* Describe the failure that is about to be returned; see kc_driver.authenticate. */
KC_PUBLIC void kc_token_set_tries_left(struct kc_token *token, int tries_left);
/* Record why: @why is what a user reads, never a secret; @sw 0 when there is none. Returns
 * @status, so that a driver can say: return kc_token_fail(token, KC_ERR_…, sw, "…"); */
KC_PUBLIC enum kc_status kc_token_fail(struct kc_token *token, enum kc_status status, uint16_t sw,
				       const char *why, ...) __attribute__((format(printf, 4, 5)));

/* Who the token is. Both texts are the caller's to free(). */
struct kc_token_identity {
	char *instance_id; /* unique and lasting, e.g. the card's GUID in upper-case hexadecimal */
	char *label;	   /* what a person reads */
};

/* --- what it publishes ------------------------------------------------------------------------ */

/* What a private-key operation needs first. */
enum kc_constraint {
	KC_CONSTRAINT_NONE,	  /* nothing */
	KC_CONSTRAINT_PIN,	  /* the PIN, once per session */
	KC_CONSTRAINT_PIN_ALWAYS, /* the PIN for each operation */
};

enum kc_key_type {
	KC_KEY_TYPE_RSA,
	KC_KEY_TYPE_EC,
	KC_KEY_TYPE_ED25519, /* RFC 8032: it signs */
	KC_KEY_TYPE_X25519,  /* RFC 7748: it agrees */
};

enum {
	KC_PIN_SCOPES = 8,
};

/* A private key on the token. Views are copied. */
struct kc_key_description {
	/* Lasting on this token, e.g. the key's slot; the daemon binds it to the public-key hash,
	 * so that a new key in the same place never answers an old reference. */
	struct kc_view object_id;
	const char *label;
	/* Where its public key stands: the object_id of a certificate that was added, or, without
	 * one, the key itself: RSA as PKCS#1's RSAPublicKey in DER, EC as the point 04 X Y,
	 * Ed25519 and X25519, of 256 bits both, as their 32 bytes. */
	struct kc_view certificate_id;
	struct kc_view public_key;
	enum kc_key_type type;
	unsigned size_in_bits;
	enum kc_constraint constraint;
	/* Below KC_PIN_SCOPES: which of the card's verified states it looks at. A card that keeps
	 * one state for all keys has scope 0 alone; OpenPGP has one for signing, one for the rest.
	 */
	unsigned pin_scope;
	const char *const *algorithms; /* base operations, NULL-terminated */
	bool can_sign;
	bool can_decrypt;
	bool can_derive;
	bool needs_touch; /* somebody must touch the token while it works */
};

KC_PUBLIC KC_MUST_CHECK enum kc_status kc_contents_add_certificate(struct kc_contents *contents,
								   struct kc_view object_id,
								   const char *label,
								   struct kc_view der);
KC_PUBLIC KC_MUST_CHECK enum kc_status kc_contents_add_key(struct kc_contents *contents,
							   const struct kc_key_description *key);

/* The same for one that was added, in whose place it comes. For kc_driver.detail. */
KC_PUBLIC KC_MUST_CHECK enum kc_status kc_contents_replace_key(
	struct kc_contents *contents, const struct kc_key_description *key);

/* Take one back that was added: its certificate tells of it, and the card has it no more. For
 * kc_driver.detail. */
KC_PUBLIC KC_MUST_CHECK enum kc_status kc_contents_remove_key(struct kc_contents *contents,
							      struct kc_view object_id);

/* What a PIN is for. */
enum kc_pin_role {
	KC_PIN_ROLE_USER,	/* using keys; the first of these is the PIN of the token */
	KC_PIN_ROLE_UNBLOCKING, /* setting a blocked PIN anew: PUK, reset code */
	KC_PIN_ROLE_ADMIN,	/* writing to the card; it may unblock too */
};

/* A PIN of the token, as far as people deal with it. Texts are copied. */
struct kc_pin_description {
	const char *pin_id; /* lasting and short: "pin", "puk", "admin" */
	const char *label;  /* what a person reads: "PIV PIN" */
	enum kc_pin_role role;
	unsigned min_length; /* characters */
	unsigned max_length;
	bool is_numeric;		 /* digits only */
	const char *const *unblocked_by; /* pin_ids, NULL-terminated; NULL: nothing does */
};

KC_PUBLIC KC_MUST_CHECK enum kc_status kc_contents_add_pin(struct kc_contents *contents,
							   const struct kc_pin_description *pin);

/* --- the table -------------------------------------------------------------------------------- */

/* A PIN to verify. */
struct kc_authentication {
	unsigned scope;	    /* pin_scope of the key that is to be used */
	struct kc_view pin; /* data NULL: it is typed on the reader's keypad */
};

/* A blocked PIN to set anew. Views with data NULL: typed on the reader's keypad. */
struct kc_unblocking {
	const char *pin_id;
	const char *by; /* the PIN that allows it, one of unblocked_by */
	struct kc_view unblocking;
	struct kc_view new_pin;
};

/* A key to be made. */
struct kc_key_wish {
	const char *place; /* the driver's word for where, "9a"; NULL: the first that fits */
	enum kc_key_type type;
	unsigned size_in_bits; /* 0: as the token likes */
	bool can_sign;	       /* what it must be able to do, when place is NULL */
	bool can_decrypt;
	bool can_derive;
	bool may_replace; /* the key that is there may be lost */
	bool is_import;	  /* it comes by import_key(), and is not made */
};

/* A private key that is brought. Numbers are unsigned, the first byte the highest, without zeros in
 * front. All of it is secret but type, size and public_key. */
struct kc_private_key {
	enum kc_key_type type;
	unsigned size_in_bits;
	struct kc_view public_key; /* as of struct kc_key_description */
	/* Of RSA keys: n, e, p, q, d mod p-1, d mod q-1, and the inverse of q mod p. */
	struct kc_view modulus;
	struct kc_view public_exponent;
	struct kc_view prime1;
	struct kc_view prime2;
	struct kc_view exponent1;
	struct kc_view exponent2;
	struct kc_view coefficient;
	/* Of the others, as long as a coordinate: the number, or the 32 bytes of RFC 8032 and 7748.
	 */
	struct kc_view scalar;
};

/* A certificate to be put on the card. */
struct kc_certificate_wish {
	const char *place; /* as of struct kc_key_wish; NULL: with the key that it certifies */
	struct kc_view der;
	enum kc_key_type type;	   /* of that key */
	struct kc_view public_key; /* as of struct kc_key_description */
	bool may_replace;	   /* the certificate that is there may be lost */
	bool may_mismatch;	   /* the key that is there may be another, or unknown */
};

/* What enumerate() or detail() has added and is to be there no more. */
struct kc_deletion_wish {
	bool is_key; /* else a certificate */
	struct kc_view object_id;
};

/* The cipher of a management key. */
enum kc_admin_cipher {
	KC_ADMIN_CIPHER_NONE, /* there is none: the PIN with role admin is what it takes */
	KC_ADMIN_CIPHER_3DES,
	KC_ADMIN_CIPHER_AES128,
	KC_ADMIN_CIPHER_AES192,
	KC_ADMIN_CIPHER_AES256,
};

enum {
	KC_ADMIN_BLOCK_MAX = 16,
};

/* What the card wants proved. The cryptography is not the driver's: it passes blocks on. */
struct kc_admin_challenge {
	enum kc_admin_cipher cipher;
	uint8_t block[KC_ADMIN_BLOCK_MAX];
	size_t block_len;
	bool is_enciphered; /* the proof is the block deciphered; otherwise enciphered */
	bool is_default;    /* the card says that the key is the one it came with */
};

/* The proof: a PIN, or one block; with is_enciphered also a block for the card to encipher. */
struct kc_admin_proof {
	struct kc_view pin;
	struct kc_view response;
	struct kc_view challenge;
};

/*
 * Any entry but open and enumerate may be NULL: the kit then answers not_implemented. All return
 * KC_OK or one of the driver statuses (status.h, -70001 … -70009, KC_ERR_PIN_BLOCKED).
 */
struct kc_driver {
	const char *class_id; /* reverse DNS, first half of every token ID */
	const char *name;     /* what a person reads: "PIV" */
	size_t state_size;

	/* Select the application: the card may have been used by others since the last call.
	 * Called by the kit before the first operation of each transaction. */
	enum kc_status (*select)(struct kc_token *token);

	/* Which token is this? KC_ERR_BAD_PARAMETER: not one of mine. */
	enum kc_status (*open)(struct kc_token *token, struct kc_token_identity *ret_identity);

	enum kc_status (*enumerate)(struct kc_token *token, struct kc_contents *contents);

	/* Some time after enumerate(), when nobody waits: complete @contents, which it has filled,
	 * by what would have taken too long then. NULL: it has told everything. */
	enum kc_status (*detail)(struct kc_token *token, struct kc_contents *contents);

	/* Does @pin have a form that the card can hold as @pin_id (NULL: the PIN of the token)?
	 * KC_ERR_AUTHENTICATION_FAILED if not: then it is refused without costing a try. */
	enum kc_status (*check_pin_form)(struct kc_token *token, const char *pin_id,
					 struct kc_view pin);

	/* Verify the token's PIN on the card. A wrong one: KC_ERR_AUTHENTICATION_FAILED after
	 * kc_token_set_tries_left(), or KC_ERR_PIN_BLOCKED. */
	enum kc_status (*authenticate)(struct kc_token *token,
				       const struct kc_authentication *authentication);

	/* Tries left of @pin_id (NULL: the PIN of the token), -1 when the card does not tell. Must
	 * not spend one. */
	enum kc_status (*pin_status)(struct kc_token *token, const char *pin_id,
				     int *ret_tries_left);

	/* Replace the PIN @pin_id. A wrong @current fails as in authenticate; either view may have
	 * data NULL: typed on the reader's keypad. Forms were checked already. */
	enum kc_status (*change_pin)(struct kc_token *token, const char *pin_id,
				     struct kc_view current, struct kc_view new_pin);

	/* Set a blocked PIN anew. A wrong unblocking PIN fails as in authenticate, with the tries
	 * that are left of it. */
	enum kc_status (*unblock_pin)(struct kc_token *token,
				      const struct kc_unblocking *unblocking);

	/*
	 * The base operation @algorithm with key @object_id. For rsa_signature_raw @data is as
	 * long as the modulus; for rsa_signature_digest_pkcs1v15_raw it is what the card pads, a
	 * DigestInfo; for ecdsa_signature_digest_x962 it is the digest, already cut to the curve's
	 * size, and the signature is DER SEQUENCE { r, s }; for eddsa_signature_message_ed25519 it
	 * is the message, up to 65535 bytes, and the signature is R S, 64 bytes.
	 * KC_ERR_BAD_PARAMETER: the card does not take so long a message.
	 * KC_ERR_AUTHENTICATION_NEEDED: the card wants its PIN (again).
	 */
	enum kc_status (*sign)(struct kc_token *token, struct kc_view object_id,
			       const char *algorithm, struct kc_view data,
			       struct kc_bytes *ret_signature);

	/* Likewise. @data is as long as the modulus; for rsa_encryption_raw so is the plaintext,
	 * padding and all; for rsa_encryption_pkcs1 the card has taken the padding off. */
	enum kc_status (*decrypt)(struct kc_token *token, struct kc_view object_id,
				  const char *algorithm, struct kc_view data,
				  struct kc_bytes *ret_plaintext);

	/* Likewise. For ecdh_key_exchange_standard @public_key is the other side's point 04 X Y of
	 * the key's curve, the secret the X coordinate of the product; with an X25519 key both are
	 * 32 bytes, and a secret of zeros is KC_ERR_BAD_PARAMETER. */
	enum kc_status (*exchange)(struct kc_token *token, struct kc_view object_id,
				   const char *algorithm, struct kc_view public_key,
				   struct kc_bytes *ret_secret);

	/* The card has left or the daemon is done; release what the state block holds. */
	void (*close)(struct kc_token *token);

	/*
	 * May @wish be made, and under which object_id? Changes nothing.
	 * KC_ERR_DUPLICATE_ITEM: there is a key in every place that would do.
	 * KC_ERR_KEY_SIZE_NOT_ALLOWED; KC_ERR_BAD_PARAMETER: no such place, no such type there.
	 */
	enum kc_status (*plan_key)(struct kc_token *token, const struct kc_key_wish *wish,
				   struct kc_bytes *ret_object_id);

	/* What the administrator has to prove. NULL: the PIN with role admin. */
	enum kc_status (*challenge_admin)(struct kc_token *token,
					  struct kc_admin_challenge *ret_challenge);

	/* Prove it. *ret_response is what the card made of proof->challenge. A wrong PIN fails as
	 * in authenticate; a wrong response with KC_ERR_AUTHENTICATION_FAILED. */
	enum kc_status (*authenticate_admin)(struct kc_token *token,
					     const struct kc_admin_proof *proof,
					     struct kc_bytes *ret_response);

	/* Make the key as @object_id, which plan_key() has said a moment before, and add it, with
	 * its public key, to @made, which is empty. enumerate() or detail() tells of it from now
	 * on; until this token is closed even if the card itself cannot. */
	enum kc_status (*generate)(struct kc_token *token, const struct kc_key_wish *wish,
				   struct kc_view object_id, struct kc_contents *made);

	/* The same with @key, which comes from elsewhere, and was checked: its halves belong
	 * together. plan_key() was asked with is_import. */
	enum kc_status (*import_key)(struct kc_token *token, const struct kc_key_wish *wish,
				     const struct kc_private_key *key, struct kc_view object_id,
				     struct kc_contents *made);

	/* May @wish be put on the card, and under which object_id? Changes nothing.
	 * KC_ERR_DUPLICATE_ITEM: there is another certificate.
	 * KC_ERR_BAD_PARAMETER: no such place, another key in it, too many bytes for the card.
	 * KC_ERR_OBJECT_NOT_FOUND: without place, and there is no key that it certifies. */
	enum kc_status (*plan_certificate)(struct kc_token *token,
					   const struct kc_certificate_wish *wish,
					   struct kc_bytes *ret_object_id);

	/* Put it there as @object_id, which plan_certificate() has said a moment before, and add it
	 * to @made, which is empty. */
	enum kc_status (*put_certificate)(struct kc_token *token,
					  const struct kc_certificate_wish *wish,
					  struct kc_view object_id, struct kc_contents *made);

	/* Can that object, which was published, be deleted? Changes nothing.
	 * KC_ERR_NOT_IMPLEMENTED: the card keeps it. */
	enum kc_status (*plan_deletion)(struct kc_token *token,
					const struct kc_deletion_wish *wish);

	/* Delete it. Neither enumerate() nor detail() tells of it from now on. */
	enum kc_status (*delete_object)(struct kc_token *token,
					const struct kc_deletion_wish *wish);
};

/*
 * The whole of main(): confine this process, then serve @driver on the descriptors it inherits
 * until the daemon closes them. Returns the exit status.
 */
KC_PUBLIC int kc_driver_main(int argc, char **argv, const struct kc_driver *driver);

#ifdef __cplusplus
}
#endif

#endif
