/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a kc_status is for programs that know PKCS #11 alone. They show little more than the name of
 * what they get, so it says what a person can do: another PIN, insert the token, unblock it.
 */
#include "frontends/pkcs11/p11_status.h"

#include <keycask/error.h>

#include "base/cleanup.h"

static const struct {
	enum kc_status status;
	CK_RV result;
} results[] = {
	{KC_OK, CKR_OK},
	{KC_ERR_UNIMPLEMENTED, CKR_FUNCTION_NOT_SUPPORTED},
	{KC_ERR_PARAM, CKR_ARGUMENTS_BAD},
	{KC_ERR_ALLOCATE, CKR_HOST_MEMORY},
	{KC_ERR_USER_CANCELED, CKR_FUNCTION_CANCELED},
	/* the daemon is away, and everything with it */
	{KC_ERR_NOT_AVAILABLE, CKR_DEVICE_ERROR},
	{KC_ERR_READ_ONLY, CKR_TOKEN_WRITE_PROTECTED},
	{KC_ERR_AUTH_FAILED, CKR_PIN_INCORRECT},
	{KC_ERR_DUPLICATE_ITEM, CKR_TEMPLATE_INCONSISTENT},
	{KC_ERR_ITEM_NOT_FOUND, CKR_DEVICE_REMOVED},
	{KC_ERR_NO_SUCH_ATTR, CKR_ATTRIBUTE_TYPE_INVALID},
	{KC_ERR_NO_SUCH_CLASS, CKR_ATTRIBUTE_VALUE_INVALID},
	{KC_ERR_INTERACTION_NOT_ALLOWED, CKR_USER_NOT_LOGGED_IN},
	{KC_ERR_KEY_SIZE_NOT_ALLOWED, CKR_KEY_SIZE_RANGE},
	{KC_ERR_DECODE, CKR_DATA_INVALID},
	{KC_ERR_MISSING_ENTITLEMENT, CKR_ACTION_PROHIBITED},
	{KC_ERR_VERIFY_FAILED, CKR_SIGNATURE_INVALID},
	{KC_ERR_PIN_BLOCKED, CKR_PIN_LOCKED},
};

CK_RV p11_status(enum kc_status status)
{
	for (size_t i = 0; i < ARRAY_LEN(results); i++)
		if (results[i].status == status)
			return results[i].result;
	return CKR_GENERAL_ERROR;
}

/*
 * Who is asked for a PIN or a yes can say no, which p11_use.c and the table above tell: 3.0, 5.1.6
 * has CKR_FUNCTION_CANCELED for "PIN entry through a protected path" that somebody ends. Where
 * nobody could be asked - this program has shown too many prompts, there is no pinentry - or
 * another program has the card for itself, the daemon answers that it will not, for now:
 * CKR_FUNCTION_REJECTED. CKR_DEVICE_ERROR, of a daemon that does not answer at all, would have NSS
 * and Java take the token for broken.
 */
CK_RV p11_status_of_asking(enum kc_status status)
{
	if (status == KC_ERR_NOT_AVAILABLE && kc_error_request(kc_error_last()) != 0)
		return CKR_FUNCTION_REJECTED;
	return p11_status(status);
}

/* A key that is not asked for in the way it was made for is the caller's mistake in the mechanism
 * or the data, which only the caller can tell apart. */
CK_RV p11_status_of_key(enum kc_status status)
{
	if (status == KC_ERR_PARAM)
		return CKR_DATA_INVALID;
	if (status == KC_ERR_UNIMPLEMENTED)
		return CKR_KEY_FUNCTION_NOT_PERMITTED;
	return p11_status_of_asking(status);
}
