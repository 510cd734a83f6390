/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TOKENS_SURVEY_H
#define TOKENS_SURVEY_H

/*
 * What a driver says is on its token, asked of keycask-x509 one by one: what that refuses, or dies
 * of, is left out; the others are published.
 */

#include "base/cleanup.h"
#include "tokens/token_impl.h"

struct survey;

/* May free the survey. */
typedef void (*survey_done_fn)(void *userdata);

/* @enumerated is org.keycask.Driver's answer to Enumerate or Detail. Nothing is asked yet. */
KC_MUST_CHECK enum kc_status survey_new(struct token *token, struct json_object *enumerated,
					survey_done_fn on_done, void *userdata,
					struct survey **ret_survey);
struct survey *survey_free(struct survey *survey);

/* Ask; on_done comes when all has been answered, perhaps at once. */
void survey_run(struct survey *survey);

/* Afterwards: put its items in the keychain, in the place of all that the token had. */
KC_MUST_CHECK enum kc_status survey_publish(struct survey *survey);

/* The published object ID, borrowed, of the "key" or "certificate" that the driver calls
 * @object_id; false when there is none. */
bool survey_find(struct survey *survey, const char *class_name, struct kc_view object_id,
		 struct kc_view *ret_published);

#endif
