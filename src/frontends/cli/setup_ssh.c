/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * OpenSSH, as a row of keycask setup: the agent in ~/.ssh/config, for ssh itself, and as
 * SSH_AUTH_SOCK of the next login (environment.d(5)), for everything else that asks an agent. What
 * is added to ~/.ssh/config stands at its end, where it holds for hosts that name no other agent.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "frontends/agent_place.h"
#include "frontends/cli/kept_file.h"
#include "frontends/cli/setup.h"

#define BEGIN "# keycask setup ssh: begin\n"
#define END   "# keycask setup ssh: end\n"
#define NOTE  "# keycask setup ssh\nSSH_AUTH_SOCK=\""

enum {
	TEXT_MAX = 1024,
	FOLDER_MODE = 0700,
};

struct places {
	struct kept_file config;
	char ssh_folder[KEPT_FILE_PATH_MAX];
	char environment[KEPT_FILE_PATH_MAX];
	char agent[KEPT_FILE_PATH_MAX];
};

static enum kc_status join(char *ret_path, const char *a, const char *b)
{
	int n = snprintf(ret_path, KEPT_FILE_PATH_MAX, "%s%s", a, b);

	REQUIRE(n > 0 && n < KEPT_FILE_PATH_MAX, KC_ERR_PARAM, "the path is too long");
	return KC_OK;
}

static void places_freep(struct places **places)
{
	free(*places);
}

static enum kc_status find_places(struct places *places)
{
	const char *home = secure_getenv("HOME");
	const char *config = secure_getenv("XDG_CONFIG_HOME");
	char path[KEPT_FILE_PATH_MAX];

	REQUIRE(home && home[0], KC_ERR_NOT_AVAILABLE, "HOME is not set");
	TRY(join(places->ssh_folder, home, "/.ssh"));
	TRY(join(path, home, "/.ssh/config"));
	TRY(kept_file_find(path, &places->config));
	TRY(join(path, config && config[0] ? config : home, config && config[0] ? "" : "/.config"));
	TRY(join(places->environment, path, "/environment.d/60-keycask.conf"));
	return agent_place_find(places->agent, sizeof(places->agent));
}

/* --- ~/.ssh/config --------------------------------------------------------------------------- */

/* Our lines in it; *ret_len 0: they are not there. */
struct block {
	size_t at;
	size_t len;
	bool is_current; /* they name the agent's socket */
};

/* ssh_config(5): a value with blanks stands in quotes */
static void word_block(const char *agent, char *ret_text)
{
	(void)snprintf(ret_text, TEXT_MAX, BEGIN "Match all\n\tIdentityAgent \"%s\"\n" END, agent);
}

static struct block find_block(const struct bytes *content, const char *agent)
{
	const uint8_t *begin =
		content->len > 0 ? memmem(content->data, content->len, BEGIN, strlen(BEGIN)) : NULL;
	const uint8_t *end = NULL;
	struct block block = {0};
	char text[TEXT_MAX];

	if (!begin)
		return block;
	block.at = (size_t)(begin - content->data);
	end = memmem(begin, content->len - block.at, END, strlen(END));
	if (end)
		block.len = (size_t)(end - begin) + strlen(END);
	word_block(agent, text);
	block.is_current = view_equal(view_of(begin, block.len), view_of_text(text));
	return block;
}

static void cut(struct bytes *content, struct block block)
{
	uint8_t *begin = content->data + block.at;

	memmove(begin, begin + block.len, content->len - block.at - block.len);
	content->len -= block.len;
}

static enum kc_status append_block(struct bytes *content, const char *agent)
{
	char text[TEXT_MAX];

	if (content->len > 0 && content->data[content->len - 1] != '\n')
		TRY(bytes_append_byte(content, '\n'));
	word_block(agent, text);
	return bytes_append(content, view_of_text(text));
}

static enum kc_status make_folder(const char *path)
{
	REQUIRE(mkdir(path, FOLDER_MODE) == 0 || errno == EEXIST, KC_ERR_NOT_AVAILABLE,
		"cannot make %s: %s", path, strerror(errno));
	return KC_OK;
}

