/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A timer → Detail, in a turn with the card → Inspect → publish. The items that were there stay
 * what they are: references to them hold, and nobody who uses one notices.
 */
#include "tokens/completion.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/try.h"
#include "tokens/survey.h"
#include "tokens/token_pins.h"

enum {
	USEC_PER_MSEC = 1000,
};

struct completion {
	struct card_task task;
	struct token *token;
	struct json_object *known; /* what has been published */
	sd_event_source *timer;
	struct survey *survey;
};

static void end(struct completion *completion)
{
	struct token *token = completion->token;

	token->completion = completion_free(completion);
}

static void on_surveyed(void *userdata)
{
	struct completion *completion = userdata;
	struct token *token = completion->token;
	const struct registry_hooks *hooks = &token->registry->hooks;

	if (token->state == TOKEN_PRESENT) {
		if (survey_publish(completion->survey) == KC_OK)
			hooks->token_event(hooks->context, "inserted", token);
		else
			log_warning("token %s: no details: %s", token->token_id,
				    error_get()->message);
	}
	end(completion);
}

static void on_detailed(void *userdata, enum kc_status status, struct json_object *parameters)
{
	struct completion *completion = userdata;
	struct token *token = completion->token;

	card_finish(token->card, &completion->task);
	if (status == KC_OK && token->state == TOKEN_PRESENT &&
	    !json_object_equal(completion->known, parameters) &&
	    survey_new(token, parameters, on_surveyed, completion, &completion->survey) == KC_OK) {
		token_pins_read(field_get(parameters, "pins"), &token->pins);
		survey_run(completion->survey);
		return;
	}
	if (status != KC_OK && status != KC_ERR_NOT_IMPLEMENTED)
		log_info("token %s: no details: %s", token->token_id, error_get()->message);
	end(completion);
}

static void run(struct card_task *task)
{
	struct completion *completion = list_entry(task, struct completion, task);
	struct token *token = completion->token;
	struct token_turn nobody = {.session = 0};

	error_clear();
	if (token->state == TOKEN_PRESENT && token_call(token, "org.keycask.Driver.Detail", NULL,
							&nobody, on_detailed, completion) == KC_OK)
		return;
	card_finish(token->card, task);
	end(completion);
}

/* The card is lost: the token goes with it, and frees this. */
static void abort_task(struct card_task *task, enum kc_status status)
{
	(void)task;
	(void)status;
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct completion *completion = userdata;

	(void)source;
	(void)usec;
	completion->timer = sd_event_source_disable_unref(completion->timer);
	card_submit(completion->token->card, &completion->task);
	return 0;
}

static enum kc_status new_completion(struct token *token, struct json_object *enumerated)
{
	struct completion *completion = calloc(1, sizeof(*completion));
	uint64_t delay = (uint64_t)token->registry->settings.details_after_ms * USEC_PER_MSEC;

	REQUIRE(completion, KC_ERR_ALLOCATE, "out of memory");
	completion->token = token;
	completion->known = json_object_get(enumerated);
	completion->task = (struct card_task){.token = token,
					      .channel = token->channel,
					      .can_wait = true,
					      .run = run,
					      .abort = abort_task};
	list_init(&completion->task.link);
	token->completion = completion;
	REQUIRE(sd_event_add_time_relative(token->registry->event, &completion->timer,
					   CLOCK_MONOTONIC, delay, 0, on_timer, completion) >= 0,
		KC_ERR_INTERNAL, "no timer");
	return KC_OK;
}

void completion_start(struct token *token, struct json_object *enumerated)
{
	token->completion = completion_free(token->completion);
	if (new_completion(token, enumerated) == KC_OK)
		return;
	log_warning("token %s: no details: %s", token->token_id, error_get()->message);
	token->completion = completion_free(token->completion);
}

struct completion *completion_free(struct completion *completion)
{
	if (!completion)
		return NULL;
	completion->timer = sd_event_source_disable_unref(completion->timer);
	completion->survey = survey_free(completion->survey);
	card_cancel(completion->token->card, &completion->task);
	field_free(&completion->known);
	free(completion);
	return NULL;
}
