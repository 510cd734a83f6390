/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the frame says: texts of fixed length, results, and calls in an order that is not allowed.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "frontends/pkcs11/p11_status.h"
#include "frontends/pkcs11/p11_text.h"
#include "harness/refused_call.h"
#include "harness/test.h"

static void check_padded(const char *text, const char *expected)
{
	char field[9] = "";

	p11_text_pad((unsigned char *)field, 8, text);
	CHECK_TEXT(field, expected);
}

TEST(texts_are_padded_and_no_character_is_cut)
{
	check_padded("", "        ");
	check_padded("abc", "abc     ");
	check_padded("abcdefgh", "abcdefgh");
	check_padded("abcdefghi", "abcdefgh");
	check_padded("abcdefgä", "abcdefg ");
	check_padded("abcdefä", "abcdefä");
	check_padded("abcde€€", "abcde€");
	check_padded("abcdef€", "abcdef  ");
}

TEST(a_person_is_told_what_to_do)
{
	CHECK_INT(p11_status(KC_OK), CKR_OK);
	CHECK_INT(p11_status(KC_ERR_AUTH_FAILED), CKR_PIN_INCORRECT);
	CHECK_INT(p11_status(KC_ERR_PIN_BLOCKED), CKR_PIN_LOCKED);
	CHECK_INT(p11_status(KC_ERR_USER_CANCELED), CKR_FUNCTION_CANCELED);
	CHECK_INT(p11_status(KC_ERR_INTERACTION_NOT_ALLOWED), CKR_USER_NOT_LOGGED_IN);
	CHECK_INT(p11_status(KC_ERR_ITEM_NOT_FOUND), CKR_DEVICE_REMOVED);
	CHECK_INT(p11_status(KC_ERR_NOT_AVAILABLE), CKR_DEVICE_ERROR);
	CHECK_INT(p11_status(KC_ERR_INTERNAL), CKR_GENERAL_ERROR);
	CHECK_INT(p11_status((enum kc_status)12345), CKR_GENERAL_ERROR);
	CHECK_INT(p11_status_of_key(KC_ERR_PARAM), CKR_DATA_INVALID);
	CHECK_INT(p11_status_of_key(KC_ERR_UNIMPLEMENTED), CKR_KEY_FUNCTION_NOT_PERMITTED);
	CHECK_INT(p11_status_of_key(KC_ERR_VERIFY_FAILED), CKR_SIGNATURE_INVALID);
}

/* Without a daemon, and without leaving anything open (the harness counts). */
TEST(nothing_is_left_when_it_is_over)
{
	CK_ULONG n = 0;
	CK_SLOT_ID slot = 0;

	CHECK(setenv("KEYCASK_SOCKET", "/nonexistent/socket", 1) == 0);
	for (int i = 0; i < 3; i++) {
		CHECK_INT(C_GetSlotList(CK_FALSE, NULL, &n), CKR_CRYPTOKI_NOT_INITIALIZED);
		CHECK_INT(C_Initialize(NULL), CKR_OK);
		CHECK_INT(C_Initialize(NULL), CKR_CRYPTOKI_ALREADY_INITIALIZED);
		CHECK_INT(C_GetSlotList(CK_FALSE, NULL, &n), CKR_OK);
		CHECK_INT(n, 2);
		CHECK_INT(C_GetSlotList(CK_TRUE, NULL, &n), CKR_OK);
		CHECK_INT(n, 0);
		CHECK_INT(C_WaitForSlotEvent(CKF_DONT_BLOCK, &slot, NULL), CKR_NO_EVENT);
		CHECK_INT(C_Finalize(NULL), CKR_OK);
	}
	CHECK(setenv("KEYCASK_WITHIN", "1", 1) == 0);
	CHECK_INT(C_Initialize(NULL), CKR_GENERAL_ERROR);
}

/* Each call looks whether it is in a child. Where the kernel empties no page for one it is asked
 * each time, and children notice as well. */
static void check_child(void)
{
	CK_ULONG n = 0;
	int status = 0;
	pid_t child = 0;

	CHECK_INT(C_Initialize(NULL), CKR_OK);
	CHECK_INT(C_Initialize(NULL), CKR_CRYPTOKI_ALREADY_INITIALIZED);
	child = fork();
	if (child == 0)
		_exit(C_GetSlotList(CK_FALSE, NULL, &n) == CKR_OK && C_Initialize(NULL) == CKR_OK &&
				      C_Initialize(NULL) == CKR_CRYPTOKI_ALREADY_INITIALIZED
			      ? 0
			      : 1);
	CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0);
	CHECK_INT(C_Initialize(NULL), CKR_CRYPTOKI_ALREADY_INITIALIZED);
}

TEST(a_child_notices_that_it_is_one)
{
	CHECK(setenv("KEYCASK_SOCKET", "/nonexistent/socket", 1) == 0);
	check_child();
	if (!REFUSED_CALL_HAS_GETPID)
		return;
	refused_call_begin(SYS_getpid, -1);
	CHECK(getpid() < 0);
	/* and the parent never takes itself for one */
	CHECK_INT(C_Initialize(NULL), CKR_CRYPTOKI_ALREADY_INITIALIZED);
	CHECK_INT(C_Finalize(NULL), CKR_OK);
}

TEST(a_child_notices_where_no_page_is_emptied)
{
	CHECK(setenv("KEYCASK_SOCKET", "/nonexistent/socket", 1) == 0);
	refused_call_begin(SYS_madvise, MADV_WIPEONFORK);
	check_child();
	CHECK_INT(C_Finalize(NULL), CKR_OK);
}
