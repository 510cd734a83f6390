/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The number is kept in a page that the kernel gives to a child empty (MADV_WIPEONFORK, Linux
 * 4.14), whoever made the child, and whether handlers of fork() were called or not: what is zero
 * there is asked for anew. Where there is no such page the kernel is asked each time. The page
 * stays: 4 KiB for a process, made at its first call.
 */
#include "base/process_id.h"

#include <stdatomic.h>
#include <stddef.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/try.h"

struct page {
	_Atomic pid_t id; /* 0: to be asked for */
};

static struct page unkept; /* stands for the page that cannot be had */
static struct page *_Atomic kept;

static struct page *new_page(size_t size)
{
	void *page = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (page == MAP_FAILED)
		return &unkept;
	if (madvise(page, size, MADV_WIPEONFORK) == 0)
		return page;
	ignore(munmap(page, size));
	return &unkept;
}

/* Two threads may come at once: the one that is later takes the other's. */
static struct page *make_page(void)
{
	size_t size = (size_t)sysconf(_SC_PAGESIZE);
	struct page *made = new_page(size);
	struct page *other = NULL;

	if (atomic_compare_exchange_strong(&kept, &other, made))
		return made;
	if (made != &unkept)
		ignore(munmap(made, size));
	return other;
}

pid_t process_id(void)
{
	struct page *page = atomic_load(&kept);
	pid_t id = 0;

	if (!page)
		page = make_page();
	if (page == &unkept)
		return getpid();
	id = atomic_load(&page->id);
	if (id == 0) {
		id = getpid();
		atomic_store(&page->id, id);
	}
	return id;
}
