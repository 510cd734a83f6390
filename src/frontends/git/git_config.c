/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* git config, twice: for the system's and the user's settings. */
#include "frontends/git/git_config.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "frontends/peer_program.h"

enum {
	OUTPUT_MAX = 64 * 1024,
};

static void answer_freep(struct peer_program_answer **answer)
{
	free(*answer);
}

/* git-config(1): "if the key is not found, returns error code 1"; no such file: the same. */
static enum kc_status run_git(const char *scope, const char *name, struct bytes *output)
{
	const char *const arguments[] = {"git",		"config",    scope, "--null",
					 "--type=path", "--get-all", name,  NULL};
	CLEANUP(answer_freep) struct peer_program_answer *answer = calloc(1, sizeof(*answer));

	REQUIRE(answer, KC_ERR_ALLOCATE, "out of memory");
	TRY(peer_program_run(arguments, answer));
	REQUIRE(answer->exit_status <= 1, KC_ERR_NOT_AVAILABLE, "git config cannot read %s: %.*s",
		name, (int)strcspn(answer->errors, "\n"), answer->errors);
	REQUIRE(answer->output_len < PEER_PROGRAM_OUTPUT_MAX, KC_ERR_NOT_AVAILABLE,
		"git config has too much of %s", name);
	return bytes_append(output, view_of(answer->output, answer->output_len));
}

enum kc_status git_config_read_all(const char *name, char **ret_values)
{
	CLEANUP(bytes_done) struct bytes output = BYTES_INIT(OUTPUT_MAX);
	struct kc_bytes values = {NULL, 0};

	TRY(run_git("--system", name, &output));
	if (secure_getenv("HOME") || secure_getenv("GIT_CONFIG_GLOBAL")) /* else git finds none */
		TRY(run_git("--global", name, &output));
	TRY(bytes_append_byte(&output, 0));
	values = bytes_take(&output);
	*ret_values = (char *)values.data;
	return KC_OK;
}
