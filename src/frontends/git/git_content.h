/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef GIT_GIT_CONTENT_H
#define GIT_GIT_CONTENT_H

/* What is signed: a commit or tag as git writes it. */

#include "base/bytes.h"
#include "base/try.h"

enum {
	GIT_CONTENT_MAX = 64 * 1024 * 1024,
	GIT_CONTENT_PURPOSE_MAX = 160,
};

/* All of @fd. Expected: KC_ERR_NOT_AVAILABLE  with the reason; KC_ERR_PARAM  too much */
KC_MUST_CHECK enum kc_status git_content_read(int fd, struct bytes *content);

/* What a person is told of it: sign the commit "Fix it". */
void git_content_describe(struct kc_view content, char *ret_text);

#endif
