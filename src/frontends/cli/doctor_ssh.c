/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who signs for ssh and for git: an agent, a module, or somebody else. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "frontends/cli/doctor_programs.h"
#include "frontends/peer_program.h"

enum {
	SETTING_MAX = 512,
};

static bool same_file(const char *a, const char *b)
{
	CLEANUP(freep) char *real_a = realpath(a, NULL);
	CLEANUP(freep) char *real_b = realpath(b, NULL);

	return strcmp(a, b) == 0 || (real_a && real_b && strcmp(real_a, real_b) == 0);
}

static void free_answer(struct peer_program_answer **answer)
{
	free(*answer);
}

/* The rest of the first line of @text that begins with @name and a blank. */
static bool line_of(const char *text, const char *name, char ret_value[SETTING_MAX])
{
	size_t len = strlen(name);

	for (const char *line = text; line && *line; line = strchr(line, '\n')) {
		line += *line == '\n' ? 1 : 0;
		if (strncasecmp(line, name, len) != 0 || line[len] != ' ')
			continue;
		(void)snprintf(ret_value, SETTING_MAX, "%.*s", (int)strcspn(line + len + 1, "\n"),
			       line + len + 1);
		return true;
	}
	return false;
}

/* What ssh would do for a host that no line of its settings names. */
static bool ssh_setting(const char *name, char ret_value[SETTING_MAX])
{
	static const char *const arguments[] = {"ssh", "-G", "keycask.invalid", NULL};
	CLEANUP(free_answer) struct peer_program_answer *answer = calloc(1, sizeof(*answer));

	return answer && peer_program_run(arguments, answer) == KC_OK && answer->exit_status == 0 &&
	       line_of(answer->output, name, ret_value);
}

/* Whose agent that is, as far as its path tells. */
static const char *owner_of(const char *socket)
{
	if (strstr(socket, "gpg-agent"))
		return "gpg-agent";
	if (strstr(socket, "keyring"))
		return "gnome-keyring";
	return "another agent";
}

static void tell_other_agent(const struct doctor_scene *scene, const char *socket)
{
	char why[SETTING_MAX + 64];

	(void)snprintf(why, sizeof(why), "it asks %s (%s)", owner_of(socket), socket);
	doctor_misses(scene, "ssh", why, "keycask setup ssh; or here: eval $(keycask ssh-agent)");
}

void doctor_ssh_look_at_agent(struct doctor_scene *scene)
{
	const char *agent = secure_getenv("SSH_AUTH_SOCK");
	char value[SETTING_MAX] = "";

	if (!peer_program_find("ssh", NULL))
		return;
	if (ssh_setting("identityagent", value) && strcmp(value, "none") != 0 &&
	    strcmp(value, "SSH_AUTH_SOCK") != 0)
		agent = value;
	if (agent && same_file(agent, scene->doctor->agent_socket))
		doctor_sees(scene, "ssh", "by keycask's agent");
	else if (ssh_setting("pkcs11provider", value) && strstr(value, "keycask-pkcs11.so"))
		doctor_sees(scene, "ssh", "by PKCS11Provider");
	else if (agent && agent[0])
		tell_other_agent(scene, agent);
	else
		doctor_misses(scene, "ssh", "there is no SSH_AUTH_SOCK, so it asks no agent",
			      "keycask setup ssh; or here: eval $(keycask ssh-agent)");
}

static bool git_setting(const char *name, char ret_value[SETTING_MAX])
{
	const char *const arguments[] = {"git", "config", "--get", name, NULL};
	CLEANUP(free_answer) struct peer_program_answer *answer = calloc(1, sizeof(*answer));

	if (!answer || peer_program_run(arguments, answer) != KC_OK || answer->exit_status != 0)
		return false;
	(void)snprintf(ret_value, SETTING_MAX, "%.*s", (int)strcspn(answer->output, "\n"),
		       answer->output);
	return true;
}

void doctor_ssh_look_at_git(struct doctor_scene *scene)
{
	char format[SETTING_MAX] = "openpgp";
	char program[SETTING_MAX] = "";
	char setting[SETTING_MAX + 16];
	char why[2 * SETTING_MAX];

	if (!peer_program_find("git", NULL))
		return;
	ignore(!git_setting("gpg.format", format));
	(void)snprintf(setting, sizeof(setting), "gpg.%s.program", format);
	ignore(!git_setting(setting, program));
	if (strstr(program, "keycask-git-")) {
		doctor_sees(scene, "git", "when it signs");
		return;
	}
	(void)snprintf(why, sizeof(why), "it signs in the format %s by %s", format,
		       program[0] ? program : "its own program");
	doctor_misses(scene, "git", why, "keycask setup git");
}
