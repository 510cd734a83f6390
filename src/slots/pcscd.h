/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SLOTS_PCSCD_H
#define SLOTS_PCSCD_H

/*
 * The connection to pcscd, and waiting for it to come. While it is away nothing runs but a look
 * now and then at first: the folder of its socket tells when something happens there.
 */

#include <stdbool.h>

#include "base/cleanup.h"
#include <keycask/status.h>

struct pcscd;

/*
 * Before sandbox_enter(), and while descriptors are still free to be given: what opens the watch.
 * @folder, borrowed, is that of pcscd's socket; looks are @slowest_ms apart in the end:
 * PCSCD_FOLDER and PCSCD_SLOWEST_MS but in tests.
 */
#define PCSCD_FOLDER "/run/pcscd"
enum {
	PCSCD_SLOWEST_MS = 2560,
};
KC_MUST_CHECK enum kc_status pcscd_new(const char *folder, int slowest_ms,
				       struct pcscd **ret_pcscd);
struct pcscd *pcscd_free(struct pcscd *pcscd);
DEFINE_FREEP(pcscd)

/* A context of SCardEstablishContext(), which is @pcscd's until pcscd_disconnect().
 * Expected: KC_ERR_NOT_AVAILABLE  with the reason in words */
KC_MUST_CHECK enum kc_status pcscd_connect(struct pcscd *pcscd, long *ret_context);
void pcscd_disconnect(struct pcscd *pcscd);

/*
 * Wait until it is worth the while to connect again, or @hangup_fd hangs up.
 * Expected: KC_ERR_TOKEN_NOT_FOUND  the folder itself has come or gone: this process can see no
 *                                   more of it, start another one
 */
KC_MUST_CHECK enum kc_status pcscd_wait(struct pcscd *pcscd, int hangup_fd);

#endif
