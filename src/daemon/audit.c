/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Appending to the audit log, one write() per line. */
#include "daemon/audit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/try.h"
#include "codec/hex.h"
#include "sys/paths.h"
#include "sys/socket.h"
#include "wire/field.h"
#include "wire/message.h"

enum {
	LABEL_MAX = 256,
	/* More than any line has: paths and groups are of limited length, and a byte of them takes
	 * six as JSON at most. */
	LINE_MAX_BYTES = 256 * 1024,
	LINE_USUAL_BYTES = 512, /* where it begins to grow from */
};

struct audit {
	int fd;
	off_t size;
	char path[PATHS_MAX];
};

struct audit *audit_free(struct audit *audit)
{
	if (audit)
		socket_close(&audit->fd);
	free(audit);
	return NULL;
}

static enum kc_status open_file(struct audit *audit)
{
	struct stat info;

	audit->fd = open(audit->path,
			 O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
	REQUIRE(audit->fd >= 0, KC_ERR_NOT_AVAILABLE, "cannot open the audit log %s: %s",
		audit->path, strerror(errno));
	audit->size = fstat(audit->fd, &info) == 0 ? info.st_size : 0;
	return KC_OK;
}

enum kc_status audit_open(struct audit **ret_audit)
{
	CLEANUP(audit_freep) struct audit *audit = calloc(1, sizeof(*audit));
	char folder[PATHS_MAX];

	REQUIRE(audit, KC_ERR_ALLOCATE, "out of memory");
	audit->fd = -1;
	TRY(paths_state("audit.log", audit->path, sizeof(audit->path)));
	TRY(paths_parent(audit->path, folder, sizeof(folder)));
	TRY(paths_make_private_folder(folder));
	TRY(open_file(audit));
	*ret_audit = take(audit);
	return KC_OK;
}

/* What cannot be renamed goes on growing: a long log is better than none. */
static enum kc_status begin_anew(struct audit *audit)
{
	char old[PATHS_MAX + 2];

	if (audit->fd >= 0 && audit->size < AUDIT_BYTES_MAX)
		return KC_OK;
	(void)snprintf(old, sizeof(old), "%s.1", audit->path);
	if (audit->fd >= 0 && rename(audit->path, old) != 0)
		return KC_OK;
	socket_close(&audit->fd);
	return open_file(audit);
}

static enum kc_status put_time(struct json_object *line)
{
	struct timespec now;
	struct tm utc;
	char text[32];

	ignore(clock_gettime(CLOCK_REALTIME, &now));
	REQUIRE(gmtime_r(&now.tv_sec, &utc), KC_ERR_INTERNAL, "no time");
	REQUIRE(strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &utc) > 0, KC_ERR_INTERNAL,
		"no time");
	return field_put_text(line, "time", text);
}

/* Whoever gives a key a long name shall not have its uses left out: the beginning will do. */
static enum kc_status put_label(struct json_object *line, const char *label)
{
	struct json_object *text = NULL;
	size_t len = label ? strnlen(label, LABEL_MAX + 1) : 0;

	if (len <= LABEL_MAX)
		return field_put_text(line, "key_label", label);
	for (len = LABEL_MAX; len > 0 && ((uint8_t)label[len] & 0xC0) == 0x80;)
		len--; /* not in the middle of a character of UTF-8 */
	text = json_object_new_string_len(label, (int)len);
	REQUIRE(text, KC_ERR_ALLOCATE, "out of memory");
	return field_put(line, "key_label", text);
}

static enum kc_status put_groups(struct json_object *line, const struct groups *groups)
{
	CLEANUP(field_free) struct json_object *names = json_object_new_array();

	REQUIRE(names, KC_ERR_ALLOCATE, "out of memory");
	for (size_t i = 0; i < groups->n; i++)
		TRY(field_append_text(names, groups->names[i]));
	return field_put(line, "groups", take(names));
}

static enum kc_status put_peer(struct json_object *line, const struct peer *peer)
{
	const char *application = peer ? peer->sandbox.application : "";

	if (!peer)
		return KC_OK;
	TRY(field_put_number(line, "uid", peer->uid));
	TRY(field_put_number(line, "pid", peer->pid));
	TRY(field_put_text(line, "executable", peer->executable));
	return field_put_text(line, "application", application[0] ? application : NULL);
}

static enum kc_status put_entry(struct json_object *line, const struct audit_entry *entry)
{
	CLEANUP(freep)
	char *hash = entry->key_hash.len > 0 ? hex_encode(entry->key_hash, HEX_LOWER) : NULL;

	TRY(put_time(line));
	TRY(field_put_number(line, "request", (int64_t)entry->request));
	TRY(put_peer(line, entry->peer));
	if (entry->groups)
		TRY(put_groups(line, entry->groups));
	TRY(field_put_text(line, "operation", entry->operation));
	TRY(field_put_text(line, "algorithm", entry->algorithm));
	TRY(field_put_text(line, "slot", entry->slot));
	TRY(field_put_text(line, "token_id", entry->token_id));
	TRY(put_label(line, entry->key_label));
	TRY(field_put_text(line, "key_hash", hash));
	TRY(field_put_text(line, "class", entry->item_class));
	TRY(field_put_text(line, "persistent_ref", entry->persistent_ref));
	if (entry->n_items > 0)
		TRY(field_put_number(line, "n_items", entry->n_items));
	return field_put_text(line, "result", kc_status_name(entry->result));
}

static enum kc_status write_line(struct audit *audit, const struct audit_entry *entry)
{
	CLEANUP(field_free) struct json_object *line = NULL;
	CLEANUP(bytes_done) struct bytes text = BYTES_INIT(LINE_MAX_BYTES);

	TRY(field_new_object(&line));
	TRY(put_entry(line, entry));
	TRY(bytes_reserve(&text, LINE_USUAL_BYTES));
	TRY(message_put_value(&text, line));
	TRY(bytes_append_byte(&text, '\n'));
	TRY(begin_anew(audit));
	audit->size += (off_t)text.len;
	REQUIRE(write(audit->fd, text.data, text.len) == (ssize_t)text.len, KC_ERR_NOT_AVAILABLE,
		"audit log: %s", strerror(errno));
	return KC_OK;
}

void audit_write(struct audit *audit, const struct audit_entry *entry)
{
	struct error_record before = *error_get();

	error_clear();
	if (write_line(audit, entry) != KC_OK)
		log_error("req=%llu %s", (unsigned long long)entry->request, error_get()->message);
	error_adopt(&before);
}
