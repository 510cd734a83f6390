/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Pages of https://www.sqlite.org/fileformat2.html, 1.3 (the header), 1.6 (B-tree pages). */
#include "store/keychain_graft.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/try.h"
#include "store/keychain_place.h"
#include "sys/paths.h"
#include "sys/socket.h"

enum {
	PAGE_BYTES = 4096, /* SQLite's default since 3.12 */
	HEADER_BYTES = 100,
	/* in the header */
	WRITE_VERSION_AT = 18,
	READ_VERSION_AT = 19,
	VERSION_WAL = 2,
	N_PAGES_AT = 28,
	FREE_LIST_AT = 32, /* first page and number */
	/* in an interior page, after the header */
	INTERIOR = 0x05,
	N_CELLS_AT = 3,
	RIGHT_CHILD_AT = 8,
	CELLS_AT = 12,
	CELLS_MAX = 64,
};

struct graft {
	int from;
	int to;
};

static void put_number(uint8_t *at, uint32_t number)
{
	at[0] = (uint8_t)(number >> 24);
	at[1] = (uint8_t)(number >> 16);
	at[2] = (uint8_t)(number >> 8);
	at[3] = (uint8_t)number;
}

static uint32_t get_number(const uint8_t *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static unsigned get_short(const uint8_t *at)
{
	return (unsigned)at[0] << 8 | at[1];
}

static enum kc_status write_page(const struct graft *graft, const uint8_t *page, uint32_t number)
{
	off_t at = (off_t)(number - 1) * PAGE_BYTES;

	REQUIRE(pwrite(graft->to, page, PAGE_BYTES, at) == PAGE_BYTES, KC_ERR_NOT_AVAILABLE,
		"cannot write beside the keychain: %s", strerror(errno));
	return KC_OK;
}

static enum kc_status read_page(const struct graft *graft, uint32_t number, uint8_t *ret_page)
{
	off_t at = (off_t)(number - 1) * PAGE_BYTES;

	REQUIRE(number > 0 && pread(graft->from, ret_page, PAGE_BYTES, at) == PAGE_BYTES,
		KC_ERR_NOT_AVAILABLE, "cannot read beside the keychain: %s", strerror(errno));
	return KC_OK;
}

static enum kc_status copy_page(const struct graft *graft, uint32_t number)
{
	CLEANUP(freep) uint8_t *page = malloc(PAGE_BYTES);

	REQUIRE(page, KC_ERR_ALLOCATE, "out of memory");
	TRY(read_page(graft, number, page));
	return write_page(graft, page, number);
}

/* The table of tables: its first page is the first of the file, after the header. */
static enum kc_status copy_children(const struct graft *graft, const uint8_t *page)
{
	const uint8_t *root = page + HEADER_BYTES;
	unsigned n = get_short(root + N_CELLS_AT);

	if (root[0] != INTERIOR)
		return KC_OK;
	REQUIRE(n <= CELLS_MAX, KC_ERR_INTERNAL, "a new keychain has too many tables");
	for (unsigned i = 0; i < n; i++) {
		unsigned cell = get_short(root + CELLS_AT + 2 * (size_t)i);

		REQUIRE(cell <= PAGE_BYTES - 4, KC_ERR_INTERNAL, "a new keychain is damaged");
		TRY(copy_page(graft, get_number(page + cell)));
	}
	return copy_page(graft, get_number(root + RIGHT_CHILD_AT));
}

static enum kc_status graft_pages(const struct graft *graft)
{
	CLEANUP(freep) uint8_t *page = malloc(PAGE_BYTES);
	struct stat info;

	REQUIRE(page, KC_ERR_ALLOCATE, "out of memory");
	REQUIRE(fstat(graft->to, &info) == 0, KC_ERR_NOT_AVAILABLE,
		"cannot read beside the keychain: %s", strerror(errno));
	TRY(read_page(graft, 1, page));
	TRY(copy_children(graft, page));
	page[WRITE_VERSION_AT] = VERSION_WAL;
	page[READ_VERSION_AT] = VERSION_WAL;
	put_number(page + N_PAGES_AT, (uint32_t)((info.st_size + PAGE_BYTES - 1) / PAGE_BYTES));
	memset(page + FREE_LIST_AT, 0, 8);
	return write_page(graft, page, 1);
}

static enum kc_status open_part(const char *path, const char *suffix, int flags, int *ret_fd)
{
	char name[PATHS_MAX];

	TRY(keychain_place_name(path, suffix, name, sizeof(name)));
	*ret_fd = open(name, flags | O_CLOEXEC | O_NOFOLLOW);
	REQUIRE(*ret_fd >= 0, KC_ERR_NOT_AVAILABLE, "cannot open %s: %s", name, strerror(errno));
	return KC_OK;
}

enum kc_status keychain_graft(const char *path)
{
	CLEANUP(socket_close) int from = -1;
	CLEANUP(socket_close) int to = -1;
	struct graft graft = {.from = -1};

	TRY(open_part(path, ".new", O_RDONLY, &from));
	TRY(open_part(path, ".salvage", O_RDWR, &to));
	graft = (struct graft){.from = from, .to = to};
	return graft_pages(&graft);
}
