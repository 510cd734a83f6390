/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef ITEMS_ENGINE_H
#define ITEMS_ENGINE_H

/*
 * The keychain: one query engine over the items of every present token, in memory, and the software
 * items in keychain.db. A token's items come and go in one transaction each, so nobody ever sees
 * half a token. Looking up touches no hardware and asks nobody: what a person would have to prove
 * first is an answer (struct engine_need), and the call is repeated with the proof.
 */

#include "base/bytes.h"
#include "items/kept.h"
#include "store/keybag.h"
#include "wire/field.h"

struct engine;

struct engine_settings {
	const char *file;		/* keychain.db; NULL: token items only */
	const struct error_record *why; /* there is no @file; NULL: nobody wants one */
	struct kc_view device_key;	/* 32 bytes; may be empty without a file */
	unsigned password_cost;		/* keybag_open() */
	const char *vfs;		/* of SQLite, for tests; NULL: its own */
};

/* A file that cannot be had is no failure: engine_file() says why, and tokens have their items. */
KC_MUST_CHECK enum kc_status engine_new(const struct engine_settings *settings,
					struct engine **ret_engine);
struct engine *engine_free(struct engine *engine);
DEFINE_FREEP(engine)

/* How the file does. Borrowed. */
struct engine_file {
	bool is_open;
	bool is_read_only;
	const char *reason;  /* why it is not open, or what was found when it was opened; NULL */
	const char *hint;    /* what to do about it; NULL */
	size_t n_unreadable; /* items that were met and are damaged; those that were not met are
			      * not counted */
};

struct engine_file engine_file(const struct engine *engine);
/* Give back memory that only makes the next calls faster, private keys among it. */
void engine_shrink(struct engine *engine);
/* What is kept of private keys (items/kept.h): of those that were not used since this was last
 * called; of all of them. */
void engine_forget_unused_keys(struct engine *engine);
void engine_forget_keys(struct engine *engine);
/* NULL: there is no file. */
struct keybag *engine_keybag(struct engine *engine);

/* --- who asks ------------------------------------------------------------------------------ */

enum {
	ENGINE_GROUPS_MAX = 32,
};

/* What a caller has (reference/keychain.md 4.1, 4.2). Borrowed. */
struct engine_caller {
	const char *const *groups; /* its own, the default one first: read and written */
	size_t n_groups;
	bool sees_tokens; /* reads ENGINE_TOKEN_GROUP as well; nobody writes it */
};

/* What was proved for this one call (reference/keychain.md 4.6). */
struct engine_proof {
	bool has_presence;		/* somebody is there and agrees */
	bool has_passcode;		/* and has typed the keychain password: presence as well */
	struct kc_view application_key; /* keybag_stretch() of the application password, or empty */
	struct json_object *verdicts;	/* of engine_need.certificates: {hash: trusted?}, or NULL */
};

/* What else it would take, when a verb returns KC_ERR_AUTHENTICATION_NEEDED. */
struct engine_need {
	bool presence;
	bool passcode;
	bool application_password;
	char label[128];		  /* of the item, for the question */
	struct json_object *certificates; /* owned: array of base64 DER to be judged, or NULL */
};

struct engine_request {
	struct engine_caller caller;
	struct engine_proof proof;
	struct engine_need need; /* out; engine_need_done() */
};

void engine_need_done(struct engine_need *need);

/* --- token items --------------------------------------------------------------------------- */

/* The access group of token items: everyone who may see tokens reads it, nobody writes it. */
#define ENGINE_TOKEN_GROUP "org.keycask.token"

/*
 * One item as a token publishes it. @attributes is a JSON object with names of the vocabulary for
 * its class ("label", "subject", "public_key_hash", "key_type", "can_sign", "access_control", …),
 * binary values in base64; class, token_id, access_group and dates are added here. All borrowed.
 */
