/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef PKCS11_P11_OBJECT_H
#define PKCS11_P11_OBJECT_H

/*
 * Objects: certificates, public and private keys of the keychain and of tokens, made of its items;
 * and session objects, which are keys that are not permanent, secrets that C_DeriveKey gave, and
 * what C_CreateObject made with CKA_TOKEN false.
 *
 * A handle is a name: the same item has the same one as long as the program lives, through removal
 * and return of its token and restart of the daemon, and another item never gets it.
 */

#include <keycask/bytes.h>
#include <keycask/key.h>
#include <stdbool.h>

#include "frontends/pkcs11/p11_standard.h"

struct p11_attributes;
struct p11_session;
struct secret;

/* What has to be proved before a private key is used. */
enum p11_consent {
	P11_CONSENT_NONE,
	P11_CONSENT_LOGIN,  /* once: C_Login(CKU_USER) */
	P11_CONSENT_ALWAYS, /* before each use: CKA_ALWAYS_AUTHENTICATE */
};

struct p11_object {
	CK_OBJECT_HANDLE handle;
	CK_SLOT_ID slot;
	CK_SESSION_HANDLE session; /* whose session object it is; 0: a token object */
	CK_OBJECT_CLASS object_class;
	unsigned n_users;
	struct p11_attributes *attributes; /* all that C_GetAttributeValue may tell */
	struct kc_key *key;		   /* of key objects but secret ones; NULL: none */
	char *key_type;			   /* "rsa", "ec", "ed25519"… of docs/vocabulary.md */
	int key_size_in_bits;
	enum p11_consent consent;
	struct kc_bytes reference; /* persistent, of the item it is made of; empty: of none */
	bool is_derived;	   /* a public key that is there because the private one is */
	bool has_own_id;	   /* CKA_ID is what an application wants, not the hash */
	/* @key is one that the daemon keeps for this process (p11_session_key.c): it is told when
	 * nobody has the object any more. */
	bool is_of_process;
	struct p11_object *next_left; /* p11_object.c's */
	/* Of a secret key, in locked memory: C_DeriveKey's result. */
	struct secret *secret;
	/* Whose key and secret these are, held: C_CopyObject's or C_SetAttributeValue's original.
	 */
	struct p11_object *original;
};

/*
 * The object of @handle, as a session of @slot sees it, held until p11_object_give(). Not within
 * p11_module_enter(). Asks the daemon only when the object was not looked at since its token came.
 * Expected: CKR_OBJECT_HANDLE_INVALID
 */
CK_RV p11_object_take(CK_SLOT_ID slot, CK_OBJECT_HANDLE handle, struct p11_object **ret_object);

/* The same of a key in an operation, whose handle is called by another name.
 * Expected: CKR_KEY_HANDLE_INVALID */
CK_RV p11_object_take_key(CK_SLOT_ID slot, CK_OBJECT_HANDLE handle, struct p11_object **ret_key);

/* NULL is fine. Not within p11_module_enter(). */
void p11_object_give(struct p11_object *object);

/* CLEANUP(p11_object_givep) struct p11_object *object = NULL; */
static inline void p11_object_givep(struct p11_object **object)
{
	p11_object_give(*object);
}

/* Within p11_module_enter(): the session objects of @session are no more. */
void p11_object_end_session(CK_SESSION_HANDLE session);

/* The same, when somebody logs out of @slot (3.0, 5.6.10): its private session objects are no more.
 */
void p11_object_end_login(CK_SLOT_ID slot);

/* A new object with empty attributes and one user, whom p11_object_give() ends; NULL: no memory. */
struct p11_object *p11_object_new(CK_SLOT_ID slot, CK_OBJECT_CLASS object_class);

/* Another one with the key and the secret of @original and empty attributes; NULL: no memory. Not
 * within p11_module_enter(). */
struct p11_object *p11_object_variant(struct p11_object *original);

/* Within p11_module_enter(): one user less. */
void p11_object_drop(struct p11_object *object);

/* Not within p11_module_enter(), after a p11_object_drop() there: the daemon forgets the keys that
 * it kept for objects that are no more. p11_object_give() does it by itself. */
void p11_object_forget_left(void);

/* Within p11_module_enter(): does whoever uses its slot see it? A private object only shows when
 * somebody is logged in (3.0, 5.7.7). */
bool p11_object_is_visible(const struct p11_object *object);

/* p11_module.c's: after fork(), with the tables as they were (or not: @is_whole); and at
 * C_Finalize. */
void p11_object_inherit(bool is_whole);
void p11_object_end(void);

/* Is the attribute @type of @object CK_TRUE, as C_GetAttributeValue tells it? What it has not got
 * is not: CKA_SIGN of a certificate. */
bool p11_object_is(const struct p11_object *object, CK_ATTRIBUTE_TYPE type);

#endif
