/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * p11-kit: which modules it gives to all of its programs is written in files of three folders, the
 * user's before the administrator's before those of packages; of several with the same name each
 * adds what those before it do not say (pkcs11.conf(5)).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "frontends/cli/doctor_programs.h"
#include "frontends/cli/settings_file.h"
#include "frontends/cli/setup.h"

#define PACKAGES      "/usr/share/p11-kit/modules"
#define ADMINISTRATOR "/etc/pkcs11"
#define EVERYBODY     "GnuTLS and all on p11-kit"

/* A folder of files NAME.module; "" where there is none. */
struct folders {
	char paths[3][DOCTOR_PATH_MAX];
};

static void find_folders(const struct doctor_scene *scene, struct folders *ret_folders)
{
	const char *config = secure_getenv("XDG_CONFIG_HOME");

	(void)snprintf(ret_folders->paths[0], DOCTOR_PATH_MAX, "%s%s/pkcs11/modules",
		       config ? config : scene->home, config ? "" : "/.config");
	(void)snprintf(ret_folders->paths[1], DOCTOR_PATH_MAX, ADMINISTRATOR "/modules");
	(void)snprintf(ret_folders->paths[2], DOCTOR_PATH_MAX, PACKAGES);
}

/* What is said of the module @name first. */
static bool get(const struct folders *folders, const char *name, const char *setting,
		char *ret_value, size_t size)
{
	char path[DOCTOR_PATH_MAX + 64];

	for (size_t i = 0; i < ARRAY_LEN(folders->paths); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s.module", folders->paths[i], name);
		if (settings_file_get(path, setting, ret_value, size))
			return true;
	}
	return false;
}

/* "user-config: only" makes p11-kit blind for what packages bring. */
static bool is_blinded(const struct doctor_scene *scene, char ret_path[DOCTOR_PATH_MAX])
{
	const char *config = secure_getenv("XDG_CONFIG_HOME");
	char value[16];

	(void)snprintf(ret_path, DOCTOR_PATH_MAX, "%s%s/pkcs11/pkcs11.conf",
		       config ? config : scene->home, config ? "" : "/.config");
	if (settings_file_get(ret_path, "user-config", value, sizeof(value)) &&
	    strcmp(value, "only") == 0)
		return true;
	(void)snprintf(ret_path, DOCTOR_PATH_MAX, ADMINISTRATOR "/pkcs11.conf");
	return settings_file_get(ret_path, "user-config", value, sizeof(value)) &&
	       strcmp(value, "only") == 0;
}

/* A name alone is one of p11-kit's own folder, which is that of our module too. */
static bool is_there(const char *module)
{
	char path[2 * DOCTOR_PATH_MAX];
	const char *slash = strrchr(setup_module(), '/');

	if (module[0] == '/' || !slash)
		return access(module, R_OK) == 0;
	(void)snprintf(path, sizeof(path), "%.*s/%s", (int)(slash - setup_module()), setup_module(),
		       module);
	return access(path, R_OK) == 0;
}

static void tell_file(const struct doctor_scene *scene, const char *format, const char *path,
		      const char *advice)
{
	char why[2 * DOCTOR_PATH_MAX];

	(void)snprintf(why, sizeof(why), "%s%s", path, format);
	doctor_misses(scene, EVERYBODY, why, advice);
}

void doctor_p11_kit_look_at_module(struct doctor_scene *scene)
{
	struct folders folders = {0};
	char value[DOCTOR_PATH_MAX];
	char path[DOCTOR_PATH_MAX];

	if (access("/usr/share/p11-kit", F_OK) != 0)
		return;
	find_folders(scene, &folders);
	if (is_blinded(scene, path)) {
		tell_file(scene,
			  " has \"user-config: only\", so that it sees no module of packages", path,
			  "change that to \"user-config: merge\"");
		return;
	}
	if (!get(&folders, "keycask", "module", value, sizeof(value))) {
		doctor_misses(scene, EVERYBODY, "there is no " PACKAGES "/keycask.module",
			      "sudo apt install keycask-pkcs11");
		return;
	}
	if (!is_there(value)) {
		tell_file(scene, ", which keycask.module names, does not exist", value,
			  "sudo apt install --reinstall keycask-pkcs11");
		return;
	}
	if (get(&folders, "keycask", "enable-in", value, sizeof(value))) {
		tell_file(scene, " alone may load it, says an enable-in", value,
			  "remove that line from keycask.module in " ADMINISTRATOR
			  "/modules or ~/.config/pkcs11/modules");
		return;
	}
	scene->has_p11_kit = true;
	doctor_sees(scene, EVERYBODY, "by keycask.module");
}

void doctor_p11_kit_look_at_opensc(struct doctor_scene *scene)
{
	struct folders folders = {0};
	char value[DOCTOR_PATH_MAX];

	find_folders(scene, &folders);
	if (!get(&folders, "opensc-pkcs11", "module", value, sizeof(value)) || !is_there(value) ||
	    get(&folders, "opensc-pkcs11", "enable-in", value, sizeof(value)))
		return;
	doctor_add(scene->doctor, "programs", "warning",
		   "each program on p11-kit loads opensc-pkcs11, which takes the readers for "
		   "itself at "
		   "times, and shows cards a second time",
		   "sudo mkdir -p " ADMINISTRATOR
		   "/modules; echo 'enable-in: opensc-only' | sudo tee "
		   "" ADMINISTRATOR "/modules/opensc-pkcs11.module",
		   "OpenSC: it uses the same cards");
}
