/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Waiting for pcscd, whose folder is one of the test's; and what PC/SC's numbers mean. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include <winscard.h>

#include "base/try.h"
#include "harness/test.h"
#include "slots/pcsc_error.h"
#include "slots/pcscd.h"
#include "sys/socket.h"

enum {
	SLOWEST_MS = 20,
	WAITS_UNTIL_SILENCE = 2, /* 10 and 20 ms */
};

static void path_in(const char *name, char *ret_path, size_t size)
{
	CHECK(snprintf(ret_path, size, "%s/%s", test_directory(), name) < (int)size);
}

static void make_file(const char *folder, const char *name)
{
	char path[512];
	int fd = -1;

	CHECK(snprintf(path, sizeof(path), "%s/%s", folder, name) < (int)sizeof(path));
	fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	CHECK(fd >= 0);
	socket_close(&fd);
}

TEST(a_socket_that_appears_ends_the_wait)
{
	CLEANUP(pcscd_freep) struct pcscd *pcscd = NULL;
	char folder[256];

	path_in("pcscd", folder, sizeof(folder));
	CHECK_INT(mkdir(folder, 0700), 0);
	CHECK_OK(pcscd_new(folder, SLOWEST_MS, &pcscd));
	for (int i = 0; i < WAITS_UNTIL_SILENCE; i++)
		CHECK_OK(pcscd_wait(pcscd, -1));
	/* From here on it would wait for ever. */
	make_file(folder, "pcscd.comm");
	CHECK_OK(pcscd_wait(pcscd, -1));
	/* And some more looks follow, quickly. */
	CHECK_OK(pcscd_wait(pcscd, -1));
}

TEST(a_folder_that_comes_or_goes_wants_a_new_process)
{
	struct pcscd *pcscd = NULL;
	char folder[256];

	path_in("pcscd", folder, sizeof(folder));
	CHECK_OK(pcscd_new(folder, SLOWEST_MS, &pcscd));
	make_file(test_directory(), "another");
	CHECK_OK(pcscd_wait(pcscd, -1));
	CHECK_INT(mkdir(folder, 0700), 0);
	error_clear();
	CHECK_STATUS(pcscd_wait(pcscd, -1), KC_ERR_TOKEN_NOT_FOUND);
	pcscd = pcscd_free(pcscd);
	CHECK_OK(pcscd_new(folder, SLOWEST_MS, &pcscd));
	CHECK_INT(rmdir(folder), 0);
	error_clear();
	CHECK_STATUS(pcscd_wait(pcscd, -1), KC_ERR_TOKEN_NOT_FOUND);
	pcscd = pcscd_free(pcscd);
}

TEST(a_daemon_that_hangs_up_ends_the_wait)
{
	CLEANUP(pcscd_freep) struct pcscd *pcscd = NULL;
	CLEANUP(socket_close) int ours = -1;
	CLEANUP(socket_close) int theirs = -1;
	char folder[256];

	path_in("pcscd", folder, sizeof(folder));
	CHECK_INT(mkdir(folder, 0700), 0);
	CHECK_OK(pcscd_new(folder, SLOWEST_MS, &pcscd));
	CHECK_OK(socket_make_pair(SOCK_STREAM, &ours, &theirs));
	for (int i = 0; i < WAITS_UNTIL_SILENCE; i++)
		CHECK_OK(pcscd_wait(pcscd, ours));
	socket_close(&theirs);
	CHECK_OK(pcscd_wait(pcscd, ours));
}

TEST(numbers_have_one_meaning_each)
{
	static const struct {
		long result;
		enum kc_status status;
	} cases[] = {
		{SCARD_S_SUCCESS, KC_OK},
		{SCARD_E_NO_SMARTCARD, KC_ERR_TOKEN_NOT_FOUND},
		{SCARD_W_REMOVED_CARD, KC_ERR_TOKEN_NOT_FOUND},
		{SCARD_E_NOT_TRANSACTED, KC_ERR_TOKEN_NOT_FOUND},
		{SCARD_E_NO_SERVICE, KC_ERR_TOKEN_NOT_FOUND},
		{SCARD_E_SHARING_VIOLATION, KC_ERR_NOT_AVAILABLE},
		{SCARD_W_UNRESPONSIVE_CARD, KC_ERR_COMMUNICATION},
		{SCARD_E_INVALID_PARAMETER, KC_ERR_INTERNAL},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		error_clear();
		CHECK_STATUS(pcsc_error_check(cases[i].result, "what"), cases[i].status);
	}
	CHECK(strstr(error_get()->message, "what"));
}
