/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* keycask driver new: the example driver under the name that its author gives it. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/try.h"
#include "drivertool/skeleton_impl.h"
#include "drivertool/tool.h"
#include "sys/paths.h"
#include "sys/socket.h"

enum {
	NAME_MAX_LEN = 32,
	TEXT_MAX = 1024 * 1024,
};

/* What the files say instead of the example's names. */
struct names {
	const char *name;	       /* minicard */
	char title[NAME_MAX_LEN + 1];  /* Minicard */
	char prefix[NAME_MAX_LEN + 1]; /* mini */
};

/* It becomes part of a file name, a class ID and C's identifiers. */
static bool is_good_name(const char *name)
{
	if (strlen(name) > NAME_MAX_LEN || !(name[0] >= 'a' && name[0] <= 'z'))
		return false;
	return name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-")] == '\0';
}

static void make_names(const char *name, struct names *ret_names)
{
	*ret_names = (struct names){.name = name};
	memcpy(ret_names->title, name, strlen(name) + 1);
	memcpy(ret_names->prefix, name, strlen(name) + 1);
	ret_names->title[0] = (char)(name[0] - 'a' + 'A');
	for (char *c = ret_names->prefix; *c; c++)
		if (*c == '-')
			*c = '_';
}

/* The name that begins at @text, and what to write instead; NULL: none does. */
static const char *find_name(const char *text, const struct names *names, size_t *ret_len)
{
	const struct {
		const char *from;
		const char *to;
	} rows[] = {{"minicard", names->name}, {"Minicard", names->title}, {"mini_", NULL}};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		*ret_len = strlen(rows[i].from);
		if (strncmp(text, rows[i].from, *ret_len) != 0)
			continue;
		if (rows[i].to)
			return rows[i].to;
		*ret_len -= 1; /* the underscore stays */
		return names->prefix;
	}
	return NULL;
}

static enum kc_status rename_all(const char *text, const struct names *names, struct bytes *out)
{
	while (*text) {
		size_t len = 0;
		const char *to = find_name(text, names, &len);

		TRY(to ? bytes_append(out, view_of_text(to))
		       : bytes_append_byte(out, (uint8_t)*text));
		text += to ? len : 1;
	}
	return KC_OK;
}

static enum kc_status write_file(const char *path, struct kc_view content)
{
	CLEANUP(socket_close) int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

	REQUIRE(fd >= 0 && write(fd, content.data, content.len) == (ssize_t)content.len,
		KC_ERR_NOT_AVAILABLE, "cannot write %.150s: %s", path, strerror(errno));
	return KC_OK;
}

static enum kc_status make_file(const struct names *names, const struct skeleton_file *file)
{
	CLEANUP(bytes_done) struct bytes name = BYTES_INIT(PATHS_MAX);
	CLEANUP(bytes_done) struct bytes text = BYTES_INIT(TEXT_MAX);
	char path[PATHS_MAX];

	TRY(rename_all(file->name, names, &name));
	TRY(rename_all(file->text, names, &text));
	REQUIRE((size_t)snprintf(path, sizeof(path), "%s/%.*s", names->name, (int)name.len,
				 (const char *)name.data) < sizeof(path),
		KC_ERR_PARAM, "the path is too long");
	return write_file(path, bytes_view(&text));
}

static enum kc_status make_folder(const char *name)
{
	struct names names;

	make_names(name, &names);
	REQUIRE(mkdir(name, 0755) == 0 || errno != EEXIST, KC_ERR_DUPLICATE_ITEM,
		"%s is there already", name);
	REQUIRE(access(name, W_OK) == 0, KC_ERR_NOT_AVAILABLE, "cannot make the folder %s: %s",
		name, strerror(errno));
	for (const struct skeleton_file *file = skeleton_files; file->name; file++)
		TRY(make_file(&names, file));
	return KC_OK;
}

static enum kc_status print(const char *name, bool is_json)
{
	CLEANUP(field_free) struct json_object *report = NULL;

	if (!is_json) {
		(void)printf("%s is a driver for a made-up card. Try it:\n"
			     "  cd %s && make && make check\n"
			     "Its README.md says what to change.\n",
			     name, name);
		return KC_OK;
	}
	TRY(field_new_object(&report));
	TRY(field_put_text(report, "folder", name));
	tool_print_json(report);
	return KC_OK;
}

int skeleton_run(int argc, char **argv)
{
	const char *name = NULL;
	bool is_json = tool_wants_json(argc, argv);
	enum kc_status status = KC_OK;

	for (int i = 1; i < argc; i++) {
		if (tool_is_option(argv, &i, "--json", NULL))
			continue;
		if (argv[i][0] == '-')
			return tool_wrong_call(is_json, "unknown option %s", argv[i]);
		if (name)
			return tool_wrong_call(is_json, "one NAME at a time");
		name = argv[i];
	}
	if (!name || !is_good_name(name))
		return tool_wrong_call(is_json,
				       "NAME has 1 to %d lower-case letters, digits and '-', and "
				       "begins with a letter",
				       NAME_MAX_LEN);
	status = make_folder(name);
	if (status == KC_OK)
		status = print(name, is_json);
	return status == KC_OK ? TOOL_DONE : tool_failed(is_json, status);
}
