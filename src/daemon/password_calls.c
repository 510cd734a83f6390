/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * org.keycask.Keychain: what needs the keychain's password. It comes with the call, or a person is
 * asked; it is stretched beside the loop; what it opens is done at the end, in one step, so that
 * whoever leaves in between has changed nothing.
 */
#include <stdlib.h>

#include "base/try.h"
#include "daemon/asking.h"
#include "daemon/calls.h"
#include "daemon/keychain.h"
#include "daemon/password_question.h"
#include "daemon/secret_fields.h"
#include "daemon/stretch.h"

enum {
	PASSWORD_BYTES_MAX = 1023,
};

enum place {
	PLACE_GUARD,
	PLACE_NEW,
};

static const struct secret_fields_rules unlock_rules = {
	.names = {[PLACE_GUARD] = "password"},
	.noun = "password",
	.bytes_max = PASSWORD_BYTES_MAX,
};
static const struct secret_fields_rules change_rules = {
	.names = {[PLACE_GUARD] = "current", [PLACE_NEW] = "new"},
	.noun = "password",
	.bytes_max = PASSWORD_BYTES_MAX,
};

struct password_call {
	struct wire_call *call;
	struct daemon *daemon;
	bool is_change; /* else an unlocking */
	bool is_removal;
	bool may_ask; /* a person */
	struct secret_fields given;
	struct keybag_stretching new_stretching;
	struct secret guard;   /* stretched: the present password */
	struct secret new_key; /* stretched: the one to be */
	struct stretch *stretch;
	struct password_question *question;
};

static struct password_call *password_call_free(struct password_call *work)
{
	if (!work)
		return NULL;
	password_question_cancel(work->question);
	stretch_abandon(work->stretch);
	secret_fields_done(&work->given);
	secret_done(&work->guard);
	secret_done(&work->new_key);
	free(work);
	return NULL;
}
DEFINE_FREEP(password_call)

/* --- the end ------------------------------------------------------------------------------- */

static const char *name_operation(const struct password_call *work)
{
	if (!work->is_change)
		return "unlock";
	return work->is_removal ? "remove_password" : "set_password";
}

static void finish(struct password_call *work, enum kc_status status)
{
	struct wire_call *call = work->call;

	keychain_audit(work->daemon, call, name_operation(work), status);
	wire_call_on_gone(call, NULL, NULL);
	ignore(password_call_free(work) != NULL);
	if (status == KC_OK)
		wire_call_reply(call, NULL);
	else
		wire_call_fail(call, status);
}

static void on_gone(void *userdata)
{
	struct password_call *work = userdata;
	struct wire_call *call = work->call;

	keychain_audit(work->daemon, call, name_operation(work), KC_ERR_USER_CANCELED);
	wire_call_on_gone(call, NULL, NULL);
	ignore(password_call_free(work) != NULL);
	wire_call_drop(call);
}

/* Another call may have set or removed one while this one's was being asked for. */
static enum kc_status open_for_change(const struct password_call *work, struct keybag *keybag)
{
	REQUIRE(keybag_has_password(keybag) == (work->guard.len > 0), KC_ERR_NOT_AVAILABLE,
		"the keychain's password has just been changed by another call");
	return keybag_has_password(keybag) ? keybag_unlock(keybag, secret_view(&work->guard))
					   : KC_OK;
}

static enum kc_status change(struct password_call *work, struct keybag *keybag)
{
	struct kc_view new_key = secret_view(&work->new_key);

	TRY(open_for_change(work, keybag));
	if (work->is_removal)
		return keybag_set_password(keybag, NULL, NULL);
	return keybag_set_password(keybag, &work->new_stretching, &new_key);
}

static enum kc_status complete(struct password_call *work)
{
	struct keybag *keybag = NULL;

	error_clear();
	TRY(keychain_find(work->daemon, &keybag));
	return work->is_change ? change(work, keybag)
			       : keybag_unlock(keybag, secret_view(&work->guard));
}

/* --- getting a password -------------------------------------------------------------------- */

static void continue_with_new(struct password_call *work);

static void on_guard(void *userdata, enum kc_status status, struct secret *stretched)
{
	struct password_call *work = userdata;

	work->stretch = NULL;
	work->question = NULL;
	if (status != KC_OK) {
		finish(work, status);
		return;
	}
	work->guard = secret_take(stretched);
	continue_with_new(work);
}

static void on_new(void *userdata, enum kc_status status, struct secret *stretched)
{
	struct password_call *work = userdata;

	work->stretch = NULL;
	work->question = NULL;
	if (status == KC_OK) {
		work->new_key = secret_take(stretched);
		status = complete(work);
	}
	finish(work, status);
}

/* Typed or given: wrong is wrong before anybody thinks of a new one. */
static enum kc_status check_guard(void *userdata, struct kc_view stretched)
{
	struct password_call *work = userdata;
	struct keybag *keybag = NULL;

	TRY(keychain_find(work->daemon, &keybag));
	return keybag_check(keybag, stretched);
}

static void on_given_guard(void *userdata, enum kc_status status, struct secret *stretched)
{
	if (status == KC_OK)
		status = check_guard(userdata, secret_view(stretched));
	on_guard(userdata, status, stretched);
}

