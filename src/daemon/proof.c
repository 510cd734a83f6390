/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Rounds of asking the engine and proving what it needs, one thing at a time. "Flow: auth needed
 * plus a list of (ACL, operation); evaluate them, retry; loop limit 20 → auth_failed." Nothing is
 * proved for longer than the call, unless it names a context.
 */
#include "daemon/proof.h"

#include <stdlib.h>

#include "base/try.h"
#include "daemon/asking.h"
#include "daemon/batch.h"
#include "daemon/calls.h"
#include "daemon/client.h"
#include "daemon/context.h"
#include "daemon/keychain.h"
#include "daemon/password_question.h"
#include "daemon/proof_terms.h"
#include "daemon/trust.h"

enum {
	ROUNDS_MAX = 20,
	TRIES = 3, /* of an item's own password: the engine says whether it is right */
	VERDICTS_KEPT = 4096,
};

struct proof {
	struct wire_call *call;
	struct daemon *daemon;
	struct proof_options options;
	struct engine_request request;
	struct proof_terms terms;
	struct secret application_key; /* of what was typed */
	unsigned n_rounds;
	unsigned n_wrong;
	struct prompt *prompt;
	struct password_question *question;
	struct trust *trust;
	struct batch *batch;	      /* whose context is in the terms; NULL */
	struct json_object *verdicts; /* on certificates, all so far; owned, NULL */
};

static struct proof *proof_free(struct proof *proof)
{
	if (!proof)
		return NULL;
	prompt_cancel(proof->prompt);
	password_question_cancel(proof->question);
	proof->trust = trust_free(proof->trust);
	proof->batch = batch_leave(proof->batch);
	field_free(&proof->verdicts);
	secret_done(&proof->application_key);
	engine_need_done(&proof->request.need);
	free(proof);
	return NULL;
}
DEFINE_FREEP(proof)

static void finish(struct proof *proof, enum kc_status status)
{
	struct proof_options options = proof->options;

	wire_call_on_gone(proof->call, NULL, NULL);
	ignore(proof_free(proof) != NULL);
	options.done(options.details, status);
}

static void on_gone(void *userdata)
{
	struct proof *proof = userdata;
	struct proof_options options = proof->options;
	struct wire_call *call = proof->call;

	wire_call_on_gone(call, NULL, NULL);
	ignore(proof_free(proof) != NULL);
	options.gone(options.details);
	wire_call_drop(call);
}

/* --- a person ------------------------------------------------------------------------------ */

static const char *say_need(const struct engine_need *need)
{
	if (need->application_password)
		return "the item has a password of its own, which was not given";
	return need->passcode ? "the item needs the keychain password"
			      : "the item needs somebody's consent";
}

/* "Fail → interaction_not_allowed when authentication would be needed." Where nobody can be asked
 * it is the same. */
static enum kc_status check_person(const struct proof *proof)
{
	const char *needed = say_need(&proof->request.need);
	struct prompt_place place = asking_place(proof->call);

	if (proof->terms.context && context_forbids_interaction(proof->terms.context))
		error_set_hint("the context asks nobody: use one that may");
	else if (!proof->terms.may_ask)
		error_set_hint("use_authentication_ui \"allow\" asks somebody");
	else if (!field_get(wire_call_parameters(proof->call), "interaction"))
		error_set_hint("\"interaction\" says where somebody can be asked");
	else if (!prompt_is_possible(&place))
		error_set_hint("there is neither terminal nor display to ask at");
	else
		return KC_OK;
	return fail(KC_ERR_INTERACTION_NOT_ALLOWED, "%s", needed);
}

static void begin_round(struct proof *proof);

static void note_person(struct proof *proof, bool has_typed_password)
{
	struct context_time time = context_now(proof->daemon->n_locks);

	proof->request.proof.has_presence = true;
	if (has_typed_password)
		proof->request.proof.has_passcode = true;
	if (proof->terms.context)
		context_note(proof->terms.context, &proof->request.proof, &time);
}

static void on_consent(void *userdata, enum kc_status status, struct secret *pin)
{
	struct proof *proof = userdata;

	(void)pin;
	proof->prompt = NULL;
	if (status != KC_OK) {
		finish(proof, status);
		return;
	}
	note_person(proof, false);
	begin_round(proof);
}

static enum kc_status ask_consent(struct proof *proof)
{
	struct prompt_place place = asking_place(proof->call);
	struct prompt_text text = asking_text(proof->call, PROMPT_ITEM_CONFIRM);

	text.item = proof->request.need.label[0] ? proof->request.need.label : NULL;
	if (proof->terms.reason)
		text.reason = proof->terms.reason;
	text.scope = proof->batch ? batch_scope(proof->batch) : NULL;
	text.folder = proof->batch ? batch_folder(proof->batch) : NULL;
	return prompt_start(proof->daemon->desk, &place, &text, on_consent, proof, &proof->prompt);
}

