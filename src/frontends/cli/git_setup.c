/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which settings, and what they were. The file is kept as it was (kept_file.h); where it has
 * changed since, those of our settings that are still ours go back one by one, and the rest is left
 * alone.
 */
#include "frontends/cli/git_setup.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "frontends/cli/git_settings.h"
#include "frontends/cli/kept_file.h"

enum {
	KEY_END = 16, /* characters that tell one key from others */
};

/* All that is ever set. */
static const char *const names[] = {
	"gpg.format",	  "gpg.x509.program",		"gpg.ssh.program", "user.signingkey",
	"keycask.x509CA", "gpg.ssh.allowedSignersFile", "commit.gpgsign",  "tag.gpgsign",
};

static bool is_format(const char *format, const char *wanted)
{
	return strcmp(format, wanted) == 0;
}

/* --- programs -------------------------------------------------------------------------------- */

/* As it is installed, or where the daemon's other programs are. */
static enum kc_status find_program(const char *name, char **ret_path)
{
	const char *folder = secure_getenv("KEYCASK_LIBEXEC_DIR");

	REQUIRE(asprintf(ret_path, "%s/%s", folder && folder[0] ? folder : KEYCASK_LIBEXECDIR,
			 name) > 0,
		KC_ERR_ALLOCATE, "out of memory");
	REQUIRE(access(*ret_path, X_OK) == 0, KC_ERR_NOT_AVAILABLE, "%s is not installed",
		*ret_path);
	return KC_OK;
}

/* --- ssh: who may have signed ---------------------------------------------------------------- */

/* Beside what is kept; ssh-keygen(1), ALLOWED SIGNERS. */
static enum kc_status allow_own_key(const struct kept_file *file, const char *key)
{
	char path[KEPT_FILE_PATH_MAX + sizeof("/allowed_signers")];
	CLEANUP(freep) char *address = NULL;
	CLEANUP(freep) char *present = NULL;
	CLEANUP(freep) char *line = NULL;

	TRY(git_settings_get(NULL, "gpg.ssh.allowedSignersFile", &present));
	TRY(git_settings_get(NULL, "user.email", &address));
	if (present[0] || !address[0])
		return KC_OK;
	(void)snprintf(path, sizeof(path), "%s/allowed_signers", file->folder);
	REQUIRE(asprintf(&line, "%s namespaces=\"git\" %s\n", address,
			 strncmp(key, "key::", 5) == 0 ? key + 5 : key) > 0,
		KC_ERR_ALLOCATE, "out of memory");
	TRY(kept_file_replace(path, view_of_text(line)));
	return git_settings_set(file->path, "gpg.ssh.allowedSignersFile", path);
}

static void forget_own_key(const struct kept_file *file)
{
	char path[KEPT_FILE_PATH_MAX + sizeof("/allowed_signers")];

	(void)snprintf(path, sizeof(path), "%s/allowed_signers", file->folder);
	ignore(unlink(path) != 0);
}

/* --- setting --------------------------------------------------------------------------------- */

/* Without a key git asks for the committer's, unless a name for gpg stands somewhere else. */
static enum kc_status set_signer(const struct kept_file *file, const char *key)
{
	CLEANUP(freep) char *others = NULL;
	CLEANUP(freep) char *address = NULL;

	TRY(git_settings_set(file->path, "user.signingkey", key[0] ? key : NULL));
	if (key[0])
		return KC_OK;
	TRY(git_settings_get(NULL, "user.signingkey", &others));
	TRY(git_settings_get(NULL, "user.email", &address));
	return others[0] ? git_settings_set(file->path, "user.signingkey", address) : KC_OK;
}

static enum kc_status set_x509(const struct git_setup *setup, const struct kept_file *file,
			       const char *key)
{
	CLEANUP(freep) char *program = NULL;
	CLEANUP(freep) char *ca = NULL;

	TRY(find_program("keycask-git-x509", &program));
	TRY(git_settings_set(file->path, "gpg.format", "x509"));
	TRY(git_settings_set(file->path, "gpg.x509.program", program));
	TRY(set_signer(file, key));
	if (!setup->ca)
		return KC_OK;
	ca = realpath(setup->ca, NULL);
	REQUIRE(ca, KC_ERR_NOT_AVAILABLE, "there is no file %s", setup->ca);
	return git_settings_set(file->path, "keycask.x509CA", ca);
}

static enum kc_status set_ssh(const struct kept_file *file, const char *key)
{
	CLEANUP(freep) char *program = NULL;

	TRY(find_program("keycask-git-ssh", &program));
	TRY(git_settings_set(file->path, "gpg.format", "ssh"));
	TRY(git_settings_set(file->path, "gpg.ssh.program", program));
	TRY(git_settings_set(file->path, "user.signingkey", key));
	return allow_own_key(file, key);
}

static enum kc_status set_all(const struct git_setup *setup, const struct kept_file *file,
			      const char *key)
{
	if (is_format(setup->format, "ssh"))
		TRY(set_ssh(file, key));
	else
		TRY(set_x509(setup, file, key));
	if (!setup->signs)
		return KC_OK;
	TRY(git_settings_set(file->path, "commit.gpgsign", "true"));
	return git_settings_set(file->path, "tag.gpgsign", "true");
}

/* --- the way back ---------------------------------------------------------------------------- */

static enum kc_status undo_setting(const struct kept_file *file, const char *name, unsigned *n_left)
{
	CLEANUP(freep) char *now = NULL;
	CLEANUP(freep) char *ours = NULL;
	CLEANUP(freep) char *before = NULL;

