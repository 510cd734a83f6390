/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CLI_GIT_SETUP_H
#define CLI_GIT_SETUP_H

/* git's settings such that it has keycask sign, and the way back. */

#include "frontends/cli/setup.h"

struct git_setup {
	bool is_local;	    /* this repository's settings; else the user's */
	const char *format; /* "x509" or "ssh"; NULL: what fits */
	const char *key;    /* NULL: found by the committer's address */
	const char *ca;	    /* x509: certificates to trust, a file; NULL */
	bool signs;	    /* all commits and tags, unasked */
};

KC_MUST_CHECK enum kc_status git_setup_look(const struct git_setup *setup,
					    struct setup_report *report);
/* What has been set up before is taken back first. */
KC_MUST_CHECK enum kc_status git_setup_apply(const struct git_setup *setup,
					     struct setup_report *report);
KC_MUST_CHECK enum kc_status git_setup_undo(const struct git_setup *setup,
					    struct setup_report *report);

/* git_setup_key.c: what user.signingkey becomes. The caller's to free(); "": none, and
 * git asks for the committer's. Expected: KC_ERR_ITEM_NOT_FOUND, KC_ERR_PARAM  several */
KC_MUST_CHECK enum kc_status git_setup_find_key(const struct git_setup *setup, char **ret_value);
/* Does an identity that signs have the committer's address, or @key? */
bool git_setup_has_certificate(const char *key);
#endif