static enum kc_status check_passcode(void *userdata, struct kc_view stretched)
{
	struct proof *proof = userdata;
	struct keybag *keybag = NULL;

	TRY(keychain_find(proof->daemon, &keybag));
	return keybag_check(keybag, stretched);
}

static void on_passcode(void *userdata, enum kc_status status, struct secret *stretched)
{
	struct proof *proof = userdata;

	(void)stretched;
	proof->question = NULL;
	if (status != KC_OK) {
		finish(proof, status);
		return;
	}
	note_person(proof, true);
	begin_round(proof);
}

static enum kc_status ask_password(struct proof *proof, struct password_question_options *options)
{
	options->item = proof->request.need.label[0] ? proof->request.need.label : NULL;
	options->reason = proof->terms.reason;
	/* an item's own password is not kept for a batch */
	if (proof->batch && options->kind == PROMPT_ITEM_PASSCODE) {
		options->scope = batch_scope(proof->batch);
		options->folder = batch_folder(proof->batch);
	}
	options->userdata = proof;
	return password_question_start(proof->call, options, &proof->question);
}

static enum kc_status ask_passcode(struct proof *proof, const struct keybag *keybag)
{
	struct password_question_options options = {
		.kind = PROMPT_ITEM_PASSCODE,
		.repeat = PROMPT_ITEM_PASSCODE,
		.stretching = keybag_stretching(keybag),
		.check = check_passcode,
		.on_done = on_passcode,
	};

	return ask_password(proof, &options);
}

/* --- an item's own password ---------------------------------------------------------------- */

/* Will what is written be sealed with it? Then it may be a new one, and is typed twice. */
static bool sets_application_password(const struct proof *proof)
{
	struct json_object *flags =
		field_get(field_get(proof->options.written, "access_control"), "flags");
	CLEANUP(field_free)
	struct json_object *flag = json_object_new_string("application_password");

	return flag && json_object_is_type(flags, json_type_array) && field_contains(flags, flag);
}

static void on_application_password(void *userdata, enum kc_status status, struct secret *stretched)
{
	struct proof *proof = userdata;

	proof->question = NULL;
	if (status != KC_OK) {
		finish(proof, status);
		return;
	}
	secret_done(&proof->application_key);
	proof->application_key = secret_take(stretched);
	proof->request.proof.application_key = secret_view(&proof->application_key);
	begin_round(proof);
}

static enum kc_status ask_application_password(struct proof *proof, const struct keybag *keybag)
{
	bool is_new = sets_application_password(proof);
	struct password_question_options options = {
		.kind = is_new ? PROMPT_ITEM_PASSWORD_NEW : PROMPT_ITEM_PASSWORD,
		.repeat = is_new ? PROMPT_ITEM_PASSWORD_REPEAT : PROMPT_ITEM_PASSWORD,
		.error = proof->n_wrong > 0 ? "the password is wrong" : NULL,
		.stretching = keybag_application_stretching(keybag),
		.on_done = on_application_password,
	};

	return ask_password(proof, &options);
}

/* What was typed here may be mistyped; what came with a context is not asked again. */
static bool was_mistyped(const struct proof *proof, enum kc_status status)
{
	return status == KC_ERR_AUTH_FAILED && proof->application_key.len > 0 &&
	       proof->n_wrong + 1 < TRIES;
}

static enum kc_status ask_application_password_again(struct proof *proof)
{
	struct keybag *keybag = NULL;

	proof->n_wrong++;
	error_clear();
	TRY(keychain_find(proof->daemon, &keybag));
	return ask_application_password(proof, keybag);
}

/* --- certificates -------------------------------------------------------------------------- */

static enum kc_status add_verdicts(struct proof *proof, struct json_object *verdicts)
{
	if (!proof->verdicts)
		TRY(field_new_object(&proof->verdicts));
	json_object_object_foreach(verdicts, hash, verdict)
	{
		TRY(field_put(proof->verdicts, hash, json_object_get(verdict)));
	}
	proof->request.proof.verdicts = proof->verdicts;
	return KC_OK;
}

static void on_judged(void *userdata, enum kc_status status, struct json_object *verdicts)
{
	CLEANUP(field_free) struct json_object *taken = verdicts;
	struct proof *proof = userdata;

	proof->trust = NULL;
	if (status == KC_OK)
		status = add_verdicts(proof, taken);
	if (status == KC_OK)
		begin_round(proof);
	else
		finish(proof, status);
}