	TRY(git_settings_get(file->path, name, &now));
	TRY(git_settings_get(file->after, name, &ours));
	TRY(git_settings_get(file->before, name, &before));
	if (strcmp(ours, before) == 0)
		return KC_OK;
	if (strcmp(now, ours) != 0) {
		++*n_left;
		return KC_OK;
	}
	return git_settings_copy(file->path, name, file->before);
}

/* @ret_n_left: how many others have been set to something else since. */
static enum kc_status take_back(const struct kept_file *file, unsigned *ret_n_left)
{
	bool is_restored = false;

	*ret_n_left = 0;
	TRY(kept_file_restore(file, &is_restored));
	for (size_t i = 0; i < ARRAY_LEN(names) && !is_restored; i++)
		TRY(undo_setting(file, names[i], ret_n_left));
	forget_own_key(file);
	kept_file_forget(file);
	return KC_OK;
}

static enum kc_status find_file(const struct git_setup *setup, struct kept_file *ret_file)
{
	char path[GIT_SETTINGS_PATH_MAX];

	TRY(git_settings_find(setup->is_local, path));
	return kept_file_find(path, ret_file);
}

enum kc_status git_setup_undo(const struct git_setup *setup, struct setup_report *report)
{
	struct kept_file file;
	unsigned n_left = 0;

	TRY(find_file(setup, &file));
	if (!kept_file_is_kept(&file))
		return setup_tell(report, SETUP_OFF, file.path, NULL,
				  "nothing was set up here: nothing was changed");
	TRY(take_back(&file, &n_left));
	if (n_left > 0)
		return setup_tell(report, SETUP_OFF, file.path, NULL,
				  "as it was, but for %u that somebody else has changed since",
				  n_left);
	return setup_tell(report, SETUP_OFF, file.path, NULL, "as it was");
}

/* --- what is the case ------------------------------------------------------------------------ */

static bool ends_with(const char *text, const char *end)
{
	size_t len = strlen(text);

	return len >= strlen(end) && strcmp(text + len - strlen(end), end) == 0;
}

/* "key::ssh-rsa …0WGj6lBJ": keys of a kind begin alike. */
static char *in_short(const char *key)
{
	const char *blob = strncmp(key, "key::", 5) == 0 ? strchr(key, ' ') : NULL;
	char *text = NULL;

	if (!blob || strlen(blob) <= KEY_END)
		return strdup(key[0] ? key : "the committer");
	if (asprintf(&text, "%.*s …%s", (int)(blob - key), key, blob + strlen(blob) - KEY_END) < 0)
		return NULL;
	return text;
}

static enum kc_status tell(const struct kept_file *file, struct setup_report *report)
{
	CLEANUP(freep) char *format = NULL;
	CLEANUP(freep) char *program = NULL;
	CLEANUP(freep) char *key = NULL;
	CLEANUP(freep) char *shown = NULL;
	CLEANUP(freep) char *signs = NULL;
	bool is_ssh = false;

	TRY(git_settings_get(file->path, "gpg.format", &format));
	is_ssh = is_format(format, "ssh");
	TRY(git_settings_get(file->path, is_ssh ? "gpg.ssh.program" : "gpg.x509.program",
			     &program));
	TRY(git_settings_get(file->path, "user.signingkey", &key));
	TRY(git_settings_get(file->path, "commit.gpgsign", &signs));
	if (!ends_with(program, is_ssh ? "/keycask-git-ssh" : "/keycask-git-x509"))
		return setup_tell(report, SETUP_OFF, file->path, "keycask setup git",
				  "git signs with something else, or not at all");
	shown = in_short(key);
	return setup_tell(report, SETUP_ON, file->path,
			  is_format(signs, "true") ? NULL
						   : "git commit -S; git config commit.gpgsign "
						     "true signs all",
			  "git signs with %s, as %.200s", is_ssh ? "ssh" : "X.509",
			  shown ? shown : key);
}

/* git itself does not say more than that its signer has failed. */
static enum kc_status tell_whether_somebody_can(const struct git_setup *setup,
						struct setup_report *report)
{
	if (setup->key || !is_format(setup->format, "x509") || git_setup_has_certificate(NULL))
		return KC_OK;
	return setup_tell(report, SETUP_UNAVAILABLE, NULL, "keycask git-setup --x509 --key LABEL",
			  "no certificate that is here has the committer's address");
}

enum kc_status git_setup_look(const struct git_setup *setup, struct setup_report *report)
{
	struct kept_file file;

	if (find_file(setup, &file) != KC_OK)
		return setup_tell_failure(report, NULL);
	return tell(&file, report);
}

/* --- setting up ------------------------------------------------------------------------------ */

static enum kc_status change(const struct git_setup *setup, const struct kept_file *file,
			     const char *key)
{
	enum kc_status status = KC_OK;
	bool is_restored = false;

	TRY(kept_file_begin(file));
	status = set_all(setup, file, key);
	TRY(kept_file_end(file));
	if (status != KC_OK) { /* all or nothing */
		struct error_record cause = *error_get();

		ignore(kept_file_restore(file, &is_restored) != KC_OK);
		forget_own_key(file);
		kept_file_forget(file);
		error_adopt(&cause);
	}
	return status;
}

enum kc_status git_setup_apply(const struct git_setup *setup, struct setup_report *report)
{
	struct git_setup chosen = *setup;
	struct kept_file file;
	CLEANUP(freep) char *key = NULL;
	unsigned n_left = 0;

	TRY(find_file(setup, &file));
	if (!chosen.format)
		chosen.format = git_setup_has_certificate(setup->key) ? "x509" : "ssh";
	TRY(git_setup_find_key(&chosen, &key));
	if (kept_file_is_kept(&file))
		TRY(take_back(&file, &n_left));
	TRY(change(&chosen, &file, key));
	TRY(tell(&file, report));
	return tell_whether_somebody_can(&chosen, report);
}
