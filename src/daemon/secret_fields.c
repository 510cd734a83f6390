/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading secrets out of calls and what comes along with them. */
#include "daemon/secret_fields.h"

#include <linux/magic.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/try.h"
#include "codec/utf8.h"
#include "sys/socket.h"

void secret_fields_done(struct secret_fields *fields)
{
	for (size_t i = 0; i < SECRET_FIELDS_MAX; i++)
		secret_done(&fields->values[i]);
}

struct secret *secret_fields_get(struct secret_fields *fields, size_t place)
{
	return fields->is_there[place] ? &fields->values[place] : NULL;
}

enum kc_status secret_fields_copy(const struct secret_fields_rules *rules, struct kc_view value,
				  struct secret *ret_secret)
{
	REQUIRE(value.len <= rules->bytes_max && utf8_is_text(value), KC_ERR_PARAM,
		"the %s is not text of up to %zu bytes", rules->noun, rules->bytes_max);
	return secret_init(ret_secret, value);
}

static enum kc_status keep(const struct secret_fields_rules *rules, size_t place,
			   struct kc_view value, struct secret_fields *fields)
{
	REQUIRE(!fields->is_there[place], KC_ERR_PARAM, "\"%s\" is given twice",
		rules->names[place]);
	TRY(secret_fields_copy(rules, value, &fields->values[place]));
	fields->is_there[place] = true;
	return KC_OK;
}

static size_t count_names(const struct secret_fields_rules *rules)
{
	size_t n = 0;

	while (n < SECRET_FIELDS_MAX && rules->names[n])
		n++;
	return n;
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
enum kc_status secret_fields_read(struct wire_call *call, const char *name, size_t max,
				  struct secret *ret_content)
{
	CLEANUP(secret_done) struct secret content = {0};
	CLEANUP(socket_close) int fd = wire_call_take_descriptor(call);
	struct stat info;
	ssize_t n = 0;

	REQUIRE(fd >= 0, KC_ERR_PARAM, "%s came without a descriptor", name);
	REQUIRE(fstat(fd, &info) == 0 && S_ISREG(info.st_mode) && is_local(fd), KC_ERR_PARAM,
		"%s must be a memfd or a local file", name);
	TRY(secret_reserve(&content, max));
	n = pread(fd, content.data, max, 0);
	REQUIRE(n >= 0, KC_ERR_PARAM, "%s cannot be read", name);
	content.len = (size_t)n;
	*ret_content = secret_take(&content);
	return KC_OK;
}

static enum kc_status find_name(const struct secret_fields_rules *rules, const char *name,
				size_t *ret_place)
{
	size_t n = count_names(rules);

	for (size_t i = 0; i < n; i++)
		if (name && strcmp(name, rules->names[i]) == 0) {
			*ret_place = i;
			return KC_OK;
		}
	return fail(KC_ERR_PARAM, "secrets names \"%.40s\"", name ? name : "");
}

/* They stand in the order of @names, a zero byte after each. */
static enum kc_status split(const struct secret_fields_rules *rules, struct json_object *names,
			    struct kc_view content, struct secret_fields *fields)
{
	size_t n = names ? json_object_array_length(names) : 0;
	size_t place = 0;

	for (size_t i = 0; i < n; i++) {
		const char *name = json_object_get_string(json_object_array_get_idx(names, i));
		const uint8_t *end = content.len ? memchr(content.data, 0, content.len) : NULL;
		size_t len = end ? (size_t)(end - content.data) : 0;

		TRY(find_name(rules, name, &place));
		REQUIRE(end, KC_ERR_PARAM, "secrets_fd has fewer %ss than secrets has names",
			rules->noun);
		TRY(keep(rules, place, view_of(content.data, len), fields));
		content = view_slice(content, len + 1, content.len);
	}
	REQUIRE(content.len == 0, KC_ERR_PARAM, "secrets_fd has more than secrets has names");
	return KC_OK;
}

static enum kc_status take_memory(struct wire_call *call, const struct secret_fields_rules *rules,
				  struct secret_fields *fields)
{
	CLEANUP(secret_done) struct secret content = {0};
	struct json_object *parameters = wire_call_parameters(call);
	size_t max = count_names(rules) * (rules->bytes_max + 1) + 1;

	REQUIRE(field_number(parameters, "secrets_fd", -1) == rules->descriptor, KC_ERR_PARAM,
		"secrets_fd must be %d", rules->descriptor);
	TRY(secret_fields_read(call, "secrets_fd", max, &content));
	return split(rules, field_get(parameters, "secrets"), secret_view(&content), fields);
}

/* --- in the message -------------------------------------------------------------------------- */

struct kc_view secret_fields_text(struct json_object *text)
{
	return view_of(json_object_get_string(text), (size_t)json_object_get_string_len(text));
}

static enum kc_status take_text(struct wire_call *call, const struct secret_fields_rules *rules,
				size_t place, struct secret_fields *fields)
{
	struct json_object *text = field_get(wire_call_parameters(call), rules->names[place]);

	return text ? keep(rules, place, secret_fields_text(text), fields) : KC_OK;
}

enum kc_status secret_fields_take(struct wire_call *call, const struct secret_fields_rules *rules,
				  struct secret_fields *ret_fields)
{
	CLEANUP(secret_fields_done) struct secret_fields fields = {.is_there = {false}};
	size_t n = count_names(rules);

	if (field_get(wire_call_parameters(call), "secrets_fd"))
		TRY(take_memory(call, rules, &fields));
	for (size_t i = 0; i < n; i++)
		TRY(take_text(call, rules, i, &fields));
	*ret_fields = fields;
	fields = (struct secret_fields){.is_there = {false}};
	return KC_OK;
}
