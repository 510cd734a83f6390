/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A key file: groups in brackets, NAME=VALUE below them, # before comments. */
#include "sys/flatpak_info.h"

#include <ctype.h>

static bool is_text(struct kc_view line, const char *text)
{
	return view_equal(line, view_of_text(text));
}

/* Letters, digits, '.', '-' and '_': what a D-Bus name may be made of. */
static bool is_application_id(struct kc_view id)
{
	for (size_t i = 0; i < id.len; i++) {
		if (!isalnum(id.data[i]) && id.data[i] != '.' && id.data[i] != '-' &&
		    id.data[i] != '_')
			return false;
	}
	return id.len > 0;
}

static struct kc_view next_line(struct kc_view *text)
{
	const uint8_t *end = text->len > 0 ? memchr(text->data, '\n', text->len) : NULL;
	size_t len = end ? (size_t)(end - text->data) : text->len;
	struct kc_view line = view_slice(*text, 0, len);

	*text = view_slice(*text, len + (end != NULL), text->len);
	return line;
}

bool flatpak_info_find_application(struct kc_view text, char *ret_id, size_t size)
{
	static const char key[] = "name=";
	struct kc_view found = {0};
	bool is_in_group = false;
	unsigned n_found = 0;

	while (text.len > 0) {
		struct kc_view line = next_line(&text);

		if (line.len > 0 && line.data[0] == '[')
			is_in_group = is_text(line, "[Application]");
		if (!is_in_group || !is_text(view_slice(line, 0, strlen(key)), key))
			continue;
		found = view_slice(line, strlen(key), line.len);
		n_found++;
	}
	if (n_found != 1 || !is_application_id(found) || found.len >= size)
		return false;
	memcpy(ret_id, found.data, found.len);
	ret_id[found.len] = '\0';
	return true;
}
