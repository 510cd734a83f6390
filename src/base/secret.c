/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Locked, undumpable, wiped memory for PINs. mlock may be refused (RLIMIT_MEMLOCK): then the
 * secret still lives in its own undumped, wiped pages, which is the best that is left.
 */
#include "base/secret.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/try.h"

/* Whole pages, one at least: most secrets are a PIN. */
static size_t round_up(size_t capacity)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	return capacity <= page ? page : (capacity + page - 1) / page * page;
}

enum kc_status secret_reserve(struct secret *ret_secret, size_t capacity)
{
	size_t len = round_up(capacity);
	void *pages = NULL;

	REQUIRE(capacity <= SECRET_MAX, KC_ERR_PARAM, "a secret of more than %d bytes", SECRET_MAX);
	pages = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	REQUIRE(pages != MAP_FAILED, KC_ERR_ALLOCATE, "out of memory for a secret");
	ignore(mlock(pages, len));
	ignore(madvise(pages, len, MADV_DONTDUMP));
	ignore(madvise(pages, len, MADV_WIPEONFORK));
	*ret_secret = (struct secret){.data = pages, .len = 0, .mapped = len};
	return KC_OK;
}

enum kc_status secret_init(struct secret *ret_secret, struct kc_view view)
{
	TRY(secret_reserve(ret_secret, view.len));
	if (view.len > 0)
		memcpy(ret_secret->data, view.data, view.len);
	ret_secret->len = view.len;
	return KC_OK;
}

void secret_done(struct secret *secret)
{
	if (secret->data) {
		explicit_bzero(secret->data, secret->mapped);
		ignore(munmap(secret->data, secret->mapped));
	}
	*secret = (struct secret){NULL, 0, 0};
}

struct secret secret_take(struct secret *secret)
{
	struct secret moved = *secret;

	*secret = (struct secret){NULL, 0, 0};
	return moved;
}
