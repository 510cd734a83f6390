/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Finds the databases of NSS. A folder is one when it has cert9.db, or pkcs11.txt, in which NSS
 * lists the modules it loads; profiles of Mozilla's programs are listed in profiles.ini. These
 * files are only read here: they are NSS's, and modutil changes them.
 */
#include "frontends/cli/nss_databases.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "frontends/cli/setup.h"

/* Folders with a profiles.ini, below the home. */
struct root {
	const char *folder;
	const char *program;
	bool is_confined;
};

static const struct root roots[] = {
	{".mozilla/firefox", "Firefox", false},
	{".config/mozilla/firefox", "Firefox", false},
	{".thunderbird", "Thunderbird", false},
	{"snap/firefox/common/.mozilla/firefox", "Firefox (snap)", true},
	{"snap/thunderbird/common/.thunderbird", "Thunderbird (snap)", true},
	{".var/app/org.mozilla.firefox/.mozilla/firefox", "Firefox (Flatpak)", true},
	{".var/app/org.mozilla.Thunderbird/.thunderbird", "Thunderbird (Flatpak)", true},
};

static bool exists(const char *folder, const char *name)
{
	char path[NSS_DATABASE_PATH_MAX + 16];
	struct stat info;

	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	return lstat(path, &info) == 0;
}

/* "library=PATH" of pkcs11.txt. */
static enum nss_registration registration_of(const char *library)
{
	const char *slash = strrchr(library, '/');
	const char *name = slash ? slash + 1 : library;

	if (strcmp(library, setup_module()) == 0)
		return NSS_MODULE;
	if (strcmp(name, "keycask-pkcs11.so") == 0)
		return NSS_ELSEWHERE;
	return strncmp(name, "p11-kit-proxy.so", strlen("p11-kit-proxy.so")) == 0 ? NSS_P11_KIT
										  : NSS_NONE;
}

/* The better one, when there are several. */
static enum nss_registration better(enum nss_registration a, enum nss_registration b)
{
	static const int ranks[] = {
		[NSS_NONE] = 0, [NSS_ELSEWHERE] = 1, [NSS_P11_KIT] = 2, [NSS_MODULE] = 3};

	return ranks[a] >= ranks[b] ? a : b;
}

static FILE *open_in(const char *folder, const char *name)
{
	char path[NSS_DATABASE_PATH_MAX + 16];

	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	return fopen(path, "re");
}

static enum nss_registration read_registration(const char *folder)
{
	FILE *file = open_in(folder, "pkcs11.txt");
	enum nss_registration found = NSS_NONE;
	char *line = NULL;
	size_t size = 0;

	while (file && getline(&line, &size, file) > 0) {
		line[strcspn(line, "\r\n")] = '\0';
		if (strncmp(line, "library=", 8) == 0)
			found = better(found, registration_of(line + 8));
	}
	free(line);
	if (file)
		ignore(fclose(file));
	return found;
}

/* Mozilla's lock is a symbolic link to ADDRESS:+PID, and stays after a crash. */
static bool is_in_use(const char *folder)
{
	char path[NSS_DATABASE_PATH_MAX + 16];
	char target[128];
	char process[64];
	const char *plus = NULL;
	ssize_t len = 0;

	(void)snprintf(path, sizeof(path), "%s/lock", folder);
	len = readlink(path, target, sizeof(target) - 1);
	if (len <= 0)
		return false;
	target[len] = '\0';
	plus = strchr(target, '+');
	if (!plus || strspn(plus + 1, "0123456789") != strlen(plus + 1) || !plus[1])
		return false;
	(void)snprintf(process, sizeof(process), "/proc/%.20s", plus + 1);
	return access(process, F_OK) == 0;
}

static void look_at(struct nss_database *database)
{
	database->exists =
		exists(database->path, "cert9.db") || exists(database->path, "pkcs11.txt");
	database->is_in_use = is_in_use(database->path);
	database->registration = read_registration(database->path);
}

/* A folder whose name is too long for anything is left out. */
static struct nss_database *add(struct nss_databases *databases, const char *program,
				const char *folder, const char *name)
{
	struct nss_database *row = &databases->rows[databases->n];
	int n = 0;

	if (databases->n == NSS_DATABASES_MAX)
		return NULL;
	*row = (struct nss_database){.program = program};
	n = snprintf(row->path, sizeof(row->path), "%s%s%s", folder, name[0] ? "/" : "", name);
	if (n < 0 || (size_t)n >= sizeof(row->path))
		return NULL;
	databases->n++;
	look_at(row);
	return row;
}

/* One "Path=" of profiles.ini; a profile that was never opened has no database yet. */
static void add_profile(struct nss_databases *databases, const struct root *root,
			const char *folder, const char *path)
{
	struct nss_database *row = path[0] == '/' ? add(databases, root->program, path, "")
						  : add(databases, root->program, folder, path);

	if (row && !row->exists)
		databases->n--;
	else if (row)
		row->is_confined = root->is_confined;
}

static void add_profiles(struct nss_databases *databases, const char *home, const struct root *root)
{
	char folder[NSS_DATABASE_PATH_MAX];
	FILE *file = NULL;
	char *line = NULL;
	size_t size = 0;

	(void)snprintf(folder, sizeof(folder), "%s/%s", home, root->folder);
	file = open_in(folder, "profiles.ini");
	while (file && getline(&line, &size, file) > 0) {
		line[strcspn(line, "\r\n")] = '\0';
		if (strncmp(line, "Path=", 5) == 0 && line[5])
			add_profile(databases, root, folder, line + 5);
	}
	free(line);
	if (file)
		ignore(fclose(file));
}

enum kc_status nss_databases_find(struct nss_databases *ret_databases)
{
	const char *home = secure_getenv("HOME");

	REQUIRE(home && home[0] == '/', KC_ERR_NOT_AVAILABLE, "HOME does not say where you live");
	ret_databases->n = 0;
	ignore(!add(ret_databases, "Chromium and others", home, ".pki/nssdb"));
	for (size_t i = 0; i < ARRAY_LEN(roots); i++)
		add_profiles(ret_databases, home, &roots[i]);
	return KC_OK;
}

void nss_databases_of(const char *path, struct nss_databases *ret_databases)
{
	ret_databases->n = 0;
	ignore(!add(ret_databases, "NSS", path, ""));
}
