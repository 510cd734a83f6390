/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * pcscd's comings and goings. Its socket appears a moment before it listens, so each sign of life
 * is followed by some tries that come ever more slowly, and then by silence. Where the system gives
 * no inotify the slowest pace goes on.
 */
#include "slots/pcscd.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>
#include <winscard.h>

#include "base/try.h"
#include "sys/paths.h"
#include "sys/socket.h"

enum {
	DELAY_FIRST_MS = 10,
	EVENTS_BYTES = 2048,
};

struct pcscd {
	int inotify; /* -1: none */
	bool is_in_folder;
	const char *folder_name; /* "/pcscd", of the folder as given; NULL: it is there */
	bool is_connected;
	SCARDCONTEXT context;
	int slowest_ms;
	int delay_ms; /* -1: only when something happens */
};

static void watch_folder(struct pcscd *pcscd, const char *folder)
{
	char parent[PATHS_MAX];

	pcscd->inotify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (pcscd->inotify < 0)
		return;
	pcscd->is_in_folder = inotify_add_watch(pcscd->inotify, folder,
						IN_CREATE | IN_MOVED_TO | IN_DELETE_SELF) >= 0;
	if (pcscd->is_in_folder)
		return;
	pcscd->folder_name = strrchr(folder, '/');
	if (!pcscd->folder_name || paths_parent(folder, parent, sizeof(parent)) != KC_OK ||
	    inotify_add_watch(pcscd->inotify, parent, IN_CREATE | IN_MOVED_TO) < 0)
		socket_close(&pcscd->inotify);
}

enum kc_status pcscd_new(const char *folder, int slowest_ms, struct pcscd **ret_pcscd)
{
	struct pcscd *pcscd = calloc(1, sizeof(*pcscd));

	REQUIRE(pcscd, KC_ERR_ALLOCATE, "out of memory");
	pcscd->slowest_ms = slowest_ms;
	pcscd->delay_ms = DELAY_FIRST_MS;
	watch_folder(pcscd, folder);
	*ret_pcscd = pcscd;
	return KC_OK;
}

struct pcscd *pcscd_free(struct pcscd *pcscd)
{
	if (!pcscd)
		return NULL;
	pcscd_disconnect(pcscd);
	socket_close(&pcscd->inotify);
	free(pcscd);
	return NULL;
}

static const char *reason_of(long result)
{
	if (result == SCARD_E_NO_SERVICE)
		return "pcscd is not running";
	if (result == SCARD_W_SECURITY_VIOLATION)
		return "pcscd does not let this user in";
	return pcsc_stringify_error(result);
}

enum kc_status pcscd_connect(struct pcscd *pcscd, long *ret_context)
{
	long result = SCardEstablishContext(SCARD_SCOPE_SYSTEM, NULL, NULL, &pcscd->context);

	REQUIRE(result == SCARD_S_SUCCESS, KC_ERR_NOT_AVAILABLE, "%s", reason_of(result));
	pcscd->is_connected = true;
	pcscd->delay_ms = DELAY_FIRST_MS;
	*ret_context = pcscd->context;
	return KC_OK;
}

void pcscd_disconnect(struct pcscd *pcscd)
{
	if (pcscd->is_connected)
		ignore(SCardReleaseContext(pcscd->context));
	pcscd->is_connected = false;
}

static bool is_folder_event(const struct pcscd *pcscd, const struct inotify_event *event)
{
	if (event->mask & (IN_DELETE_SELF | IN_IGNORED))
		return true;
	return !pcscd->is_in_folder && event->len > 0 && pcscd->folder_name &&
	       strcmp(event->name, pcscd->folder_name + 1) == 0;
}

static enum kc_status read_events(struct pcscd *pcscd)
{
	_Alignas(struct inotify_event) char buffer[EVENTS_BYTES];
	ssize_t n = read(pcscd->inotify, buffer, sizeof(buffer));

	for (ssize_t at = 0; at < n;) {
		const struct inotify_event *event = (const void *)(buffer + at);

		REQUIRE(!is_folder_event(pcscd, event), KC_ERR_TOKEN_NOT_FOUND,
			"the folder of pcscd's socket is another one");
		at += (ssize_t)(sizeof(*event) + event->len);
	}
	if (n > 0 && pcscd->is_in_folder)
		pcscd->delay_ms = DELAY_FIRST_MS;
	return KC_OK;
}

static void slow_down(struct pcscd *pcscd)
{
	if (pcscd->delay_ms >= pcscd->slowest_ms)
		pcscd->delay_ms = pcscd->inotify >= 0 ? -1 : pcscd->slowest_ms;
	else if (pcscd->delay_ms > 0)
		pcscd->delay_ms *= 2;
}

enum kc_status pcscd_wait(struct pcscd *pcscd, int hangup_fd)
{
	struct pollfd polls[] = {{.fd = hangup_fd, .events = POLLRDHUP},
				 {.fd = pcscd->inotify, .events = POLLIN}};
	int n = poll(polls, ARRAY_LEN(polls), pcscd->delay_ms);

	REQUIRE(n >= 0 || errno == EINTR, KC_ERR_INTERNAL, "poll: %s", strerror(errno));
	slow_down(pcscd);
	if (n > 0 && (polls[1].revents & POLLNVAL))
		pcscd->inotify = -1; /* the confinement has closed it */
	else if (n > 0 && polls[1].revents)
		return read_events(pcscd);
	return KC_OK;
}
