/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* keycask watch: tokens as they come and go, one line each, until it is interrupted. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <keycask/token.h>

#include "base/cleanup.h"
#include "frontends/cli/options.h"
#include "frontends/cli/page.h"
#include "frontends/owned.h"

static void watcher_freep(struct kc_token_watcher **watcher)
{
	*watcher = kc_token_watcher_free(*watcher);
}

static enum kc_status print(const struct context *context, const struct kc_dictionary *event)
{
	const char *what = kc_dictionary_text(event, KC_EVENT);
	const char *slot = kc_dictionary_text(event, KC_TOKEN_SLOT);
	CLEANUP(freep) char *token_id = page_safe(kc_dictionary_text(event, KC_TOKEN_ID));
	CLEANUP(freep) char *label = page_safe(kc_dictionary_text(event, KC_TOKEN_LABEL));
	CLEANUP(freep) char *place = page_safe(slot);
	bool is_in = what && strcmp(what, KC_EVENT_INSERTED) == 0;

	(void)printf("%s%-8s%s  %s%s%s%s%s\n",
		     page_style(context->has_color, is_in ? PAGE_GOOD : PAGE_BAD), what ? what : "",
		     page_style(context->has_color, PAGE_PLAIN), token_id, label[0] ? "  " : "",
		     label, place[0] ? "  in " : "", place);
	return page_finish();
}

static enum kc_status print_next(struct context *context, struct kc_token_watcher *watcher)
{
	CLEANUP(kc_dictionary_freep) struct kc_dictionary *event = NULL;

	TRY(kc_token_watcher_next(watcher, -1, &event));
	if (!event)
		return KC_OK;
	return context->json ? page_json_dictionary(event) : print(context, event);
}

static enum kc_status run(struct context *context, char **words, int n_words)
{
	CLEANUP(watcher_freep) struct kc_token_watcher *watcher = NULL;

	TRY(options_parse(context, NULL, 0, words, &n_words));
	if (context->wants_help)
		return KC_OK;
	TRY(options_no_words(context, words, n_words));
	TRY(kc_token_watcher_new(&watcher));
	for (;;)
		TRY(print_next(context, watcher));
}

const struct command cmd_watch = {
	.name = "watch",
	.arguments = "",
	.summary = "tokens as they come and go",
	.help = "Begins with the tokens that are present. A token is inserted once its items are "
		"in\n"
		"the keychain, and removed once they are gone. Runs until it is interrupted, also\n"
		"over a restart of the daemon.\n",
	.run = run,
};
