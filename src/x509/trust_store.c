/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is trusted on this machine (design/decisions.md 23). OpenSSL would look into its folder when
 * a chain is built; here there are no files by then, so all of it is read at once.
 */
#include "x509/trust_store_impl.h"

#include <ctype.h>
#include <dirent.h>
#include <openssl/err.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/try.h"

enum {
	PATH_BYTES = 1024,
	HASH_DIGITS = 8,
};

void trust_store_done(X509_STORE **store)
{
	X509_STORE_free(*store);
	*store = NULL;
}

static void directory_done(DIR **directory)
{
	if (*directory)
		ignore(closedir(*directory));
	*directory = NULL;
}

/* c_rehash(1): HHHHHHHH.D of certificates, HHHHHHHH.rD of revocation lists. */
static bool is_hashed_name(const char *name)
{
	for (size_t i = 0; i < HASH_DIGITS; i++)
		if (!isxdigit((unsigned char)name[i]))
			return false;
	return name[HASH_DIGITS] == '.' && isdigit((unsigned char)name[HASH_DIGITS + 1]);
}

static bool add_file(X509_STORE *store, const char *path)
{
	bool is_read = X509_STORE_load_file(store, path) == 1;

	ERR_clear_error();
	return is_read;
}

/* A file that is no certificate does not cost us the others. */
static bool add_folder(X509_STORE *store, const char *folder, bool only_hashed)
{
	CLEANUP(directory_done) DIR *directory = opendir(folder);
	bool is_any = false;

	if (!directory)
		return false;
	for (struct dirent *entry = readdir(directory); entry; entry = readdir(directory)) {
		char path[PATH_BYTES];

		if (entry->d_name[0] == '.' || (only_hashed && !is_hashed_name(entry->d_name)))
			continue;
		if (snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name) <
		    (int)sizeof(path))
			is_any |= add_file(store, path);
	}
	return is_any;
}

static bool add_path(X509_STORE *store, const char *path)
{
	struct stat info;

	if (stat(path, &info) == 0 && S_ISDIR(info.st_mode))
		return add_folder(store, path, false);
	return add_file(store, path);
}

static bool add_default(X509_STORE *store)
{
	bool has_file = add_file(store, X509_get_default_cert_file());
	bool has_folder = add_folder(store, X509_get_default_cert_dir(), true);

	return has_file || has_folder;
}

enum kc_status trust_store_load(const char *path, X509_STORE **ret_store)
{
	CLEANUP(trust_store_done) X509_STORE *store = X509_STORE_new();
	bool is_any = false;

	REQUIRE(store, KC_ERR_ALLOCATE, "out of memory");
	is_any = path ? add_path(store, path) : add_default(store);
	REQUIRE(is_any, KC_ERR_ITEM_NOT_FOUND, "there are no trusted certificates in %s",
		path ? path : X509_get_default_cert_dir());
	*ret_store = take(store);
	return KC_OK;
}
