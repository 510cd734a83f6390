/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * NSS, which knows nothing of p11-kit: the module is entered into each of its databases by its own
 * modutil, under the name "keycask". Changes nothing else.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "frontends/cli/nss_databases.h"
#include "frontends/cli/setup.h"
#include "frontends/peer_program.h"

#define MODULE_NAME "keycask"

typedef enum kc_status (*change_fn)(const struct nss_database *database,
				    struct setup_report *report);

static void databases_freep(struct nss_databases **databases)
{
	free(*databases);
}

static enum kc_status find(const struct setup_options *options,
			   struct nss_databases **ret_databases)
{
	CLEANUP(databases_freep) struct nss_databases *databases = calloc(1, sizeof(*databases));

	REQUIRE(databases, KC_ERR_ALLOCATE, "out of memory");
	if (!options->profile) {
		TRY(nss_databases_find(databases));
	} else {
		nss_databases_of(options->profile, databases);
		if (databases->n == 0 || !databases->rows[0].exists) {
			error_set_hint("a profile's folder is shown by Firefox in about:profiles");
			return fail(KC_ERR_NOT_AVAILABLE,
				    "%s is no database of NSS: it has no cert9.db",
				    options->profile);
		}
	}
	*ret_databases = take(databases);
	return KC_OK;
}

static enum kc_status tell(const struct nss_database *database, struct setup_report *report)
{
	const char *path = database->path;

	if (database->is_confined)
		return setup_tell(report, SETUP_UNAVAILABLE, path,
				  "use the program of your distribution's packages",
				  "%s is confined and can load no module of the system",
				  database->program);
	if (database->registration == NSS_MODULE)
		return setup_tell(report, SETUP_ON, path, NULL, "the module is known to %s",
				  database->program);
	if (database->registration == NSS_P11_KIT)
		return setup_tell(report, SETUP_ON, path, NULL,
				  "all modules of p11-kit are known to %s, and keycask's is one",
				  database->program);
	if (database->registration == NSS_ELSEWHERE)
		return setup_tell(report, SETUP_OFF, path, "keycask setup nss",
				  "%s has a module of keycask that is not %s", database->program,
				  setup_module());
	return setup_tell(report, SETUP_OFF, path, "keycask setup nss",
			  "the module is not known to %s", database->program);
}

static enum kc_status look(const struct setup_options *options, struct setup_report *report)
{
	CLEANUP(databases_freep) struct nss_databases *databases = NULL;

	if (find(options, &databases) != KC_OK)
		return setup_tell_failure(report, options->profile);
	for (size_t i = 0; i < databases->n; i++)
		TRY(tell(&databases->rows[i], report));
	return KC_OK;
}

/* --- changes ------------------------------------------------------------------------------ */

/* FRIENDLY: certificates are seen without a login. Otherwise whoever only looks for one, be it of
 * the keychain, has to log in to each card first: Chromium asks for passwords before it shows a
 * choice. NSS notes it for the slots that there are now, which are one more than the tokens. */
static enum kc_status modutil(const struct nss_database *database, const char *verb,
			      const char *library)
{
	char folder[NSS_DATABASE_PATH_MAX + 4];
	const char *const arguments[] = {"modutil",
					 "-dbdir",
					 folder,
					 "-force",
					 verb,
					 MODULE_NAME,
					 library ? "-libfile" : NULL,
					 library,
					 "-mechanisms",
					 "FRIENDLY",
					 NULL};

	(void)snprintf(folder, sizeof(folder), "sql:%s", database->path);
	return peer_program_do(arguments);
}

/* The shared database, which is made by the first program that wants it. */
static enum kc_status make_shared(const struct nss_database *database)
{
	char folder[NSS_DATABASE_PATH_MAX + 4];
	const char *const arguments[] = {"certutil", "-N", "-d", folder, "--empty-password", NULL};
	char parent[NSS_DATABASE_PATH_MAX];
	char *slash = NULL;

	(void)snprintf(folder, sizeof(folder), "sql:%s", database->path);
	(void)snprintf(parent, sizeof(parent), "%s", database->path);
	slash = strrchr(parent, '/');
	if (slash)
		*slash = '\0';
	ignore(mkdir(parent, 0700)); /* what is wrong with it the next one says */
	ignore(mkdir(database->path, 0700));
	return peer_program_do(arguments);
}

static enum kc_status register_module(const struct nss_database *database)
{
	if (!database->exists)
		TRY(make_shared(database));
	if (database->registration == NSS_ELSEWHERE)
		TRY(modutil(database, "-delete", NULL));
	return modutil(database, "-add", setup_module());
}

static enum kc_status tell_change(const struct nss_database *database, enum setup_state state,
				  struct setup_report *report)
{
	const char *now = state == SETUP_ON ? "known" : "not known any more";

	if (database->is_in_use)
		return setup_tell(report, state, database->path, "end it and start it again",
				  "the module is %s to %s once it has been started again", now,
				  database->program);
	return setup_tell(report, state, database->path, NULL, "the module is %s to %s", now,
			  database->program);
}

static enum kc_status apply_one(const struct nss_database *database, struct setup_report *report)
{
	if (database->is_confined || database->registration == NSS_MODULE ||
	    database->registration == NSS_P11_KIT)
		return tell(database, report);
	if (register_module(database) != KC_OK)
		return setup_tell_failure(report, database->path);
	return tell_change(database, SETUP_ON, report);
}

static enum kc_status undo_one(const struct nss_database *database, struct setup_report *report)
{
	if (database->registration != NSS_MODULE && database->registration != NSS_ELSEWHERE)
		return setup_tell(report, SETUP_OFF, database->path, NULL,
				  "the module is not known to %s", database->program);
	if (modutil(database, "-delete", NULL) != KC_OK)
		return setup_tell_failure(report, database->path);
	return tell_change(database, SETUP_OFF, report);
}

static enum kc_status change(const struct setup_options *options, change_fn change_one,
			     struct setup_report *report)
{
	CLEANUP(databases_freep) struct nss_databases *databases = NULL;

	TRY(find(options, &databases));
	if (!peer_program_find("modutil", NULL)) {
		error_set_hint("sudo apt install libnss3-tools");
		return fail(KC_ERR_NOT_AVAILABLE,
			    "modutil, which changes NSS's databases, is missing");
	}
	for (size_t i = 0; i < databases->n; i++) {
		error_clear();
		TRY(change_one(&databases->rows[i], report));
	}
	return KC_OK;
}

static enum kc_status apply(const struct setup_options *options, struct setup_report *report)
{
	if (access(setup_module(), R_OK) != 0) {
		error_set_hint("sudo apt install keycask-pkcs11");
		return fail(KC_ERR_NOT_AVAILABLE, "the PKCS#11 module %s is missing",
			    setup_module());
	}
	return change(options, apply_one, report);
}

static enum kc_status undo(const struct setup_options *options, struct setup_report *report)
{
	return change(options, undo_one, report);
}

const struct setup_row setup_nss = {
	.name = "nss",
	.summary = "Chromium, Firefox, Thunderbird and others on NSS",
	.look = look,
	.apply = apply,
	.undo = undo,
};