struct engine_item {
	const char *class_name; /* "certificate" or "key" */
	struct kc_view object_id;
	struct json_object *attributes;
	struct kc_view data;		/* certificate: DER; key: empty */
	struct kc_view public_key;	/* as org.keycask.X509 gives it; an identity needs that of
					 * the key and that of the certificate to be equal */
	struct json_object *algorithms; /* key: array of base operations the token performs */
	const char *constraint;		/* key: "none", "pin", "pin_always" */
	bool needs_touch;		/* key */
};

/*
 * Replace all items of @token_id by these, in one transaction; on failure what was there stays.
 * Expected: KC_ERR_NO_SUCH_ATTR, KC_ERR_PARAM, KC_ERR_DUPLICATE_ITEM
 */
KC_MUST_CHECK enum kc_status engine_publish(struct engine *engine, const char *token_id,
					    const struct engine_item *items, size_t n_items);

/* Remove all items of @token_id; fine when there are none. */
KC_MUST_CHECK enum kc_status engine_withdraw(struct engine *engine, const char *token_id);

/* --- the four verbs: dictionaries as of docs/vocabulary.md ---------------------------------- */

/*
 * All of them. Expected, beside what each one says:
 *   KC_ERR_PARAM, KC_ERR_NO_SUCH_ATTR, KC_ERR_NO_SUCH_CLASS  the dictionary is wrong
 *   KC_ERR_MISSING_ENTITLEMENT      no group of its own, or one that is not its own
 *   KC_ERR_AUTHENTICATION_NEEDED    @request->need says what; repeat with the proof
 *   KC_ERR_INTERACTION_NOT_ALLOWED  locked, or use_authentication_ui is "fail"
 *   KC_ERR_AUTH_FAILED              wrong application password, or never permitted
 *   KC_ERR_NOT_AVAILABLE, KC_ERR_READ_ONLY  the file
 */

/*
 * *ret_items is an array with one object per item: attributes with return_attributes (always with
 * "class"), value_data, value_ref, value_persistent_ref as asked for.
 * Expected: KC_ERR_ITEM_NOT_FOUND
 */
KC_MUST_CHECK enum kc_status engine_copy_matching(struct engine *engine,
						  struct engine_request *request,
						  struct json_object *query,
						  struct json_object **ret_items);

enum {
	ENGINE_ITEM_MAX = 1024 * 1024 - 256, /* bytes of one item's text: a message, nearly */
};

/* How much of an answer is made at once. 0: as much as there is. */
struct engine_page {
	size_t bytes_max; /* as the text of a message, and */
	size_t values_max;
	size_t rows_max; /* looked at; fewer items, or none, may match */
};

/* Where a query that is answered page by page stands. Zeroed: at its beginning. */
struct engine_cursor {
	unsigned n_places_done; /* tokens, then the file */
	int64_t position;	/* of the last row there that is done with */
	int64_t end;		/* of the last row there when it was begun */
	int64_t n_items;	/* in all pages so far */
	bool is_at_end;
};

/*
 * engine_copy_matching() of the next page, which may be empty, and @cursor after it; untouched by a
 * failure. An item that is larger than a page has one of its own. What is added meanwhile is in no
 * page, and nothing is in two.
 * Expected: KC_ERR_ITEM_NOT_FOUND  at the end, and there was nothing
 *           KC_ERR_PARAM           an item is larger than ENGINE_ITEM_MAX
 */
KC_MUST_CHECK enum kc_status engine_copy_page(struct engine *engine, struct engine_request *request,
					      struct json_object *query,
					      const struct engine_page *page,
					      struct engine_cursor *cursor,
					      struct json_object **ret_items);

/*
 * What is added: an item's content and what it says of itself, found out by whoever can read it.
 * All borrowed.
 */
struct engine_part {
	const char *class_name;
	struct kc_view data; /* what is sealed as the secret; a certificate's DER */
	bool has_data;
	struct json_object *attributes; /* from describe_*(): an application's own do not contradict
					 * them; NULL: nothing is known */
	struct kc_view public_key;	/* as org.keycask.X509 gives it; empty: there is none */
};

