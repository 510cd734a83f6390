/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef X509_INSPECTOR_H
#define X509_INSPECTOR_H

/* The service org.keycask.X509: the whole life of a keycask-x509 process. */

#include <keycask/status.h>

#include "sys/child.h"

enum {
	INSPECTOR_FD = CHILD_FIRST_DESCRIPTOR, /* the daemon's socket, inherited */
};

/* What to read before that, for policies that need it. */
struct inspector_trust {
	const char *path; /* a file of PEM or a folder of them; NULL: OpenSSL's own */
};

/*
 * Give up every right, then answer calls on INSPECTOR_FD until the other end closes it.
 * @trust NULL: nothing is trusted.
 */
KC_MUST_CHECK enum kc_status inspector_run(const struct inspector_trust *trust);

#endif
