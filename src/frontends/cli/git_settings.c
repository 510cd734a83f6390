/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* git config, in every form that is wanted of it. */
#include "frontends/cli/git_settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "frontends/peer_program.h"

enum {
	NOT_THERE = 1, /* git-config(1): of a key that has no value */
	NOT_SET = 5,   /* "you try to unset an option which does not exist" */
};

static void answer_freep(struct peer_program_answer **answer)
{
	free(*answer);
}

static enum kc_status require_git(void)
{
	if (!peer_program_find("git", NULL))
		error_set_hint("install git");
	REQUIRE(peer_program_find("git", NULL), KC_ERR_NOT_AVAILABLE, "there is no git here");
	return KC_OK;
}

/* --- which file ------------------------------------------------------------------------------ */

static enum kc_status put_path(char *ret_path, const char *folder, const char *name)
{
	int n = snprintf(ret_path, GIT_SETTINGS_PATH_MAX, "%s%s", folder, name);

	REQUIRE(n > 0 && n < GIT_SETTINGS_PATH_MAX, KC_ERR_PARAM, "the path %.64s… is too long",
		folder);
	return KC_OK;
}

static enum kc_status find_local(char *ret_path)
{
	static const char *const arguments[] = {"git", "rev-parse", "--path-format=absolute",
						"--git-common-dir", NULL};
	CLEANUP(answer_freep) struct peer_program_answer *answer = calloc(1, sizeof(*answer));

	REQUIRE(answer, KC_ERR_ALLOCATE, "out of memory");
	TRY(peer_program_run(arguments, answer));
	if (answer->exit_status != 0)
		error_set_hint("go into one, or use --global");
	REQUIRE(answer->exit_status == 0, KC_ERR_NOT_AVAILABLE, "this is no repository of git");
	answer->output[strcspn(answer->output, "\n")] = '\0';
	return put_path(ret_path, answer->output, "/config");
}

/* git-config(1), FILES: "$XDG_CONFIG_HOME/git/config … is used if ~/.gitconfig does not exist". */
static enum kc_status find_global(char *ret_path)
{
	const char *chosen = secure_getenv("GIT_CONFIG_GLOBAL");
	const char *home = secure_getenv("HOME");
	const char *config = secure_getenv("XDG_CONFIG_HOME");
	char path[GIT_SETTINGS_PATH_MAX];

	if (chosen)
		return put_path(ret_path, chosen, "");
	REQUIRE(home && home[0], KC_ERR_NOT_AVAILABLE, "HOME is not set");
	TRY(put_path(path, home, "/.gitconfig"));
	if (access(path, F_OK) == 0)
		return put_path(ret_path, path, "");
	if (config && config[0])
		TRY(put_path(path, config, "/git/config"));
	else
		TRY(put_path(path, home, "/.config/git/config"));
	if (access(path, F_OK) == 0)
		return put_path(ret_path, path, "");
	return put_path(ret_path, home, "/.gitconfig");
}

enum kc_status git_settings_find(bool is_local, char *ret_path)
{
	TRY(require_git());
	return is_local ? find_local(ret_path) : find_global(ret_path);
}

/* --- values ---------------------------------------------------------------------------------- */

/* All of them, one a line. */
static enum kc_status get_all(const char *file, const char *name,
			      struct peer_program_answer *answer)
{
	const char *const from_file[] = {"git", "config", "--file", file, "--get-all", name, NULL};
	const char *const from_all[] = {"git", "config", "--get-all", name, NULL};

	answer->output[0] = '\0';
	if (file && access(file, F_OK) != 0)
		return KC_OK;
	TRY(peer_program_run(file ? from_file : from_all, answer));
	REQUIRE(answer->exit_status <= NOT_THERE, KC_ERR_NOT_AVAILABLE, "git config: %.200s",
		answer->errors);
	return KC_OK;
}

enum kc_status git_settings_get(const char *file, const char *name, char **ret_value)
{
	CLEANUP(answer_freep) struct peer_program_answer *answer = calloc(1, sizeof(*answer));
	const char *last = NULL;
	size_t len = 0;

	REQUIRE(answer, KC_ERR_ALLOCATE, "out of memory");
	TRY(get_all(file, name, answer));
	len = strlen(answer->output);
	if (len > 0 && answer->output[len - 1] == '\n')
		answer->output[len - 1] = '\0';
	last = strrchr(answer->output, '\n');
	*ret_value = strdup(last ? last + 1 : answer->output);
	REQUIRE(*ret_value, KC_ERR_ALLOCATE, "out of memory");
	return KC_OK;
}

static enum kc_status unset(const char *file, const char *name)
{
	CLEANUP(answer_freep) struct peer_program_answer *answer = calloc(1, sizeof(*answer));
	const char *const arguments[] = {"git",		"config", "--file", file,
					 "--unset-all", name,	  NULL};

	REQUIRE(answer, KC_ERR_ALLOCATE, "out of memory");
	if (access(file, F_OK) != 0)
		return KC_OK;
	TRY(peer_program_run(arguments, answer));
	REQUIRE(answer->exit_status == 0 || answer->exit_status == NOT_SET, KC_ERR_NOT_AVAILABLE,
		"git config: %.200s", answer->errors);
	return KC_OK;
}

enum kc_status git_settings_set(const char *file, const char *name, const char *value)
{
	const char *const arguments[] = {"git",		  "config", "--file", file,
					 "--replace-all", name,	    value,    NULL};

	return value ? peer_program_do(arguments) : unset(file, name);
}

static enum kc_status add(const char *file, const char *name, const char *value)
{
	const char *const arguments[] = {"git",	  "config", "--file", file,
					 "--add", name,	    value,    NULL};

	return peer_program_do(arguments);
}

enum kc_status git_settings_copy(const char *file, const char *name, const char *other)
{
	CLEANUP(answer_freep) struct peer_program_answer *answer = calloc(1, sizeof(*answer));
	char *at = NULL;

	REQUIRE(answer, KC_ERR_ALLOCATE, "out of memory");
	TRY(get_all(other, name, answer));
	TRY(unset(file, name));
	at = answer->output;
	for (char *line = strsep(&at, "\n"); line && at; line = strsep(&at, "\n"))
		TRY(add(file, name, line));
	return KC_OK;
}