/* All that is missing of the folder that @path is in. */
static enum kc_status make_folders(const char *path)
{
	char folder[KEPT_FILE_PATH_MAX];

	TRY(join(folder, path, ""));
	for (char *slash = strchr(folder + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		TRY(make_folder(folder));
		*slash = '/';
	}
	return KC_OK;
}

/* Lines of ours that name another socket; the file may have been changed since they were added. */
static enum kc_status renew_block(const struct places *places, struct bytes *content,
				  struct block block)
{
	cut(content, block);
	TRY(append_block(content, places->agent));
	kept_file_forget(&places->config);
	return kept_file_replace(places->config.path, bytes_view(content));
}

static enum kc_status change_config(const struct places *places)
{
	CLEANUP(bytes_done) struct bytes content = BYTES_INIT(KEPT_FILE_MAX);
	struct block block = {0};

	TRY(kept_file_read(places->config.path, &content, NULL));
	block = find_block(&content, places->agent);
	if (block.is_current)
		return KC_OK;
	if (block.len > 0)
		return renew_block(places, &content, block);
	TRY(append_block(&content, places->agent));
	TRY(make_folder(places->ssh_folder));
	TRY(kept_file_begin(&places->config));
	TRY(kept_file_replace(places->config.path, bytes_view(&content)));
	return kept_file_end(&places->config);
}

/* Of a file that was changed since: what is ours, and nothing else. */
static enum kc_status cut_block(const struct places *places)
{
	CLEANUP(bytes_done) struct bytes content = BYTES_INIT(KEPT_FILE_MAX);
	struct block block = {0};

	TRY(kept_file_read(places->config.path, &content, NULL));
	block = find_block(&content, places->agent);
	if (block.len == 0)
		return KC_OK;
	cut(&content, block);
	return kept_file_replace(places->config.path, bytes_view(&content));
}

static enum kc_status restore_config(const struct places *places)
{
	bool is_restored = false;

	if (kept_file_is_kept(&places->config))
		TRY(kept_file_restore(&places->config, &is_restored));
	if (!is_restored)
		TRY(cut_block(places));
	kept_file_forget(&places->config);
	return KC_OK;
}

/* --- environment.d --------------------------------------------------------------------------- */

/* What stands there. */
enum environment {
	ENVIRONMENT_NONE,
	ENVIRONMENT_OURS,
	ENVIRONMENT_OLD, /* ours, of another socket */
	ENVIRONMENT_FOREIGN,
};

/* Quotes are as in a shell there; no socket of ours has any of what they would not hold. */
static void word_environment(const struct places *places, char *ret_text)
{
	(void)snprintf(ret_text, TEXT_MAX, NOTE "%s\"\n", places->agent);
}

/* One line behind the note, and nothing that somebody has added. */
static bool is_as_we_write(struct kc_view content)
{
	struct kc_view rest = view_slice(content, strlen(NOTE), content.len);
	const uint8_t *newline = NULL;

	if (!view_equal(view_slice(content, 0, strlen(NOTE)), view_of_text(NOTE)) || rest.len == 0)
		return false;
	newline = memchr(rest.data, '\n', rest.len);
	return newline == rest.data + rest.len - 1;
}

static enum kc_status look_at_environment(const struct places *places,
					  enum environment *ret_environment)
{
	CLEANUP(bytes_done) struct bytes content = BYTES_INIT(KEPT_FILE_MAX);
	char text[TEXT_MAX];
	struct stat info;
	bool is_there = lstat(places->environment, &info) == 0;

	word_environment(places, text);
	TRY(kept_file_read(places->environment, &content, NULL));
	if (!is_there)
		*ret_environment = ENVIRONMENT_NONE;
	else if (view_equal(bytes_view(&content), view_of_text(text)))
		*ret_environment = ENVIRONMENT_OURS;
	else
		*ret_environment = is_as_we_write(bytes_view(&content)) ? ENVIRONMENT_OLD
									: ENVIRONMENT_FOREIGN;
	return KC_OK;
}

static enum kc_status write_environment(const struct places *places)
{
	enum environment environment = ENVIRONMENT_NONE;
	char text[TEXT_MAX];

