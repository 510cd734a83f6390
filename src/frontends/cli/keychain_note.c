/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is lost is not in any list: nobody would go on in silence if it were. So whoever looks for
 * something is told, besides what there is.
 */
#include "frontends/cli/keychain_note.h"

#include <keycask/keychain.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "frontends/cli/page.h"
#include "frontends/owned.h"

static void say_reason(const struct kc_dictionary *state)
{
	CLEANUP(freep) char *reason = page_safe(kc_dictionary_text(state, KC_KEYCHAIN_REASON));
	CLEANUP(freep) char *hint = page_safe(kc_dictionary_text(state, KC_KEYCHAIN_HINT));

	if (reason[0])
		(void)fprintf(stderr, "keycask: note: %s\n", reason);
	if (reason[0] && hint[0])
		(void)fprintf(stderr, "→ %s\n", hint);
}

static void say_unreadable(const struct kc_dictionary *state)
{
	long long n = (long long)kc_dictionary_number(state, KC_KEYCHAIN_N_UNREADABLE, 0);

	if (n > 0)
		(void)fprintf(stderr,
			      "keycask: note: %lld %s of the keychain cannot be opened; more is "
			      "told by: keycask doctor\n",
			      n, n == 1 ? "item" : "items");
}

void keychain_note_print(void)
{
	const struct error_record before = *error_get();
	CLEANUP(kc_dictionary_freep) struct kc_dictionary *state = NULL;

	if (kc_keychain_state(&state) == KC_OK) {
		say_reason(state);
		say_unreadable(state);
	}
	error_adopt(&before);
}
