/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The keychain's file and the device key that it is sealed under. A keychain without its device key
 * is not opened, and no new key is made: the right one may come back from a backup.
 */
#include "daemon/keychain_start.h"

#include <string.h>
#include <sys/stat.h>

#include "base/log.h"
#include "base/try.h"
#include "sys/device_key.h"

static enum kc_status make_folder(const char *file)
{
	char folder[PATHS_MAX];

	TRY(paths_parent(file, folder, sizeof(folder)));
	return paths_make_private_folder(folder);
}

static enum kc_status fail_missing(const char *key_path, const char *file)
{
	error_clear();
	ignore(fail(KC_ERR_NOT_AVAILABLE, "%s is missing, and %s cannot be opened without",
		    key_path, file));
	error_set_hint("put that device key back from a backup, then restart keycaskd; or move the "
		       "keychain away, and a new one is made");
	return KC_ERR_NOT_AVAILABLE;
}

static enum kc_status load_key(const char *file, struct secret *ret_key)
{
	char key_path[PATHS_MAX];
	struct stat info;
	enum kc_status status = KC_OK;

	TRY(paths_state("device.key", key_path, sizeof(key_path)));
	if (lstat(file, &info) != 0)
		return device_key_load(key_path, ret_key);
	status = device_key_find(key_path, ret_key);
	if (status == KC_ERR_ITEM_NOT_FOUND)
		return fail_missing(key_path, file);
	if (status != KC_OK)
		error_set_hint("put the right device key there from a backup (chmod 600), then "
			       "restart keycaskd");
	return status;
}

static enum kc_status find_file(char *ret_path, struct secret *ret_key)
{
	TRY(paths_state("keychain.db", ret_path, PATHS_MAX));
	TRY(make_folder(ret_path));
	return load_key(ret_path, ret_key);
}

static void tell(const struct engine *engine)
{
	struct engine_file file = engine_file(engine);

	if (!file.is_open)
		log_warning("the keychain is not available: %s", file.reason);
	else if (file.is_read_only)
		log_warning("the keychain can only be read");
}

enum kc_status keychain_start(struct daemon *daemon)
{
	CLEANUP(secret_done) struct secret key = {0};
	struct engine_settings settings = {.password_cost = daemon->config.keychain_password_cost};
	struct error_record why;
	char file[PATHS_MAX];

	error_clear();
	daemon->has_device_key = find_file(file, &key) == KC_OK;
	why = *error_get();
	error_clear();
	if (daemon->has_device_key)
		settings.file = file;
	else
		settings.why = &why;
	settings.device_key = secret_view(&key);
	TRY(engine_new(&settings, &daemon->engine));
	tell(daemon->engine);
	return KC_OK;
}
