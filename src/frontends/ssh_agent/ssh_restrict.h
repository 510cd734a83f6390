/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SSH_AGENT_SSH_RESTRICT_H
#define SSH_AGENT_SSH_RESTRICT_H

/* keycask ssh-agent list, restrict and allow: which keys are offered, and what for. */

#include <stdbool.h>

#include <keycask/status.h>

enum {
	SSH_RESTRICT_TO_MAX = 32,
};

struct ssh_restrict_wish {
	const char *key; /* the beginning of a fingerprint, or a part of a comment */
	bool confirm;
	bool hide;
	const char *lifetime;		     /* "8h"; NULL: for ever */
	const char *to[SSH_RESTRICT_TO_MAX]; /* "[FROM>][USER@]HOST" */
	int n_to;
};

KC_MUST_CHECK enum kc_status ssh_restrict_list(bool json);
/* What was said of that key before is replaced. */
KC_MUST_CHECK enum kc_status ssh_restrict_set(const struct ssh_restrict_wish *wish);
KC_MUST_CHECK enum kc_status ssh_restrict_clear(const char *key);

#endif
