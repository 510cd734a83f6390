/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CLI_NSS_DATABASES_H
#define CLI_NSS_DATABASES_H

/* Where NSS keeps this user's certificates and modules: one folder for each of its programs. */

#include <stdbool.h>
#include <stddef.h>

#include "base/try.h"

enum {
	NSS_DATABASE_PATH_MAX = 512,
	NSS_DATABASES_MAX = 64,
};

/* Whether its programs have our module. */
enum nss_registration {
	NSS_NONE,
	NSS_MODULE,    /* the module itself */
	NSS_ELSEWHERE, /* a keycask-pkcs11.so that is not the one of setup_module() */
	NSS_P11_KIT,   /* all that p11-kit has, through p11-kit-proxy */
};

struct nss_database {
	char path[NSS_DATABASE_PATH_MAX];
	const char *program; /* "Firefox" */
	bool exists;
	bool is_confined; /* its programs see nothing of /usr */
	bool is_in_use;	  /* a browser runs with it */
	enum nss_registration registration;
};

struct nss_databases {
	struct nss_database rows[NSS_DATABASES_MAX];
	size_t n;
};

/* Those of this user; the shared one in ~/.pki/nssdb comes first, there or not. Only reads. */
KC_MUST_CHECK enum kc_status nss_databases_find(struct nss_databases *ret_databases);

/* The one in the folder @path. */
void nss_databases_of(const char *path, struct nss_databases *ret_databases);

#endif
