/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Greet each token that comes or is there, and say good-bye when it goes; ends with the first that
 * goes. The handlers run in kc_token_watcher_dispatch(): a program with a loop of its own polls
 * kc_token_watcher_fd() and dispatches with a timeout of 0.
 *
 *	cc insertion-removal.c $(pkg-config --cflags --libs keycask)
 */
#include <stdbool.h>
#include <stdio.h>

#include <keycask/error.h>
#include <keycask/token.h>

struct program {
	struct kc_token_watcher *watcher;
	bool is_over;
};

static void on_removal(const char *token_id, const struct kc_dictionary *token, void *userdata)
{
	struct program *program = userdata;

	(void)token;
	printf("good-bye, %s\n", token_id);
	program->is_over = true;
}

static void on_insertion(const char *token_id, const struct kc_dictionary *token, void *userdata)
{
	struct program *program = userdata;
	const char *slot = kc_dictionary_text(token, KC_TOKEN_SLOT);

	printf("hello, %s in %s\n", token_id, slot ? slot : "no slot");
	fflush(stdout);
	if (kc_token_watcher_add_removal_handler(program->watcher, token_id, on_removal, program) !=
	    KC_OK)
		program->is_over = true;
}

int main(void)
{
	struct program program = {NULL, false};
	enum kc_status status = kc_token_watcher_new(&program.watcher);

	if (status == KC_OK)
		status = kc_token_watcher_set_insertion_handler(program.watcher, on_insertion,
								&program);
	while (status == KC_OK && !program.is_over)
		status = kc_token_watcher_dispatch(program.watcher, -1);
	if (status != KC_OK)
		fprintf(stderr, "%s\n", kc_error_message(kc_error_last()));
	kc_token_watcher_free(program.watcher);
	return status == KC_OK ? 0 : 1;
}
