/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What has to be proved before which operation (reference/keychain.md 4.5, 4.6). The application
 * password is no alternative to the person, but one more thing the secret is sealed with.
 */
#include "items/access_control.h"

#include "base/try.h"

static enum kc_status check_application_password(const struct access_control *access,
						 const struct engine_proof *proof,
						 struct engine_need *need)
{
	if (!access_control_has(access, ACCESS_CONTROL_APPLICATION_PASSWORD) ||
	    proof->application_key.len > 0)
		return KC_OK;
	need->application_password = true;
	return KC_ERR_AUTHENTICATION_NEEDED;
}

/*
 * The person. With "or" one of several is enough, and all but the passcode are missing here; with
 * the passcode presence is proved as well.
 */
static enum kc_status check_person(const struct access_control *access,
				   const struct engine_proof *proof, struct engine_need *need)
{
	if (access_control_has(access, ACCESS_CONTROL_DEVICE_PASSCODE) && !proof->has_passcode) {
		need->passcode = true;
		return KC_ERR_AUTHENTICATION_NEEDED;
	}
	if (access_control_has(access, ACCESS_CONTROL_USER_PRESENCE) && !proof->has_presence &&
	    !proof->has_passcode) {
		need->presence = true;
		return KC_ERR_AUTHENTICATION_NEEDED;
	}
	return KC_OK;
}

/* All that is missing at once, so that nobody is asked twice. */
static enum kc_status check_all(const struct access_control *access,
				const struct engine_proof *proof, struct engine_need *need)
{
	enum kc_status person = check_person(access, proof, need);
	enum kc_status application = check_application_password(access, proof, need);

	if (person == KC_OK && application == KC_OK)
		return KC_OK;
	return fail(KC_ERR_AUTHENTICATION_NEEDED, "the item's access control wants more");
}

static enum kc_status fail_forbidden(void)
{
	error_set_hint("it can be used for what keys do, and deleted");
	return fail(KC_ERR_AUTH_FAILED, "its access control lets nobody read this key");
}

/*
 * "Without PrivateKeyUsage the constraint is stored for decrypt; encrypt and delete are true. With
 * it: constraint on sign, compute, decapsulate; no decrypt/encrypt entry", and what has no entry is
 * not permitted. Adding is encrypting, and of all proofs needs only what the secret is sealed with.
 * Attributes of a key made for use only are free to be seen, or nobody could find it.
 */
enum kc_status access_control_check(const struct access_control *access,
				    enum access_control_operation operation,
				    const struct engine_proof *proof, struct engine_need *need)
{
	bool is_for_use = access_control_has(access, ACCESS_CONTROL_PRIVATE_KEY_USAGE);

	switch (operation) {
	case ACCESS_CONTROL_DELETE:
		return KC_OK;
	case ACCESS_CONTROL_ADD:
		if (check_application_password(access, proof, need) == KC_OK)
			return KC_OK;
		return fail(KC_ERR_AUTHENTICATION_NEEDED, "the item needs its own password");
	case ACCESS_CONTROL_READ:
		return is_for_use ? KC_OK : check_all(access, proof, need);
	case ACCESS_CONTROL_READ_VALUE:
		return is_for_use ? fail_forbidden() : check_all(access, proof, need);
	case ACCESS_CONTROL_USE:
	case ACCESS_CONTROL_CHANGE:
		break;
	}
	return check_all(access, proof, need);
}
