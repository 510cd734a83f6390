/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Records on their way to and from a descriptor. A record is its kind and its length in the open,
 * then what is sealed; kind, place and the whole header are authenticated with it.
 */
#include "store/backup_file.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/try.h"

enum {
	MAGIC_BYTES = 8,
	VERSION_AT = MAGIC_BYTES,
	COST_AT,
	SALT_AT = MAGIC_BYTES + 4,
	ID_AT = SALT_AT + KEYBAG_SALT_BYTES,
	ID_BYTES = 16,
	VERSION = 1,
	HEAD_BYTES = 5, /* of a record: kind, length */
	NUMBER_BYTES = 8,
	KIND_CHECK = 'c',
	KIND_ITEM = 'i',
	KIND_END = 'e',
	BLOCK_BYTES = 64 * 1024, /* of reading and writing */
	SEALED_MAX = BACKUP_FILE_RECORD_MAX + SEAL_OVERHEAD,
};

static const char magic[MAGIC_BYTES] = "kcskback";
static const char check_text[] = "keycask backup";

void backup_file_init(struct backup_file *file, int fd, int cancel)
{
	*file = (struct backup_file){.fd = fd,
				     .cancel = cancel,
				     .buffer = BYTES_INIT(SEALED_MAX + BLOCK_BYTES),
				     .check = BYTES_INIT(SEAL_OVERHEAD + sizeof(check_text))};
}

void backup_file_done(struct backup_file *file)
{
	bytes_done(&file->buffer);
	bytes_done(&file->check);
	explicit_bzero(file->key, sizeof(file->key));
}

struct keybag_stretching backup_file_stretching(const struct backup_file *file)
{
	struct keybag_stretching stretching = {.cost = file->header[COST_AT]};

	memcpy(stretching.salt, file->header + SALT_AT, KEYBAG_SALT_BYTES);
	return stretching;
}

/* --- sealing --------------------------------------------------------------------------------- */

static void put_number(uint8_t *bytes, uint64_t number, size_t n)
{
	for (size_t i = 0; i < n; i++)
		bytes[i] = (uint8_t)(number >> (8 * (n - 1 - i)));
}

static uint64_t get_number(const uint8_t *bytes, size_t n)
{
	uint64_t number = 0;

	for (size_t i = 0; i < n; i++)
		number = number << 8 | bytes[i];
	return number;
}

struct owner {
	uint8_t bytes[BACKUP_FILE_HEADER_BYTES + NUMBER_BYTES + 1];
};

static struct owner owner_of(const struct backup_file *file, uint8_t kind)
{
	struct owner owner;

	memcpy(owner.bytes, file->header, sizeof(file->header));
	put_number(owner.bytes + sizeof(file->header), file->place, NUMBER_BYTES);
	owner.bytes[sizeof(owner.bytes) - 1] = kind;
	return owner;
}

static enum kc_status make_key(struct backup_file *file, struct kc_view stretched)
{
	return seal_derive(stretched, "keycask backup", view_of(file->header + ID_AT, ID_BYTES),
			   file->key);
}

static enum kc_status open_record(const struct backup_file *file, uint8_t kind,
				  struct kc_view sealed, struct bytes *plain)
{
	struct owner owner = owner_of(file, kind);
	struct seal_terms terms = {
		.key = VIEW_OF(file->key), .purpose = "backup", .owner = VIEW_OF(owner.bytes)};

	return seal_open(&terms, sealed, plain);
}

/* --- descriptors ------------------------------------------------------------------------------ */

static enum kc_status await(const struct backup_file *file, short events)
{
	struct pollfd wanted[2] = {{file->fd, events, 0}, {file->cancel, POLLIN, 0}};
	int n = 0;

	do
		n = poll(wanted, 2, -1);
	while (n < 0 && errno == EINTR);
	REQUIRE(n >= 0, KC_ERR_INTERNAL, "poll: %s", strerror(errno));
	REQUIRE(wanted[1].revents == 0, KC_ERR_NOT_AVAILABLE, "nobody waits for it any more");
	return KC_OK;
}

static bool is_no_error(int error)
{
	return error == EAGAIN || error == EWOULDBLOCK || error == EINTR;
}

enum kc_status backup_file_flush(struct backup_file *file)
{
	size_t n_written = 0;

	while (n_written < file->buffer.len) {
		ssize_t n = 0;

		TRY(await(file, POLLOUT));
		n = write(file->fd, file->buffer.data + n_written, file->buffer.len - n_written);
		if (n < 0 && is_no_error(errno))
			continue;
		if (n < 0 && errno == ENOSPC)
			error_set_hint("make room, or choose another place for the backup");
		REQUIRE(n > 0, KC_ERR_NOT_AVAILABLE, "the backup cannot be written: %s",
			strerror(errno));
		n_written += (size_t)n;
	}
	bytes_consume(&file->buffer, file->buffer.len);
	return KC_OK;
}

