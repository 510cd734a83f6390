/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Programs of others: what they say and how they end. */
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "frontends/peer_program.h"
#include "harness/test.h"

static struct peer_program_answer answer;

#define RUN(...) peer_program_run((const char *const[]){__VA_ARGS__, NULL}, &answer)
#define DO(...)	 peer_program_do((const char *const[]){__VA_ARGS__, NULL})

TEST(both_outputs_and_the_exit_status_are_told)
{
	CHECK_OK(RUN("sh", "-c", "echo out; echo err >&2; exit 3"));
	CHECK_INT(answer.exit_status, 3);
	CHECK_TEXT(answer.output, "out\n");
	CHECK_TEXT(answer.errors, "err\n");
}

TEST(standard_input_is_empty)
{
	CHECK_OK(RUN("cat"));
	CHECK_INT(answer.exit_status, 0);
	CHECK_TEXT(answer.output, "");
}

TEST(the_number_of_a_signal_is_told_as_a_shell_does)
{
	CHECK_OK(RUN("sh", "-c", "kill -9 $$"));
	CHECK_INT(answer.exit_status, 128 + 9);
}

TEST(what_does_not_fit_is_dropped_and_nobody_waits)
{
	CHECK_OK(RUN("sh", "-c", "yes | head -c 300000; yes no | head -c 100000 >&2"));
	CHECK_INT(answer.exit_status, 0);
	CHECK_INT((int)strlen(answer.output), PEER_PROGRAM_OUTPUT_MAX);
	CHECK_INT((int)strlen(answer.errors), (int)sizeof(answer.errors) - 1);
}

TEST(zeros_are_part_of_what_was_said)
{
	CHECK_OK(RUN("printf", "a\\0b\\0"));
	CHECK_INT((int)answer.output_len, 4);
	CHECK(memcmp(answer.output, "a\0b", 4) == 0);
}

static void check_that_it_is_ended(const char *script)
{
	const char *const arguments[] = {"sh", "-c", script, NULL};

	error_clear();
	CHECK_STATUS(peer_program_run_within(arguments, 1, &answer), KC_ERR_NOT_AVAILABLE);
	CHECK_TEXT(error_get()->message, "sh did not end within 1 seconds");
}

TEST(a_program_that_does_not_end_is_ended)
{
	check_that_it_is_ended("exec sleep 1000");
	check_that_it_is_ended("exec sleep 1000 >&- 2>&-");
	check_that_it_is_ended("while :; do echo more; done");
}

TEST(a_program_that_is_not_there_is_named)
{
	/* a folder that may not be searched would say "Permission denied" */
	CHECK_INT(setenv("PATH", "/usr/bin:/bin", 1), 0);
	error_clear();
	CHECK_STATUS(RUN("keycask-no-such-program"), KC_ERR_NOT_AVAILABLE);
	CHECK_TEXT(error_get()->message,
		   "cannot run keycask-no-such-program: No such file or directory");
}

TEST(a_failure_has_the_last_line_that_was_said)
{
	CHECK_OK(DO("true"));
	error_clear();
	CHECK_STATUS(DO("sh", "-c", "echo first >&2; echo last >&2; exit 4"), KC_ERR_NOT_AVAILABLE);
	CHECK_TEXT(error_get()->message, "sh failed (4): last");
	error_clear();
	CHECK_STATUS(DO("sh", "-c", "echo only; exit 5"), KC_ERR_NOT_AVAILABLE);
	CHECK_TEXT(error_get()->message, "sh failed (5): only");
}

TEST(programs_are_found_in_path)
{
	char path[PEER_PROGRAM_PATH_MAX] = "";

	CHECK(peer_program_find("sh", path));
	CHECK(strcmp(strrchr(path, '/'), "/sh") == 0);
	CHECK(!peer_program_find("keycask-no-such-program", path));
	CHECK_INT(setenv("PATH", "relative::/nowhere", 1), 0);
	CHECK(!peer_program_find("sh", NULL));
}
