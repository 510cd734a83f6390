/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Objects of git: header lines, an empty one, the message (git's Documentation, git-hash-object).
 */
#include "frontends/git/git_content.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

enum {
	CHUNK = 2048,
	SUBJECT_MAX = 100,
};

enum kc_status git_content_read(int fd, struct bytes *content)
{
	uint8_t chunk[CHUNK];
	ssize_t n = 0;

	while ((n = read(fd, chunk, sizeof(chunk))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		REQUIRE(n > 0, KC_ERR_NOT_AVAILABLE, "cannot read what is to be signed: %s",
			strerror(errno));
		TRY(bytes_append(content, view_of(chunk, (size_t)n)));
	}
	return KC_OK;
}

static bool begins_with(struct kc_view view, const char *text)
{
	return view.len >= strlen(text) && memcmp(view.data, text, strlen(text)) == 0;
}

/* The first line after the headers. */
static struct kc_view find_subject(struct kc_view content)
{
	const uint8_t *gap = content.len > 0 ? memmem(content.data, content.len, "\n\n", 2) : NULL;
	struct kc_view rest = {NULL, 0};
	const uint8_t *end = NULL;

	if (!gap)
		return rest;
	rest = view_slice(content, (size_t)(gap - content.data) + 2, content.len);
	end = rest.len > 0 ? memchr(rest.data, '\n', rest.len) : NULL;
	return end ? view_slice(rest, 0, (size_t)(end - rest.data)) : rest;
}

/* The daemon makes it harmless before it is shown; it must be no half of a character. */
void git_content_describe(struct kc_view content, char *ret_text)
{
	const char *kind = begins_with(content, "tree ")     ? "commit"
			   : begins_with(content, "object ") ? "tag"
							     : "content";
	struct kc_view subject = find_subject(content);
	size_t len = subject.len < SUBJECT_MAX ? subject.len : SUBJECT_MAX;

	while (len < subject.len && len > 0 && (subject.data[len] & 0xc0) == 0x80)
		len--;
	(void)snprintf(ret_text, GIT_CONTENT_PURPOSE_MAX, "sign the %s \"%.*s\"", kind, (int)len,
		       len > 0 ? (const char *)subject.data : "");
}
