/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The file of the device key. One that is damaged is never replaced: what is sealed under it would
 * be lost for good, and whoever damaged it should be heard of.
 */
#include "sys/device_key.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include "base/bytes.h"
#include "base/try.h"
#include "sys/file.h"

enum {
	KEY_BYTES = 32,
};

static void wipe_done(struct bytes *bytes)
{
	if (bytes->data)
		explicit_bzero(bytes->data, bytes->capacity);
	bytes_done(bytes);
}

enum kc_status device_key_find(const char *path, struct secret *ret_key)
{
	CLEANUP(wipe_done) struct bytes content = BYTES_INIT(KEY_BYTES);
	enum kc_status status = file_read_private(path, &content);

	if (status == KC_ERR_ITEM_NOT_FOUND)
		return status;
	if (status == KC_ERR_PARAM)
		error_clear(); /* too long: say what for */
	else
		TRY(status);
	REQUIRE(status == KC_OK && content.len == KEY_BYTES, KC_ERR_NOT_AVAILABLE,
		"%s is no device key", path);
	return secret_init(ret_key, bytes_view(&content));
}

static enum kc_status make_key(const char *path)
{
	uint8_t key[KEY_BYTES];
	enum kc_status status = KC_OK;

	REQUIRE(getrandom(key, sizeof(key), 0) == KEY_BYTES, KC_ERR_INTERNAL,
		"no random numbers: %s", strerror(errno));
	status = file_create(path, VIEW_OF(key));
	explicit_bzero(key, sizeof(key));
	return status;
}

/* Another daemon of this user, with another socket, may make it at the same time: it wins. */
enum kc_status device_key_load(const char *path, struct secret *ret_key)
{
	enum kc_status status = device_key_find(path, ret_key);

	if (status != KC_ERR_ITEM_NOT_FOUND)
		return status;
	error_clear();
	status = make_key(path);
	if (status != KC_ERR_DUPLICATE_ITEM)
		TRY(status);
	error_clear();
	return device_key_find(path, ret_key);
}
