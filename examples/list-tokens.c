/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The IDs of the tokens that are there now, one per line. A token ID names one card, today and next
 * year: its driver, a colon, and what the card says of itself.
 *
 *	cc list-tokens.c $(pkg-config --cflags --libs keycask)
 */
#include <stdio.h>

#include <keycask/error.h>
#include <keycask/token.h>

int main(void)
{
	struct kc_token_watcher *watcher = NULL;
	struct kc_value *token_ids = NULL;
	enum kc_status status = kc_token_watcher_new(&watcher);

	if (status == KC_OK)
		status = kc_token_watcher_copy_token_ids(watcher, &token_ids);
	if (status != KC_OK)
		fprintf(stderr, "%s\n", kc_error_message(kc_error_last()));
	for (size_t i = 0; i < kc_value_count(token_ids); i++)
		puts(kc_value_text(kc_value_at(token_ids, i)));
	kc_value_free(token_ids);
	kc_token_watcher_free(watcher);
	return status == KC_OK ? 0 : 1;
}
