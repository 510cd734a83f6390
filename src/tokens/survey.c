/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One question at a time: keycask-x509 answers in order anyway. */
#include "tokens/survey.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/try.h"
#include "tokens/contents.h"
#include "tokens/inspector.h"
#include "tokens/naming.h"

struct survey {
	struct token *token;
	struct contents *contents;
	struct json_object *objects; /* that were told */
	size_t n_inspected;
	struct inspection *inspection; /* the question under way */
	survey_done_fn on_done;
	void *userdata;
};

static void on_inspected(void *userdata, enum kc_status status, struct json_object *parameters)
{
	struct survey *survey = userdata;

	survey->inspection = NULL;
	if (status == KC_OK)
		contents_answer(survey->contents, survey->n_inspected, parameters);
	else
		log_warning("token %s: an object is left out: %s", survey->token->token_id,
			    error_get()->message);
	survey->n_inspected++;
	survey_run(survey);
}

static enum kc_status inspect(struct survey *survey)
{
	struct contents_question question;

	TRY(contents_question(survey->contents, survey->n_inspected, &question));
	return inspector_ask(survey->token->registry->inspector, question.method,
			     question.parameters, on_inspected, survey, &survey->inspection);
}

void survey_run(struct survey *survey)
{
	error_clear();
	while (survey->n_inspected < contents_n_questions(survey->contents)) {
		if (inspect(survey) == KC_OK)
			return;
		log_warning("token %s: keycask-x509: %s", survey->token->token_id,
			    error_get()->message);
		survey->n_inspected++;
	}
	survey->on_done(survey->userdata);
}

enum kc_status survey_publish(struct survey *survey)
{
	struct token *token = survey->token;
	const struct registry_hooks *hooks = &token->registry->hooks;
	const struct token_item *items = NULL;
	size_t n_items = 0;

	items = contents_items(survey->contents, &n_items);
	error_clear();
	TRY(hooks->publish(hooks->context, token->token_id, items, n_items));
	field_free(&token->objects);
	token->objects = json_object_get(survey->objects);
	log_info("token %s in %s: %zu items", token->token_id, token->slot_name, n_items);
	return KC_OK;
}

bool survey_find(struct survey *survey, const char *class_name, struct kc_view object_id,
		 struct kc_view *ret_published)
{
	size_t n_items = 0;
	const struct token_item *items = contents_items(survey->contents, &n_items);

	for (size_t i = 0; i < n_items; i++) {
		struct kc_view driver_id = {NULL, 0};

		if (strcmp(items[i].class_name, class_name) == 0 &&
		    naming_driver_object_id(items[i].object_id, &driver_id) == KC_OK &&
		    view_equal(driver_id, object_id)) {
			*ret_published = items[i].object_id;
			return true;
		}
	}
	return false;
}

enum kc_status survey_new(struct token *token, struct json_object *enumerated,
			  survey_done_fn on_done, void *userdata, struct survey **ret_survey)
{
	struct survey *survey = calloc(1, sizeof(*survey));
	enum kc_status status = KC_OK;

	REQUIRE(survey, KC_ERR_ALLOCATE, "out of memory");
	*survey = (struct survey){.token = token, .on_done = on_done, .userdata = userdata};
	survey->objects = json_object_get(field_get(enumerated, "objects"));
	status = contents_new(survey->objects, &survey->contents);
	if (status != KC_OK) {
		ignore(survey_free(survey) != NULL);
		return status;
	}
	*ret_survey = survey;
	return KC_OK;
}

struct survey *survey_free(struct survey *survey)
{
	if (!survey)
		return NULL;
	inspector_cancel(survey->inspection);
	contents_free(survey->contents);
	field_free(&survey->objects);
	free(survey);
	return NULL;
}
