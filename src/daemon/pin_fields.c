/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading PINs out of calls and what comes along with them. */
#include "daemon/pin_fields.h"

#include <linux/magic.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/try.h"
#include "codec/utf8.h"
#include "sys/socket.h"

enum {
	PIN_BYTES_MAX = 255,
	SECRETS_MAX = 2,
	SECRETS_BYTES_MAX = SECRETS_MAX * (PIN_BYTES_MAX + 1),
};

void pin_fields_done(struct pin_fields *fields)
{
	secret_done(&fields->guard);
	secret_done(&fields->new_pin);
}

struct secret *pin_fields_guard(struct pin_fields *fields)
{
	return fields->has_guard ? &fields->guard : NULL;
}

struct secret *pin_fields_new(struct pin_fields *fields)
{
	return fields->has_new ? &fields->new_pin : NULL;
}

/* What cannot be typed is no PIN; drivers get it as JSON text. */
static enum kc_status keep(const char *name, struct kc_view pin, struct pin_fields *fields)
{
	bool is_new = strcmp(name, "new") == 0;
	bool *has = is_new ? &fields->has_new : &fields->has_guard;

	REQUIRE(!*has, KC_ERR_PARAM, "\"%s\" is given twice", name);
	REQUIRE(pin.len <= PIN_BYTES_MAX && utf8_is_text(pin), KC_ERR_PARAM,
		"the PIN is not text of up to %d bytes", PIN_BYTES_MAX);
	TRY(secret_init(is_new ? &fields->new_pin : &fields->guard, pin));
	*has = true;
	return KC_OK;
}

/* --- in memory that comes along -------------------------------------------------------------- */

/* A file of another process (FUSE) could keep us reading for ever. */
static bool is_local(int fd)
{
	struct statfs info;

	return fstatfs(fd, &info) == 0 && info.f_type != FUSE_SUPER_MAGIC &&
	       info.f_type != NFS_SUPER_MAGIC;
}

/* A memfd or file, read from its start; anything that could block is refused. */
static enum kc_status read_file(const char *name, int fd, size_t max, struct secret *ret_content)
{
	struct stat info;
	ssize_t n = 0;

	REQUIRE(fd >= 0, KC_ERR_PARAM, "%s came without a descriptor", name);
	REQUIRE(fstat(fd, &info) == 0 && S_ISREG(info.st_mode) && is_local(fd), KC_ERR_PARAM,
		"%s must be a memfd or a local file", name);
	TRY(secret_reserve(ret_content, max));
	n = pread(fd, ret_content->data, max, 0);
	REQUIRE(n >= 0, KC_ERR_PARAM, "%s cannot be read", name);
	ret_content->len = (size_t)n;
	return KC_OK;
}

static bool is_known(const char *name)
{
	return strcmp(name, "current") == 0 || strcmp(name, "unblocking") == 0 ||
	       strcmp(name, "new") == 0;
}

/* The PINs stand in the order of @names, a zero byte after each. */
static enum kc_status split(struct json_object *names, struct kc_view content,
			    struct pin_fields *fields)
{
	size_t n = names ? json_object_array_length(names) : 0;

	for (size_t i = 0; i < n; i++) {
		const char *name = json_object_get_string(json_object_array_get_idx(names, i));
		const uint8_t *end = content.len ? memchr(content.data, 0, content.len) : NULL;
		size_t len = end ? (size_t)(end - content.data) : 0;

		REQUIRE(is_known(name), KC_ERR_PARAM, "secrets names \"%.40s\"", name);
		REQUIRE(end, KC_ERR_PARAM, "secrets_fd has fewer PINs than secrets has names");
		TRY(keep(name, view_of(content.data, len), fields));
		content = view_slice(content, len + 1, content.len);
	}
	REQUIRE(content.len == 0, KC_ERR_PARAM, "secrets_fd has more than secrets has names");
	return KC_OK;
}

static enum kc_status take_secrets(struct wire_call *call, struct json_object *parameters,
				   struct pin_fields *fields)
{
	CLEANUP(secret_done) struct secret content = {0};
	CLEANUP(socket_close) int fd = wire_call_take_descriptor(call);

	REQUIRE(field_number(parameters, "secrets_fd", -1) == 0, KC_ERR_PARAM,
		"secrets_fd must be 0");
	TRY(read_file("secrets_fd", fd, SECRETS_BYTES_MAX + 1, &content));
	return split(field_get(parameters, "secrets"), secret_view(&content), fields);
}

static enum kc_status take_file(struct wire_call *call, struct json_object *parameters,
				struct pin_fields *fields)
{
	CLEANUP(secret_done) struct secret content = {0};
	CLEANUP(socket_close) int fd = wire_call_take_descriptor(call);

	REQUIRE(!field_get(parameters, "pin") && field_number(parameters, "pin_fd", -1) == 0,
		KC_ERR_PARAM, "give either pin or pin_fd, which must be 0");
	TRY(read_file("pin_fd", fd, PIN_BYTES_MAX + 1, &content));
	return keep("pin", secret_view(&content), fields);
}

/* --- in the message -------------------------------------------------------------------------- */

static enum kc_status take_text(struct json_object *parameters, const char *name,
				struct pin_fields *fields)
{
	struct json_object *text = field_get(parameters, name);

	if (!text)
		return KC_OK;
	return keep(name,
		    view_of(json_object_get_string(text), (size_t)json_object_get_string_len(text)),
		    fields);
}

enum kc_status pin_fields_take(struct wire_call *call, struct pin_fields *ret_fields)
{
	CLEANUP(pin_fields_done) struct pin_fields fields = {.has_guard = false};
	static const char *const names[] = {"pin", "current", "unblocking", "new"};
	struct json_object *parameters = wire_call_parameters(call);

	if (field_get(parameters, "pin_fd"))
		TRY(take_file(call, parameters, &fields));
	if (field_get(parameters, "secrets_fd"))
		TRY(take_secrets(call, parameters, &fields));
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		TRY(take_text(parameters, names[i], &fields));
	*ret_fields = fields;
	fields = (struct pin_fields){.has_guard = false};
	return KC_OK;
}
