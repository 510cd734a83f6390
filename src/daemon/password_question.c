/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One password from a person: prompt, worker, check, in turn, until it is right or has been wrong
 * three times. A wrong one costs the program that asks its quota of prompts like any other.
 */
#include "daemon/password_question.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/try.h"
#include "daemon/asking.h"
#include "daemon/stretch.h"

enum {
	TRIES = 3,
	TEXT_MAX = 256,
};

struct password_question {
	struct wire_call *call;
	struct daemon *daemon;
	struct password_question_options options;
	char item[TEXT_MAX];
	char error[TEXT_MAX];
	unsigned n_wrong;
	enum prompt_kind asked;
	struct secret first; /* while it is asked once more */
	struct prompt *prompt;
	struct stretch *stretch;
};

static struct password_question *password_question_free(struct password_question *question)
{
	if (!question)
		return NULL;
	prompt_cancel(question->prompt);
	stretch_abandon(question->stretch);
	secret_done(&question->first);
	free(question);
	return NULL;
}
DEFINE_FREEP(password_question)

void password_question_cancel(struct password_question *question)
{
	ignore(password_question_free(question) != NULL);
}

static void end(struct password_question *question, enum kc_status status, struct secret *stretched)
{
	struct password_question_options options = question->options;

	password_question_cancel(question);
	options.on_done(options.userdata, status, stretched);
}

static void end_badly(struct password_question *question, enum kc_status status)
{
	struct secret nothing = {0};

	end(question, status, &nothing);
}

/* --- asking ---------------------------------------------------------------------------------- */

static void on_typed(void *userdata, enum kc_status status, struct secret *password);

static enum kc_status ask(struct password_question *question, enum prompt_kind kind)
{
	struct prompt_place place = asking_place(question->call);
	struct prompt_text text = asking_text(question->call, kind);

	text.item = question->item[0] ? question->item : NULL;
	text.error = question->error[0] ? question->error : NULL;
	text.scope = question->options.scope;
	text.folder = question->options.folder;
	if (question->options.reason)
		text.reason = question->options.reason;
	question->asked = kind;
	return prompt_start(question->daemon->desk, &place, &text, on_typed, question,
			    &question->prompt);
}

static void ask_again(struct password_question *question, const char *why)
{
	enum kc_status status = KC_OK;

	(void)snprintf(question->error, sizeof(question->error), "%s", why);
	error_clear();
	status = ask(question, question->options.kind);
	if (status != KC_OK)
		end_badly(question, status);
}

/* What was typed is not what it should be. */
static void on_wrong(struct password_question *question, const char *why)
{
	if (++question->n_wrong < TRIES) {
		ask_again(question, why);
		return;
	}
	error_clear();
	end_badly(question, fail(KC_ERR_AUTH_FAILED, "%s, %d times", why, TRIES));
}

/* --- what was typed -------------------------------------------------------------------------- */

static void on_stretched(void *userdata, enum kc_status status, struct secret *stretched)
{
	struct password_question *question = userdata;

	question->stretch = NULL;
	if (status == KC_OK && question->options.check)
		status =
			question->options.check(question->options.userdata, secret_view(stretched));
	if (status == KC_ERR_AUTH_FAILED)
		on_wrong(question, "the password is wrong");
	else if (status == KC_OK)
		end(question, KC_OK, stretched);
	else
		end_badly(question, status);
}

static enum kc_status begin_stretching(struct password_question *question, struct secret *password)
{
	return stretch_start(question->daemon->event, &question->options.stretching, password,
			     on_stretched, question, &question->stretch);
}

static bool must_be_repeated(const struct password_question *question)
{
	return question->asked == question->options.kind &&
	       question->options.repeat != question->options.kind;
}

static enum kc_status ask_once_more(struct password_question *question, struct secret *password)
{
	secret_done(&question->first);
	question->first = secret_take(password);
	question->error[0] = '\0';
	return ask(question, question->options.repeat);
}

static void on_password(struct password_question *question, struct secret *password)
{
	bool is_repeat = question->asked != question->options.kind;
	enum kc_status status = KC_OK;

	if (password->len == 0) {
		on_wrong(question, question->asked == PROMPT_KEYCHAIN_NEW
					   ? "an empty password is none: keycask passwd --remove "
					     "takes it away"
					   : "an empty password is none");
		return;
	}
	if (is_repeat && !view_equal(secret_view(password), secret_view(&question->first))) {
		on_wrong(question, "the two passwords differ");
		return;
	}
	error_clear();
	if (question->options.is_plain && !must_be_repeated(question)) {
		end(question, KC_OK, password);
		return;
	}
	status = must_be_repeated(question) ? ask_once_more(question, password)
					    : begin_stretching(question, password);
	if (status != KC_OK)
		end_badly(question, status);
}

static void on_typed(void *userdata, enum kc_status status, struct secret *password)
{
	struct password_question *question = userdata;

	question->prompt = NULL;
	if (status == KC_OK)
		on_password(question, password);
	else
		end_badly(question, status);
}

enum kc_status password_question_start(struct wire_call *call,
				       const struct password_question_options *options,
				       struct password_question **ret_question)
{
	CLEANUP(password_question_freep)
	struct password_question *question = calloc(1, sizeof(*question));

	REQUIRE(question, KC_ERR_ALLOCATE, "out of memory");
	*question = (struct password_question){
		.call = call, .daemon = wire_call_context(call), .options = *options};
	(void)snprintf(question->item, sizeof(question->item), "%s",
		       options->item ? options->item : "");
	(void)snprintf(question->error, sizeof(question->error), "%s",
		       options->error ? options->error : "");
	TRY(ask(question, options->kind));
	*ret_question = take(question);
	return KC_OK;
}