	word_environment(places, text);
	TRY(look_at_environment(places, &environment));
	if (environment == ENVIRONMENT_FOREIGN) {
		error_set_hint("move it away and repeat: keycask setup ssh");
		return fail(KC_ERR_DUPLICATE_ITEM, "somebody else has written it, and it stays");
	}
	TRY(make_folders(places->environment));
	return kept_file_replace(places->environment, view_of_text(text));
}

static enum kc_status remove_environment(const struct places *places)
{
	enum environment environment = ENVIRONMENT_NONE;

	TRY(look_at_environment(places, &environment));
	REQUIRE((environment != ENVIRONMENT_OURS && environment != ENVIRONMENT_OLD) ||
			unlink(places->environment) == 0,
		KC_ERR_NOT_AVAILABLE, "cannot remove %s: %s", places->environment, strerror(errno));
	return KC_OK;
}

/* --- the row --------------------------------------------------------------------------------- */

static enum kc_status tell_config(const struct places *places, struct setup_report *report)
{
	CLEANUP(bytes_done) struct bytes content = BYTES_INIT(KEPT_FILE_MAX);
	struct block block = {0};

	TRY(kept_file_read(places->config.path, &content, NULL));
	block = find_block(&content, places->agent);
	if (block.is_current)
		return setup_tell(report, SETUP_ON, places->config.path, NULL,
				  "ssh asks keycask's agent");
	return setup_tell(report, SETUP_OFF, places->config.path, "keycask setup ssh",
			  block.len > 0 ? "ssh asks the agent of another socket"
					: "ssh asks the agent of SSH_AUTH_SOCK");
}

static enum kc_status tell_environment(const struct places *places, struct setup_report *report)
{
	const char *now = secure_getenv("SSH_AUTH_SOCK");
	enum environment environment = ENVIRONMENT_NONE;

	TRY(look_at_environment(places, &environment));
	if (environment == ENVIRONMENT_OURS)
		return setup_tell(report, SETUP_ON, places->environment,
				  now && strcmp(now, places->agent) == 0
					  ? NULL
					  : "log in anew, or: eval $(keycask ssh-agent)",
				  "SSH_AUTH_SOCK names keycask's agent from the next login on");
	if (environment == ENVIRONMENT_FOREIGN)
		return setup_tell(report, SETUP_OFF, places->environment,
				  "move it away, then: keycask setup ssh",
				  "somebody else has written it");
	return setup_tell(report, SETUP_OFF, places->environment, "keycask setup ssh",
			  environment == ENVIRONMENT_NONE ? "it is not there"
							  : "it names another socket");
}

static enum kc_status tell(const struct places *places, struct setup_report *report)
{
	TRY(tell_config(places, report));
	return tell_environment(places, report);
}

static enum kc_status look(const struct setup_options *options, struct setup_report *report)
{
	CLEANUP(places_freep) struct places *places = calloc(1, sizeof(*places));

	(void)options;
	REQUIRE(places, KC_ERR_ALLOCATE, "out of memory");
	if (find_places(places) != KC_OK)
		return setup_tell_failure(report, NULL);
	return tell(places, report);
}

static enum kc_status apply(const struct setup_options *options, struct setup_report *report)
{
	CLEANUP(places_freep) struct places *places = calloc(1, sizeof(*places));

	(void)options;
	REQUIRE(places, KC_ERR_ALLOCATE, "out of memory");
	TRY(find_places(places));
	TRY(change_config(places));
	if (write_environment(places) == KC_OK)
		return tell(places, report);
	TRY(setup_tell_failure(report, places->environment));
	error_clear();
	return tell_config(places, report);
}

static enum kc_status undo(const struct setup_options *options, struct setup_report *report)
{
	CLEANUP(places_freep) struct places *places = calloc(1, sizeof(*places));

	(void)options;
	REQUIRE(places, KC_ERR_ALLOCATE, "out of memory");
	TRY(find_places(places));
	TRY(restore_config(places));
	TRY(remove_environment(places));
	return tell(places, report);
}

const struct setup_row setup_ssh = {
	.name = "ssh",
	.summary = "ssh asks keycask's agent for keys",
	.look = look,
	.apply = apply,
	.undo = undo,
};