static enum kc_status ask(struct password_call *work, struct password_question_options *options)
{
	TRY(asking_require_person(work->call, work->may_ask, "the keychain's password is needed",
				  work->is_change ? "passwd" : "unlock"));
	options->userdata = work;
	return password_question_start(work->call, options, &work->question);
}

static enum kc_status get_guard(struct password_call *work, const struct keybag *keybag)
{
	struct secret *given = secret_fields_get(&work->given, PLACE_GUARD);
	enum prompt_kind kind = work->is_change ? PROMPT_KEYCHAIN_CURRENT : PROMPT_KEYCHAIN_UNLOCK;
	struct password_question_options options = {
		.kind = kind,
		.repeat = kind,
		.stretching = keybag_stretching(keybag),
		.check = check_guard,
		.on_done = on_guard,
	};

	if (!given)
		return ask(work, &options);
	return stretch_start(work->daemon->event, &options.stretching, given, on_given_guard, work,
			     &work->stretch);
}

static enum kc_status get_new(struct password_call *work)
{
	struct secret *given = secret_fields_get(&work->given, PLACE_NEW);
	struct password_question_options options = {
		.kind = PROMPT_KEYCHAIN_NEW,
		.repeat = PROMPT_KEYCHAIN_REPEAT,
		.on_done = on_new,
	};
	struct keybag *keybag = NULL;

	error_clear();
	TRY(keychain_find(work->daemon, &keybag));
	TRY(keybag_new_stretching(keybag, &work->new_stretching));
	options.stretching = work->new_stretching;
	if (!given)
		return ask(work, &options);
	return stretch_start(work->daemon->event, &work->new_stretching, given, on_new, work,
			     &work->stretch);
}

static void continue_with_new(struct password_call *work)
{
	enum kc_status status = KC_OK;

	if (!work->is_change || work->is_removal) {
		finish(work, complete(work));
		return;
	}
	status = get_new(work);
	if (status != KC_OK)
		finish(work, status);
}

/* --- the calls ----------------------------------------------------------------------------- */

/* Reads what the call brings. */
static enum kc_status new_work(struct wire_call *call, bool is_change,
			       struct password_call **ret_work)
{
	CLEANUP(password_call_freep) struct password_call *work = calloc(1, sizeof(*work));

	REQUIRE(work, KC_ERR_ALLOCATE, "out of memory");
	work->call = call;
	work->daemon = wire_call_context(call);
	work->is_change = is_change;
	work->is_removal = field_flag(wire_call_parameters(call), "remove", false);
	TRY(asking_read_ui(call, &work->may_ask));
	TRY(secret_fields_take(call, is_change ? &change_rules : &unlock_rules, &work->given));
	*ret_work = take(work);
	return KC_OK;
}

/* *ret_is_open: there is nothing to do. A password that is given is checked all the same. */
static enum kc_status unlock(struct wire_call *call, bool *ret_is_open)
{
	CLEANUP(password_call_freep) struct password_call *work = NULL;
	struct keybag *keybag = NULL;

	TRY(new_work(call, false, &work));
	TRY(keychain_find(work->daemon, &keybag));
	*ret_is_open =
		!keybag_has_password(keybag) || (keybag_state(keybag) == KEYBAG_UNLOCKED &&
						 !secret_fields_get(&work->given, PLACE_GUARD));
	if (*ret_is_open)
		return KC_OK;
	TRY(get_guard(work, keybag));
	wire_call_on_gone(call, on_gone, work);
	take(work);
	return KC_OK;
}

void password_calls_unlock(struct wire_call *call)
{
	bool is_open = false;
	enum kc_status status = KC_OK;

	error_clear();
	status = unlock(call, &is_open);
	if (status != KC_OK)
		wire_call_fail(call, status);
	else if (is_open)
		wire_call_reply(call, NULL);
}

static enum kc_status check_wish(struct password_call *work, const struct keybag *keybag)
{
	const struct secret *new_password = secret_fields_get(&work->given, PLACE_NEW);

	REQUIRE(!work->is_removal || !new_password, KC_ERR_PARAM,
		"either a new password or none: \"new\" and \"remove\"");
	REQUIRE(!new_password || new_password->len > 0, KC_ERR_PARAM,
		"an empty password is none: \"remove\" takes it away");
	if (keybag_has_password(keybag))
		return KC_OK;
	error_set_hint("keycask passwd sets one");
	REQUIRE(!work->is_removal, KC_ERR_NOT_AVAILABLE, "the keychain has no password");
	REQUIRE(!secret_fields_get(&work->given, PLACE_GUARD), KC_ERR_PARAM,
		"the keychain has no password that \"current\" could be");
	error_clear();
	return KC_OK;
}

static enum kc_status change_password(struct wire_call *call)
{
	CLEANUP(password_call_freep) struct password_call *work = NULL;
	struct keybag *keybag = NULL;

	TRY(new_work(call, true, &work));
	TRY(keychain_find(work->daemon, &keybag));
	TRY(check_wish(work, keybag));
	TRY(keybag_has_password(keybag) ? get_guard(work, keybag) : get_new(work));
	wire_call_on_gone(call, on_gone, work);
	take(work);
	return KC_OK;
}

void password_calls_change(struct wire_call *call)
{
	enum kc_status status = KC_OK;

	error_clear();
	status = change_password(call);
	if (status != KC_OK)
		wire_call_fail(call, status);
}
