/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CLI_REQUIREMENT_H
#define CLI_REQUIREMENT_H

/* --accessible and --require: when an item can be read, and what that takes each time. */

#include "frontends/cli/cli.h"

struct requirement {
	const char *accessible; /* NULL: not said */
	const char *require;	/* "presence,application-password"; NULL: nothing */
	const char *usage;	/* one flag more, when something is required; NULL: none */
};

/* With their list: the daemon's answer may come after a password was typed twice. */
KC_MUST_CHECK enum kc_status requirement_check(struct context *context,
					       const struct requirement *requirement);

/* Put "accessible", or "access_control" which contains it, into @dictionary. */
KC_MUST_CHECK enum kc_status requirement_put(struct context *context,
					     const struct requirement *requirement,
					     struct kc_dictionary *dictionary);

#endif
