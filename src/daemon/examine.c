/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The daemon itself: its folders, its helpers, its pinentry. */
#include "daemon/examine.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/try.h"

static enum kc_status examine_self(struct json_object *findings)
{
	const struct examine_finding fine = {FINDING_OK, "daemon", NULL, NULL};

	return examine_finding_add(findings, &fine,
				   "keycaskd " KEYCASK_VERSION " is running, process %ld",
				   (long)getpid());
}

static enum kc_status examine_folder(const char *what, const char *path,
				     struct json_object *findings)
{
	struct examine_finding open = {FINDING_PROBLEM, "daemon", NULL, NULL};
	const struct examine_finding fine = {FINDING_OK, "daemon", NULL, NULL};
	struct error_record why;

	if (paths_check_private_folder(path) == KC_OK)
		return examine_finding_add(findings, &fine, "its folder of %s is yours alone: %s",
					   what, path);
	why = *error_get();
	error_clear();
	open.why = why.message;
	open.advice = "make it yours alone (chmod 700) and repeat: keycask daemon stop";
	return examine_finding_add(findings, &open, "its folder of %s is not safe", what);
}

static enum kc_status examine_folders(const struct daemon *daemon, struct json_object *findings)
{
	char folder[PATHS_MAX];
	char inside[PATHS_MAX];

	TRY(paths_parent(daemon->socket, folder, sizeof(folder)));
	TRY(examine_folder("sockets", folder, findings));
	TRY(paths_state("audit.log", inside, sizeof(inside)));
	TRY(paths_parent(inside, folder, sizeof(folder)));
	return examine_folder("records", folder, findings);
}

static enum kc_status examine_helper(const char *program, const char *use,
				     struct json_object *findings, bool *ret_is_there)
{
	const struct examine_finding missing = {
		FINDING_PROBLEM, "daemon", use,
		"install keycask again; or is KEYCASK_LIBEXEC_DIR wrong?"};
	char path[PATHS_MAX];

	TRY(paths_helper(program, path, sizeof(path)));
	*ret_is_there = access(path, X_OK) == 0;
	if (*ret_is_there)
		return KC_OK;
	return examine_finding_add(findings, &missing, "the program %s is missing", path);
}

static enum kc_status examine_helpers(struct json_object *findings)
{
	static const char use[] = "without it no card can be used";
	bool is_there = false;

	TRY(examine_helper("keycask-slot", use, findings, &is_there));
	return examine_helper("keycask-x509", use, findings, &is_there);
}

static enum kc_status examine_agent(const struct daemon *daemon, struct json_object *findings)
{
	const char *trouble = agent_socket_trouble(daemon->agent_socket);
	const struct examine_finding broken = {
		FINDING_PROBLEM, "daemon", trouble,
		"its last words are in keycaskd.log, or: journalctl --user -u keycaskd; "
		"ssh-add -l tries it again"};
	bool is_there = false;

	TRY(examine_helper("keycask-ssh-agent", "without it ssh has no key of ours", findings,
			   &is_there));
	if (!is_there || !trouble)
		return KC_OK;
	return examine_finding_add(findings, &broken, "the agent for ssh cannot be started");
}

/* "pinentry-curses": what the program that is called pinentry really is. */
static void find_flavour(const char *path, char *ret_name, size_t size)
{
	CLEANUP(freep) char *real = realpath(path, NULL);
	const char *slash = real ? strrchr(real, '/') : NULL;

	ret_name[0] = '\0';
	if (slash && strlen(slash + 1) < size)
		memcpy(ret_name, slash + 1, strlen(slash + 1) + 1);
}

static enum kc_status examine_prompts(const struct daemon *daemon, struct json_object *findings)
{
	const struct examine_finding missing = {
		FINDING_PROBLEM, "prompts", "nobody can be asked for a PIN",
		"install a pinentry, such as: apt install pinentry-curses; or name yours as "
		"\"pinentry\" in config.json"};
	const struct examine_finding text_only = {FINDING_OK, "prompts",
						  "it needs a terminal: no window can ask", NULL};
	const struct examine_finding fine = {FINDING_OK, "prompts", NULL, NULL};
	const char *path = daemon->config.pinentry;
	char flavour[64];

	if (access(path, X_OK) != 0)
		return examine_finding_add(findings, &missing, "the program %s is missing", path);
	find_flavour(path, flavour, sizeof(flavour));
	return examine_finding_add(findings,
				   strcmp(flavour, "pinentry-curses") == 0 ||
						   strcmp(flavour, "pinentry-tty") == 0
					   ? &text_only
					   : &fine,
				   "PINs are asked for with %s%s%s%s", path, flavour[0] ? " (" : "",
				   flavour, flavour[0] ? ")" : "");
}

static enum kc_status examine_all(struct daemon *daemon, struct json_object *findings)
{
	TRY(examine_self(findings));
	TRY(examine_folders(daemon, findings));
	TRY(examine_keychain(daemon, findings));
	TRY(examine_helpers(findings));
	TRY(examine_agent(daemon, findings));
	TRY(examine_readers(daemon, findings));
	TRY(examine_drivers(daemon, findings));
	TRY(examine_drivers_confinement(findings));
	TRY(examine_access(daemon, findings));
	return examine_prompts(daemon, findings);
}

enum kc_status examine_daemon(struct daemon *daemon, struct json_object **ret_findings)
{
	CLEANUP(field_free) struct json_object *findings = json_object_new_array();

	REQUIRE(findings, KC_ERR_ALLOCATE, "out of memory");
	TRY(examine_all(daemon, findings));
	*ret_findings = take(findings);
	return KC_OK;
}
