/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What happens to tokens, as it happens: one JSON object per line, for as long as somebody reads.
 *
 *	cc watch.c $(pkg-config --cflags --libs keycask)
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include <keycask/error.h>
#include <keycask/token.h>

static bool print(const struct kc_dictionary *event)
{
	char *json = NULL;
	bool is_printed = kc_dictionary_to_json(event, &json) == KC_OK && puts(json) >= 0 &&
			  fflush(stdout) == 0;

	free(json);
	return is_printed;
}

int main(void)
{
	struct kc_token_watcher *watcher = NULL;
	enum kc_status status = kc_token_watcher_new(&watcher);
	bool goes_on = true;

	while (status == KC_OK && goes_on) {
		struct kc_dictionary *event = NULL;

		status = kc_token_watcher_next(watcher, -1, &event);
		if (event)
			goes_on = print(event);
		kc_dictionary_free(event);
	}
	if (status != KC_OK)
		fprintf(stderr, "%s\n", kc_error_message(kc_error_last()));
	kc_token_watcher_free(watcher);
	return status == KC_OK ? 0 : 1;
}