/* *ret_has_more false: the end. */
static enum kc_status fill(struct backup_file *file, bool *ret_has_more)
{
	ssize_t n = -1;

	TRY(bytes_reserve(&file->buffer, BLOCK_BYTES));
	while (n < 0) {
		TRY(await(file, POLLIN));
		n = read(file->fd, file->buffer.data + file->buffer.len, BLOCK_BYTES);
		REQUIRE(n >= 0 || is_no_error(errno), KC_ERR_NOT_AVAILABLE,
			"the backup cannot be read: %s", strerror(errno));
	}
	file->buffer.len += (size_t)n;
	*ret_has_more = n > 0;
	return KC_OK;
}

static enum kc_status fail_after_items(const struct backup_file *file, const char *what)
{
	unsigned long long n = file->place > 0 ? file->place - 1 : 0;

	return fail(KC_ERR_DECODE, "the backup is %s after %llu %s", what, n,
		    n == 1 ? "item" : "items");
}

/* Expected: KC_ERR_DECODE  it ends before */
static enum kc_status need(struct backup_file *file, size_t len)
{
	bool has_more = true;

	while (file->buffer.len < len && has_more)
		TRY(fill(file, &has_more));
	return file->buffer.len >= len ? KC_OK : fail_after_items(file, "cut off");
}

/* --- writing --------------------------------------------------------------------------------- */

enum kc_status backup_file_begin(struct backup_file *file, unsigned cost)
{
	memcpy(file->header, magic, MAGIC_BYTES);
	file->header[VERSION_AT] = VERSION;
	file->header[COST_AT] = (uint8_t)cost;
	REQUIRE(getrandom(file->header + SALT_AT, KEYBAG_SALT_BYTES + ID_BYTES, 0) ==
			KEYBAG_SALT_BYTES + ID_BYTES,
		KC_ERR_INTERNAL, "the kernel gives no random bytes");
	return KC_OK;
}

static enum kc_status put_record(struct backup_file *file, uint8_t kind, struct kc_view plain)
{
	struct owner owner = owner_of(file, kind);
	struct seal_terms terms = {
		.key = VIEW_OF(file->key), .purpose = "backup", .owner = VIEW_OF(owner.bytes)};
	uint8_t head[HEAD_BYTES] = {kind};

	REQUIRE(plain.len <= BACKUP_FILE_RECORD_MAX, KC_ERR_PARAM,
		"an item is too large for a backup");
	put_number(head + 1, plain.len + SEAL_OVERHEAD, HEAD_BYTES - 1);
	if (file->buffer.len > BLOCK_BYTES)
		TRY(backup_file_flush(file));
	TRY(bytes_append(&file->buffer, VIEW_OF(head)));
	TRY(seal_close(&terms, plain, &file->buffer));
	file->place++;
	return KC_OK;
}

enum kc_status backup_file_set_password(struct backup_file *file, struct kc_view stretched)
{
	TRY(make_key(file, stretched));
	TRY(bytes_append(&file->buffer, VIEW_OF(file->header)));
	return put_record(file, KIND_CHECK, view_of_text(check_text));
}

enum kc_status backup_file_put(struct backup_file *file, struct kc_view record)
{
	return put_record(file, KIND_ITEM, record);
}

enum kc_status backup_file_finish(struct backup_file *file, const struct backup_file_end *end)
{
	uint8_t numbers[2 * NUMBER_BYTES];
	struct stat info;

	put_number(numbers, end->n_items, NUMBER_BYTES);
	put_number(numbers + NUMBER_BYTES, end->n_left_out, NUMBER_BYTES);
	TRY(put_record(file, KIND_END, VIEW_OF(numbers)));
	TRY(backup_file_flush(file));
	REQUIRE(fstat(file->fd, &info) != 0 || !S_ISREG(info.st_mode) || fsync(file->fd) == 0,
		KC_ERR_NOT_AVAILABLE, "the backup cannot be written: %s", strerror(errno));
	return KC_OK;
}

/* --- reading --------------------------------------------------------------------------------- */