static enum kc_status judge(struct proof *proof)
{
	return trust_start(proof->call, proof->options.dictionary, proof->request.need.certificates,
			   on_judged, proof, &proof->trust);
}

/* --- rounds -------------------------------------------------------------------------------- */

/* Presence is a word where there is no keychain password, and the password where there is one:
 * what lies on the screen cannot be pressed by whoever walks by. */
static enum kc_status ask_person(struct proof *proof)
{
	const struct engine_need *need = &proof->request.need;
	struct keybag *keybag = NULL;

	TRY(keychain_find(proof->daemon, &keybag));
	TRY(check_person(proof));
	if (need->application_password)
		return ask_application_password(proof, keybag);
	if (keybag_has_password(keybag))
		return ask_passcode(proof, keybag);
	if (!need->passcode)
		return ask_consent(proof);
	error_set_hint("keycask passwd sets one");
	return fail(KC_ERR_NOT_AVAILABLE,
		    "the item needs the keychain password, and there is none");
}

/* Has it been proved for the batch that this is part of? Looked at when something is missing. */
static enum kc_status consult_batch(struct proof *proof, bool *ret_is_proved)
{
	const char *key = field_text(wire_call_parameters(proof->call), "key");
	struct context_time time = context_now(proof->daemon->n_locks);

	if (!proof->options.may_join_batch || proof->batch || proof->terms.context || !key)
		return KC_OK;
	TRY(batch_join(proof->call, &proof->batch));
	if (!proof->batch)
		return KC_OK;
	TRY(batch_context(proof->batch, key, &proof->terms.context));
	proof->request.proof = context_proof(proof->terms.context, &time);
	*ret_is_proved = proof->request.proof.has_presence || proof->request.proof.has_passcode;
	return KC_OK;
}

/* One thing that is missing; then the next round says what else is. */
static enum kc_status prove(struct proof *proof)
{
	const struct engine_need *need = &proof->request.need;
	bool is_proved = false;

	error_clear(); /* of "authentication needed", which is no failure yet */
	if (proof->request.need.certificates) /* there are only so many */
		return judge(proof);
	REQUIRE(++proof->n_rounds < ROUNDS_MAX, KC_ERR_AUTH_FAILED,
		"the item wanted to be proved %d times", ROUNDS_MAX);
	REQUIRE(need->presence || need->passcode || need->application_password, KC_ERR_INTERNAL,
		"the item needs something that nobody can prove");
	TRY(consult_batch(proof, &is_proved));
	if (!is_proved)
		return ask_person(proof);
	begin_round(proof);
	return KC_OK;
}

static void begin_round(struct proof *proof)
{
	enum kc_status status = KC_OK;
	bool goes_on = false;

	error_clear();
	engine_need_done(&proof->request.need);
	proof->request.need = (struct engine_need){.label = ""};
	status = proof->options.run(proof->options.details, &proof->request);
	if (status == KC_OK && proof->options.goes_on)
		status = proof->options.goes_on(proof->options.details, proof, &goes_on);
	if (status == KC_OK && goes_on)
		return;
	if (status == KC_ERR_AUTHENTICATION_NEEDED)
		status = prove(proof);
	else if (was_mistyped(proof, status))
		status = ask_application_password_again(proof);
	else {
		finish(proof, status);
		return;
	}
	if (status != KC_OK)
		finish(proof, status);
}

/* What was judged for the part before may be met again; all that ever was is too much to keep. */
static void forget_verdicts(struct proof *proof)
{
	if (!proof->verdicts || json_object_object_length(proof->verdicts) <= VERDICTS_KEPT)
		return;
	field_free(&proof->verdicts);
	proof->request.proof.verdicts = NULL;
}

void proof_again(struct proof *proof)
{
	forget_verdicts(proof);
	begin_round(proof);
}

static enum kc_status make(struct wire_call *call, const struct proof_options *options,
			   struct proof **ret_proof)
{
	CLEANUP(proof_freep) struct proof *proof = calloc(1, sizeof(*proof));

	REQUIRE(proof, KC_ERR_ALLOCATE, "out of memory");
	*proof = (struct proof){.call = call,
				.daemon = wire_call_context(call),
				.options = *options,
				.request = calls_request(call)};
	TRY(proof_terms_read(call, options->dictionary, options->may_skip, &proof->terms));
	proof->request.proof = proof->terms.proof;
	*ret_proof = take(proof);
	return KC_OK;
}

void proof_run(struct wire_call *call, const struct proof_options *options)
{
	struct proof *proof = NULL;
	enum kc_status status = KC_OK;

	error_clear();
	status = make(call, options, &proof);
	if (status != KC_OK) {
		options->done(options->details, status);
		return;
	}
	wire_call_on_gone(call, on_gone, proof);
	begin_round(proof);
}
