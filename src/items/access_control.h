/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef ITEMS_ACCESS_CONTROL_H
#define ITEMS_ACCESS_CONTROL_H

/*
 * The access control of a software item, {"accessible": CLASS, "flags": [...]}: what has to be
 * proved before which operation (reference/keychain.md 4.5, 4.6). What a token wants for its keys
 * ({"sign": "pin"}) has another shape and is the token's business.
 */

#include "codec/vocabulary.h"
#include "items/engine.h"

/* A bit 1 << flag each; the order of reference/keychain.md 4.5. */
enum access_control_flag {
	ACCESS_CONTROL_USER_PRESENCE,
	ACCESS_CONTROL_BIOMETRY_ANY,
	ACCESS_CONTROL_BIOMETRY_CURRENT_SET,
	ACCESS_CONTROL_DEVICE_PASSCODE,
	ACCESS_CONTROL_COMPANION,
	ACCESS_CONTROL_OR,
	ACCESS_CONTROL_AND,
	ACCESS_CONTROL_PRIVATE_KEY_USAGE,
	ACCESS_CONTROL_APPLICATION_PASSWORD,
	ACCESS_CONTROL_N_FLAGS,
};

/* Without flags nothing has to be proved. */
struct access_control {
	enum keybag_class accessible;
	unsigned flags;
};

bool access_control_has(const struct access_control *access, enum access_control_flag flag);

enum access_control_operation {
	ACCESS_CONTROL_ADD,	   /* seal a new item */
	ACCESS_CONTROL_READ,	   /* see that it is there, and its attributes */
	ACCESS_CONTROL_READ_VALUE, /* and value_data */
	ACCESS_CONTROL_USE,	   /* sign, decrypt, exchange with it, when it is a key */
	ACCESS_CONTROL_CHANGE,	   /* update anything of it: it is sealed anew */
	ACCESS_CONTROL_DELETE,
};

/*
 * Check what an application gives.
 * Expected: KC_ERR_PARAM          it breaks a rule of 4.5
 *           KC_ERR_UNIMPLEMENTED  nobody could ever prove what it wants
 */
KC_MUST_CHECK enum kc_status access_control_parse(struct json_object *value,
						  struct access_control *ret_access);

/* The same in one form, with the flags in their order: what is stored and given back. */
KC_MUST_CHECK enum kc_status access_control_make(const struct access_control *access,
						 struct json_object **ret_value);

/*
 * The access control of an item with these attributes, after an add or an update: made from
 * "accessible" alone when there is no "access_control", which otherwise must agree with it.
 * Neither there: @fallback, without flags.
 * Expected: as access_control_parse(); KC_ERR_PARAM  they differ, or the item is synchronizable
 */
KC_MUST_CHECK enum kc_status access_control_of(struct json_object *attributes,
					       enum keybag_class fallback,
					       struct access_control *ret_access);

/*
 * May an item of @item_class have it? What is for use only must be something that can be used.
 * Expected: KC_ERR_PARAM
 */
KC_MUST_CHECK enum kc_status access_control_suits(const struct access_control *access,
						  enum vocabulary_class item_class);

/*
 * The access control of an identity is that of its key: of what is for use only the certificate
 * has the protection class alone, for it is not used and everybody may see it.
 */
struct access_control access_control_of_certificate(const struct access_control *identity);

/* Is there what it takes to prove it later? Expected: KC_ERR_NOT_AVAILABLE  no keychain password */
KC_MUST_CHECK enum kc_status access_control_require_password(const struct access_control *access,
							     bool has_password);

/*
 * May @operation go on with @proof? If not, *need says (besides what it said before) what else it
 * takes; the label is left to the caller. That the application password is the right one is seen
 * when the item opens, not here.
 * Expected: KC_ERR_AUTHENTICATION_NEEDED
 *           KC_ERR_AUTH_FAILED  whatever is proved, it may not
 */
KC_MUST_CHECK enum kc_status access_control_check(const struct access_control *access,
						  enum access_control_operation operation,
						  const struct engine_proof *proof,
						  struct engine_need *need);

/*
 * May an update put @after in place of @before? What was made for use only (private_key_usage)
 * never becomes readable. Expected: KC_ERR_AUTH_FAILED
 */
KC_MUST_CHECK enum kc_status access_control_may_become(const struct access_control *before,
						       const struct access_control *after);

#endif