/*
 * Add the item in @dictionary, whose value_data has become @parts: one, or certificate and key of
 * an identity. *ret_item is what return_* asked for, as of CopyMatching; NULL: nothing was.
 * Expected: KC_ERR_DUPLICATE_ITEM
 */
KC_MUST_CHECK enum kc_status engine_add(struct engine *engine, struct engine_request *request,
					struct json_object *dictionary,
					const struct engine_part *parts, size_t n_parts,
					struct json_object **ret_item);

/* One of several that are added. All borrowed but for @item, which is the caller's then. */
struct engine_addition {
	struct json_object *dictionary;
	const struct engine_part *parts;
	size_t n_parts;
	bool may_be_there;	  /* a duplicate is no failure: it stays as it is, and is @item */
	bool is_new;		  /* out: not all of it was there */
	struct json_object *item; /* out, as *ret_item; untouched on failure */
};

/* engine_add() of all of them or of none. */
KC_MUST_CHECK enum kc_status engine_add_all(struct engine *engine, struct engine_request *request,
					    struct engine_addition *additions, size_t n);

/*
 * Would an item of class "key" or "certificate" be added with these attributes, by somebody who
 * may? @part is what it says of itself; NULL: there is nothing yet.
 * Expected: KC_ERR_PARAM, KC_ERR_NO_SUCH_ATTR, KC_ERR_NO_SUCH_CLASS, KC_ERR_UNIMPLEMENTED
 */
KC_MUST_CHECK enum kc_status engine_check(struct json_object *dictionary,
					  const struct engine_part *part);

/*
 * Change all items that match, or none. @part is what value_data in @changes has become; NULL when
 * it is not among them. Expected: KC_ERR_ITEM_NOT_FOUND, KC_ERR_DUPLICATE_ITEM
 */
KC_MUST_CHECK enum kc_status engine_update(struct engine *engine, struct engine_request *request,
					   struct json_object *query, struct json_object *changes,
					   const struct engine_part *part);

/* Delete all items that match; needs no key, so it works while locked.
 * Expected: KC_ERR_ITEM_NOT_FOUND */
KC_MUST_CHECK enum kc_status engine_delete(struct engine *engine, struct engine_request *request,
					   struct json_object *query);

/* --- keys ---------------------------------------------------------------------------------- */

enum engine_use {
	ENGINE_USE_PUBLIC, /* what everybody may know of it */
	ENGINE_USE_SIGN,
	ENGINE_USE_DECRYPT,
	ENGINE_USE_EXCHANGE,
};

/* What an operation needs to know of a key. Owned; release with engine_key_done(). */
struct engine_key {
	char *token_id;		   /* NULL: a software key */
	struct kc_bytes object_id; /* as published; of a software key its persistent reference */
	struct kc_bytes public_key;
	struct secret private_key; /* software, not for ENGINE_USE_PUBLIC: keychain.md 5.5 */
	struct kept_key *kept; /* it is used often; with kept_key_made() it has no private_key */
	char *label;
	char *key_type; /* "rsa", "ec" */
	unsigned size_in_bits;
	char *constraint; /* of a token's key; NULL: software */
	struct json_object *algorithms;
	bool can_sign;
	bool can_decrypt;
	bool can_derive;
};

void engine_key_done(struct engine_key *key);

/*
 * The key that a persistent reference (of a key, or of an identity: its key) names; for
 * ENGINE_USE_PUBLIC also that of a certificate, whose public key it is: of size 0, which its bytes
 * tell, and of type "" when an item from before its type was kept.
 * Expected: KC_ERR_PARAM  not a persistent reference, or one of another class
 *           KC_ERR_ITEM_NOT_FOUND  its token is away (named in the record) or no longer has it
 *           and as the verbs
 */
KC_MUST_CHECK enum kc_status engine_find_key(struct engine *engine, struct engine_request *request,
					     struct kc_view persistent_ref, enum engine_use use,
					     struct engine_key *ret_key);

#endif