static enum kc_status check_header(const struct backup_file *file)
{
	REQUIRE(memcmp(file->header, magic, MAGIC_BYTES) == 0, KC_ERR_DECODE,
		"this is no backup of keycask");
	REQUIRE(file->header[VERSION_AT] == VERSION, KC_ERR_NOT_AVAILABLE,
		"this backup is of version %u, and this keycask reads version %d",
		file->header[VERSION_AT], VERSION);
	REQUIRE(file->header[COST_AT] >= 1 && file->header[COST_AT] <= KEYBAG_COST_MAX,
		KC_ERR_DECODE, "the backup's header is damaged");
	return KC_OK;
}

/* Kind and length of the record that comes next, all of it in the buffer. */
static enum kc_status need_record(struct backup_file *file, uint8_t *ret_kind, size_t *ret_len)
{
	uint64_t len = 0;
	uint8_t kind = 0;

	TRY(need(file, HEAD_BYTES));
	kind = file->buffer.data[0];
	len = get_number(file->buffer.data + 1, HEAD_BYTES - 1);
	if ((kind != KIND_CHECK && kind != KIND_ITEM && kind != KIND_END) || len > SEALED_MAX)
		return fail_after_items(file, "damaged");
	TRY(need(file, HEAD_BYTES + (size_t)len));
	*ret_kind = kind;
	*ret_len = (size_t)len;
	return KC_OK;
}

enum kc_status backup_file_open(struct backup_file *file)
{
	uint8_t kind = 0;
	size_t len = 0;
	enum kc_status status = need(file, BACKUP_FILE_HEADER_BYTES);

	if (status == KC_ERR_DECODE) {
		error_clear();
		return fail(KC_ERR_DECODE, "this is no backup of keycask");
	}
	TRY(status);
	memcpy(file->header, file->buffer.data, sizeof(file->header));
	TRY(check_header(file));
	bytes_consume(&file->buffer, sizeof(file->header));
	TRY(need_record(file, &kind, &len));
	REQUIRE(kind == KIND_CHECK && len <= file->check.max, KC_ERR_DECODE,
		"the backup's header is damaged");
	bytes_consume(&file->check, file->check.len);
	TRY(bytes_append(&file->check, view_of(file->buffer.data + HEAD_BYTES, len)));
	bytes_consume(&file->buffer, HEAD_BYTES + len);
	return KC_OK;
}

enum kc_status backup_file_unlock(struct backup_file *file, struct kc_view stretched)
{
	CLEANUP(bytes_done) struct bytes plain = BYTES_INIT(sizeof(check_text));

	file->place = 0;
	TRY(make_key(file, stretched));
	if (open_record(file, KIND_CHECK, bytes_view(&file->check), &plain) != KC_OK) {
		error_clear();
		return fail(KC_ERR_AUTH_FAILED, "wrong password of the backup");
	}
	file->place = 1;
	return KC_OK;
}

static enum kc_status read_end(const struct backup_file *file, struct kc_view plain,
			       struct backup_file_end *ret_end)
{
	REQUIRE(plain.len == 2 * NUMBER_BYTES, KC_ERR_DECODE, "the backup's end is damaged");
	ret_end->n_items = get_number(plain.data, NUMBER_BYTES);
	ret_end->n_left_out = get_number(plain.data + NUMBER_BYTES, NUMBER_BYTES);
	REQUIRE(ret_end->n_items == file->place - 1, KC_ERR_DECODE, "the backup's end is damaged");
	return KC_OK;
}

enum kc_status backup_file_next(struct backup_file *file, struct bytes *record,
				enum backup_file_found *ret_found, struct backup_file_end *ret_end)
{
	uint8_t kind = 0;
	size_t len = 0;
	bool is_whole = false;

	TRY(need_record(file, &kind, &len));
	bytes_consume(record, record->len);
	is_whole = kind != KIND_CHECK &&
		   open_record(file, kind, view_of(file->buffer.data + HEAD_BYTES, len), record) ==
			   KC_OK;
	error_clear();
	bytes_consume(&file->buffer, HEAD_BYTES + len);
	*ret_found = !is_whole		? BACKUP_FILE_DAMAGED
		     : kind == KIND_END ? BACKUP_FILE_END
					: BACKUP_FILE_ITEM;
	if (*ret_found == BACKUP_FILE_END)
		return read_end(file, bytes_view(record), ret_end);
	file->place++;
	return KC_OK;
}

enum kc_status backup_file_rewind(struct backup_file *file)
{
	off_t start = BACKUP_FILE_HEADER_BYTES + HEAD_BYTES + (off_t)file->check.len;

	REQUIRE(lseek(file->fd, start, SEEK_SET) == start, KC_ERR_NOT_AVAILABLE,
		"a pipe can be read once");
	bytes_consume(&file->buffer, file->buffer.len);
	file->place = 1;
	return KC_OK;
}
