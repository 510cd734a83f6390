/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Appending to the audit log, one write() per line. */
#include "daemon/audit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/try.h"
#include "codec/hex.h"
#include "sys/paths.h"
#include "sys/socket.h"
#include "wire/field.h"

struct audit {
	int fd;
};

struct audit *audit_free(struct audit *audit)
{
	if (audit)
		socket_close(&audit->fd);
	free(audit);
	return NULL;
}

enum kc_status audit_open(struct audit **ret_audit)
{
	CLEANUP(audit_freep) struct audit *audit = calloc(1, sizeof(*audit));
	char path[PATHS_MAX];
	char folder[PATHS_MAX];

	REQUIRE(audit, KC_ERR_ALLOCATE, "out of memory");
	audit->fd = -1;
	TRY(paths_state("audit.log", path, sizeof(path)));
	TRY(paths_parent(path, folder, sizeof(folder)));
	TRY(paths_make_private_folder(folder));
	audit->fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK,
			 0600);
	REQUIRE(audit->fd >= 0, KC_ERR_NOT_AVAILABLE, "cannot open the audit log %s: %s", path,
		strerror(errno));
	*ret_audit = take(audit);
	return KC_OK;
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

static enum kc_status put_peer(struct json_object *line, const struct peer *peer)
{
	if (!peer) /* nobody asked for it */
		return KC_OK;
	TRY(field_put_number(line, "uid", peer->uid));
	TRY(field_put_number(line, "pid", peer->pid));
	return field_put_text(line, "executable", peer->executable);
}

static enum kc_status put_entry(struct json_object *line, const struct audit_entry *entry)
{
	CLEANUP(freep)
	char *hash = entry->key_hash.len > 0 ? hex_encode(entry->key_hash, HEX_LOWER) : NULL;

	TRY(put_time(line));
	TRY(field_put_number(line, "request", (int64_t)entry->request));
	TRY(put_peer(line, entry->peer));
	TRY(field_put_text(line, "operation", entry->operation));
	TRY(field_put_text(line, "algorithm", entry->algorithm));
	TRY(field_put_text(line, "slot", entry->slot));
	TRY(field_put_text(line, "token_id", entry->token_id));
	TRY(field_put_text(line, "key_label", entry->key_label));
	TRY(field_put_text(line, "key_hash", hash));
	return field_put_text(line, "result", kc_status_name(entry->result));
}

static enum kc_status write_line(struct audit *audit, const struct audit_entry *entry)
{
	CLEANUP(field_free) struct json_object *line = NULL;
	CLEANUP(bytes_done) struct bytes text = BYTES_INIT(8192);

	TRY(field_new_object(&line));
	TRY(put_entry(line, entry));
	TRY(bytes_append(
		&text, view_of_text(json_object_to_json_string_ext(line, JSON_C_TO_STRING_PLAIN))));
	TRY(bytes_append_byte(&text, '\n'));
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
