/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * confirm of an interaction. Unlike what an item's access control wants, nothing remembers the
 * answer: one yes, one use.
 */
#include "daemon/consent.h"

#include <stdlib.h>

#include "base/try.h"
#include "daemon/asking.h"
#include "wire/field.h"

struct consent {
	struct wire_call *call;
	struct consent_options options;
	struct prompt *prompt;
};

static void finish(struct consent *consent, enum kc_status status)
{
	struct consent_options options = consent->options;

	wire_call_on_gone(consent->call, NULL, NULL);
	free(consent);
	options.done(options.details, status);
}

static void on_gone(void *userdata)
{
	struct consent *consent = userdata;
	struct consent_options options = consent->options;
	struct wire_call *call = consent->call;

	wire_call_on_gone(call, NULL, NULL);
	prompt_cancel(consent->prompt);
	free(consent);
	options.gone(options.details);
	wire_call_drop(call);
}

static void on_answer(void *userdata, enum kc_status status, struct secret *pin)
{
	(void)pin;
	finish(userdata, status);
}

static enum kc_status ask(struct consent *consent)
{
	const struct daemon *daemon = wire_call_context(consent->call);
	struct prompt_place place = asking_place(consent->call);
	struct prompt_text text = asking_text(consent->call, PROMPT_KEY_CONFIRM);
	bool may_ask = true;

	TRY(asking_read_ui(consent->call, &may_ask));
	REQUIRE(may_ask, KC_ERR_INTERACTION_NOT_ALLOWED,
		"the use of this key is to be confirmed, and nobody may be asked");
	REQUIRE(prompt_is_possible(&place), KC_ERR_INTERACTION_NOT_ALLOWED,
		"the use of this key is to be confirmed, and there is neither terminal nor display "
		"to ask at");
	text.key = consent->options.key;
	text.token = consent->options.token;
	return prompt_start(daemon->desk, &place, &text, on_answer, consent, &consent->prompt);
}

void consent_ask(struct wire_call *call, const struct consent_options *options)
{
	struct json_object *interaction = field_get(wire_call_parameters(call), "interaction");
	struct consent *consent = NULL;
	enum kc_status status = KC_OK;

	if (!field_flag(interaction, "confirm", false)) {
		options->done(options->details, KC_OK);
		return;
	}
	consent = calloc(1, sizeof(*consent));
	if (!consent) {
		options->done(options->details, fail(KC_ERR_ALLOCATE, "out of memory"));
		return;
	}
	*consent = (struct consent){.call = call, .options = *options};
	wire_call_on_gone(call, on_gone, consent);
	status = ask(consent);
	if (status != KC_OK)
		finish(consent, status);
}
