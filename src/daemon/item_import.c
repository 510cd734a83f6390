/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * org.keycask.Items.Import: the file is opened in a process of its own (container.h), its
 * passphrase asked for when it turns out to need one; what it holds is read (import_set.h) and
 * added in one transaction, or nothing is.
 */
#include <stdlib.h>

#include "base/try.h"
#include "daemon/asking.h"
#include "daemon/calls.h"
#include "daemon/container.h"
#include "daemon/idle.h"
#include "daemon/import_attributes.h"
#include "daemon/import_set.h"
#include "daemon/password_question.h"
#include "daemon/proof.h"
#include "daemon/secret_fields.h"

enum {
	PASSPHRASE_MAX = 1023,
	TRIES = 3, /* of a person's */
};

static const struct secret_fields_rules rules = {
	.names = {"passphrase"},
	.noun = "passphrase",
	.bytes_max = PASSPHRASE_MAX,
	.descriptor = 0,
};

struct import {
	struct wire_call *call;
	struct daemon *daemon;
	struct json_object *attributes; /* borrowed from the call; NULL */
	struct secret_fields given;
	struct secret typed;
	unsigned n_typed;
	struct container *container;
	struct password_question *question;
	struct import_set *set;
};

static struct import *import_free(struct import *import)
{
	if (!import)
		return NULL;
	import->container = container_free(import->container);
	password_question_cancel(import->question);
	import->set = import_set_free(import->set);
	secret_fields_done(&import->given);
	secret_done(&import->typed);
	free(import);
	return NULL;
}
DEFINE_FREEP(import)

/* --- the end --------------------------------------------------------------------------------- */

static void write_audit(const struct import *import, enum kc_status status)
{
	struct audit_entry entry = calls_audit_entry(import->call);

	entry.operation = "import";
	entry.result = status;
	if (status == KC_OK)
		entry.n_items = (int64_t)import_set_count_new(import->set);
	audit_write(import->daemon->audit, &entry);
}

static void finish(struct import *import, enum kc_status status)
{
	struct wire_call *call = import->call;
	struct json_object *items = NULL;

	if (status == KC_OK)
		status = import_set_tell(import->set, &items);
	write_audit(import, status);
	idle_expect(import->daemon->idle); /* a large file passes several buffers */
	wire_call_on_gone(call, NULL, NULL);
	ignore(import_free(import) != NULL);
	calls_answer(call, status, "items", items);
}

static void on_gone(void *userdata)
{
	struct import *import = userdata;
	struct wire_call *call = import->call;

	wire_call_on_gone(call, NULL, NULL);
	ignore(import_free(import) != NULL);
	wire_call_drop(call);
}

/* --- adding ---------------------------------------------------------------------------------- */

static enum kc_status add(void *details, struct engine_request *request)
{
	struct import *import = details;

	return import_set_add(import->set, import->daemon->engine, request);
}

static void on_added(void *details, enum kc_status status)
{
	finish(details, status);
}

static void on_gone_while_adding(void *details)
{
	ignore(import_free(details) != NULL);
}

static void on_read(void *userdata, enum kc_status status)
{
	struct import *import = userdata;
	struct proof_options options = {.run = add,
					.done = on_added,
					.gone = on_gone_while_adding,
					.details = import,
					.written = import->attributes};

	if (status == KC_OK)
		proof_run(import->call, &options);
	else
		finish(import, status);
}

/* --- the passphrase -------------------------------------------------------------------------- */

static enum kc_status open_file(struct import *import);

static void on_typed(void *userdata, enum kc_status status, struct secret *passphrase)
{
	struct import *import = userdata;

	import->question = NULL;
	if (status == KC_OK) {
		secret_done(&import->typed);
		import->typed = secret_take(passphrase);
		import->n_typed++;
		status = open_file(import);
	}
	if (status != KC_OK)
		finish(import, status);
}

static bool has_passphrase(struct import *import)
{
	return secret_fields_get(&import->given, 0) || import->n_typed > 0;
}

/* Without anybody to ask, "there is no passphrase" is what has failed. */
static bool may_ask(struct import *import)
{
	struct prompt_place place = asking_place(import->call);
	bool is_allowed = false;

	return !secret_fields_get(&import->given, 0) && import->n_typed < TRIES &&
	       field_get(wire_call_parameters(import->call), "interaction") &&
	       asking_read_ui(import->call, &is_allowed) == KC_OK && is_allowed &&
	       prompt_is_possible(&place);
}

static enum kc_status ask(struct import *import)
{
	struct password_question_options options = {
		.kind = PROMPT_FILE_PASSPHRASE,
		.repeat = PROMPT_FILE_PASSPHRASE,
		.error = import->n_typed > 0 ? "the passphrase is wrong" : NULL,
		.is_plain = true,
		.on_done = on_typed,
		.userdata = import,
	};

	error_clear();
	return password_question_start(import->call, &options, &import->question);
}

/* --- the file -------------------------------------------------------------------------------- */

static void on_opened(void *userdata, enum kc_status status, struct json_object *contents)
{
	struct import *import = userdata;

	import->container = NULL;
	if (status == KC_ERR_AUTH_FAILED && may_ask(import))
		status = ask(import);
	else if (status == KC_ERR_AUTH_FAILED && !has_passphrase(import))
		error_set_hint("nobody can be asked for it here: keycask import --passphrase-fd");
	else if (status == KC_OK)
		status = import_set_read(import->daemon, contents, import->attributes, on_read,
					 import, &import->set);
	if (status != KC_OK)
		finish(import, status);
}

static enum kc_status open_file(struct import *import)
{
	struct json_object *parameters = wire_call_parameters(import->call);
	struct secret *given = secret_fields_get(&import->given, 0);
	struct container_source source = {.data = field_get(parameters, "data"),
					  .format = field_text(parameters, "format")};

	if (given) /* an empty one is one */
		source.passphrase = given->data ? secret_view(given) : view_of_text("");
	else if (import->n_typed > 0)
		source.passphrase = secret_view(&import->typed);
	return container_open(import->daemon, &source, on_opened, import, &import->container);
}

/* --- the call -------------------------------------------------------------------------------- */

static enum kc_status begin(struct wire_call *call)
{
	CLEANUP(import_freep) struct import *import = calloc(1, sizeof(*import));

	REQUIRE(import, KC_ERR_ALLOCATE, "out of memory");
	import->call = call;
	import->daemon = wire_call_context(call);
	import->attributes = field_get(wire_call_parameters(call), "attributes");
	TRY(import_attributes_check(import->attributes));
	TRY(secret_fields_take(call, &rules, &import->given));
	TRY(open_file(import));
	wire_call_on_gone(call, on_gone, import);
	take(import);
	return KC_OK;
}

void item_import_run(struct wire_call *call)
{
	enum kc_status status = KC_OK;

	error_clear();
	status = begin(call);
	if (status != KC_OK)
		wire_call_fail(call, status);
}
