/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The programs of this machine, one row each: is it here, and does it see the items? Only their
 * settings are read, as they read them; OpenSSH and git are asked for theirs, for nobody else reads
 * them right. No module is loaded, since who loads one talks to cards, and nobody is asked.
 */
#include "frontends/cli/doctor_programs.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "frontends/cli/nss_databases.h"
#include "frontends/cli/settings_file.h"
#include "frontends/cli/setup.h"
#include "frontends/peer_program.h"

#define SCDAEMON	   "/usr/lib/gnupg/scdaemon"
#define JAVA_SECURITY	   "/etc/java-*/security/java.security"
#define JAVA_PROVIDERS_MAX 32

void doctor_sees(const struct doctor_scene *scene, const char *program, const char *how)
{
	doctor_add(scene->doctor, "programs", "ok", NULL, NULL, "%s: the items are seen, %s",
		   program, how);
}

void doctor_misses(const struct doctor_scene *scene, const char *program, const char *why,
		   const char *advice)
{
	doctor_add(scene->doctor, "programs", "warning", why, advice, "%s: the items are not seen",
		   program);
}

/* --- NSS ---------------------------------------------------------------------------------- */

static void free_databases(struct nss_databases **databases)
{
	free(*databases);
}

/* Who would make the shared database, and has not yet. */
static bool has_program_on_nss(void)
{
	static const char *const names[] = {"chromium",	      "google-chrome", "brave-browser",
					    "microsoft-edge", "vivaldi",       "soffice"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (peer_program_find(names[i], NULL))
			return true;
	return false;
}

static const char *advice_for_nss(void)
{
	if (access(setup_module(), R_OK) != 0)
		return "sudo apt install keycask-pkcs11; keycask setup nss";
	if (!peer_program_find("modutil", NULL))
		return "sudo apt install libnss3-tools; keycask setup nss";
	return "keycask setup nss";
}

static void look_at_database(const struct doctor_scene *scene, const struct nss_database *database)
{
	char program[NSS_DATABASE_PATH_MAX + 64];

	(void)snprintf(program, sizeof(program), "%s (%s)", database->program, database->path);
	if (database->is_confined)
		doctor_misses(scene, program,
			      "it is confined, and can load no module of the system",
			      "use the one of your distribution's packages");
	else if (database->registration == NSS_MODULE && access(setup_module(), R_OK) != 0)
		doctor_misses(scene, program, "the module that it knows is not installed",
			      "sudo apt install keycask-pkcs11; or: keycask setup --undo nss");
	else if (database->registration == NSS_MODULE)
		doctor_sees(scene, program, "by the module");
	else if (database->registration == NSS_P11_KIT && scene->has_p11_kit)
		doctor_sees(scene, program, "through p11-kit");
	else if (database->registration == NSS_P11_KIT)
		doctor_misses(scene, program, "it asks p11-kit, which does not see them", NULL);
	else if (database->registration == NSS_ELSEWHERE)
		doctor_misses(scene, program,
			      "its module of keycask is not the one that is installed",
			      "keycask setup nss");
	else
		doctor_misses(scene, program, "its database does not have the module",
			      advice_for_nss());
}

static void look_at_nss(struct doctor_scene *scene)
{
	CLEANUP(free_databases) struct nss_databases *databases = calloc(1, sizeof(*databases));

	if (!databases || nss_databases_find(databases) != KC_OK)
		return;
	for (size_t i = 0; i < databases->n; i++)
		if (databases->rows[i].exists || has_program_on_nss())
			look_at_database(scene, &databases->rows[i]);
}

/* --- Java --------------------------------------------------------------------------------- */

/* "security.provider.N=SunPKCS11 FILE", and in FILE "library = MODULE". */
static bool has_provider(const char *security)
{
	char name[48];
	char value[DOCTOR_PATH_MAX];
	char library[DOCTOR_PATH_MAX];

	for (int i = 1; i <= JAVA_PROVIDERS_MAX; i++) {
		(void)snprintf(name, sizeof(name), "security.provider.%d", i);
		if (!settings_file_get(security, name, value, sizeof(value)) ||
		    strncmp(value, "SunPKCS11 ", 10) != 0)
			continue;
		if (settings_file_get(value + 10, "library", library, sizeof(library)) &&
		    (strstr(library, "keycask-pkcs11.so") || strstr(library, "p11-kit-proxy.so")))
			return true;
	}
	return false;
}

static void look_at_java(struct doctor_scene *scene)
{
	glob_t files = {0};
	bool sees = false;
	char advice[2 * DOCTOR_TEXT_MAX];

	if (!peer_program_find("java", NULL))
		return;
	ignore(glob(JAVA_SECURITY, 0, NULL, &files));
	for (size_t i = 0; i < files.gl_pathc; i++)
		sees |= has_provider(files.gl_pathv[i]);
	globfree(&files);
	(void)snprintf(
		advice, sizeof(advice),
		"a file with the lines \"name = keycask\" and \"library = %s\", and: keytool "
		"-list -storetype PKCS11 -addprovider SunPKCS11 -providerarg FILE",
		setup_module());
	if (sees)
		doctor_sees(scene, "Java", "by its provider SunPKCS11");
	else
		doctor_misses(scene, "Java", "no provider in its java.security has the module",
			      advice);
}

/* --- GnuPG -------------------------------------------------------------------------------- */

/* It sees its card without us, and would not let us have it. */
static void look_at_scdaemon(struct doctor_scene *scene)
{
	const char *folder = secure_getenv("GNUPGHOME");
	char path[DOCTOR_PATH_MAX];
	char advice[2 * DOCTOR_TEXT_MAX];

	if (access(SCDAEMON, X_OK) != 0)
		return;
	(void)snprintf(path, sizeof(path), "%s%s/scdaemon.conf", folder ? folder : scene->home,
		       folder ? "" : "/.gnupg");
	if (settings_file_has(path, "disable-ccid") && settings_file_has(path, "pcsc-shared")) {
		doctor_add(scene->doctor, "programs", "ok", NULL, NULL,
			   "GnuPG: its scdaemon shares cards with others");
		return;
	}
	(void)snprintf(advice, sizeof(advice),
		       "printf '%%s\\n' disable-ccid pcsc-shared >>%s; gpgconf --kill scdaemon",
		       path);
	doctor_add(scene->doctor, "programs", "warning",
		   "without disable-ccid and pcsc-shared it keeps a card once it has used it",
		   advice, "GnuPG: its scdaemon does not share cards");
}

static void (*const looks[])(struct doctor_scene *) = {
	doctor_p11_kit_look_at_module, /* others are told what it found */
	look_at_nss,
	doctor_openssl_look_at_engine,
	doctor_openssl_look_at_curl,
	look_at_java,
	doctor_ssh_look_at_agent,
	doctor_ssh_look_at_git,
	doctor_p11_kit_look_at_opensc,
	look_at_scdaemon,
};

void doctor_programs_look_at_each(struct doctor *doctor)
{
	const char *home = secure_getenv("HOME");
	struct doctor_scene scene = {.doctor = doctor, .home = home ? home : ""};

	for (size_t i = 0; i < ARRAY_LEN(looks); i++)
		looks[i](&scene);
}
