/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * org.keycask.Items.Export: the items are collected, with what has to be proved for them; then
 * somebody is asked for a passphrase if none came and there must be one; then a thread makes the
 * file, as its key derivation is slow.
 */
#include <stdlib.h>

#include "base/try.h"
#include "daemon/asking.h"
#include "daemon/calls.h"
#include "daemon/export_set.h"
#include "daemon/idle.h"
#include "daemon/password_question.h"
#include "daemon/proof.h"
#include "daemon/secret_fields.h"
#include "sys/worker.h"

enum {
	PASSPHRASE_MAX = 1023,
};

static const struct secret_fields_rules rules = {
	.names = {"passphrase"},
	.noun = "passphrase",
	.bytes_max = PASSPHRASE_MAX,
	.descriptor = 0,
};

struct file_export;

/* The thread's alone while it runs. */
struct making {
	struct file_export *export; /* looked at on the loop only */
	struct export_set *set;
	struct secret passphrase;
	struct key_file file;
	struct bytes made;
};

struct file_export {
	struct wire_call *call;
	struct daemon *daemon;
	struct making *making; /* NULL: the thread has it */
	struct worker *worker;
	struct password_question *question;
};

static void making_free(void *userdata)
{
	struct making *making = userdata;

	if (!making)
		return;
	making->set = export_set_free(making->set);
	secret_done(&making->passphrase);
	bytes_done(&making->made);
	free(making);
}

static struct file_export *file_export_free(struct file_export *export)
{
	if (!export)
		return NULL;
	password_question_cancel(export->question);
	worker_abandon(export->worker, making_free);
	making_free(export->making);
	free(export);
	return NULL;
}
DEFINE_FREEP(file_export)

/* --- the end --------------------------------------------------------------------------------- */

static void write_line(const struct file_export *export, const struct key_file_entry *entry,
		       enum kc_status status)
{
	struct audit_entry line = calls_audit_entry(export->call);

	line.operation = "export";
	line.result = status;
	if (entry)
		line.key_hash = entry->id;
	audit_write(export->daemon->audit, &line);
}

/* One for each private key that leaves, one in all for a refusal; certificates are public. */
static void write_audit(const struct file_export *export, enum kc_status status)
{
	const struct key_file_entry *entries = NULL;
	size_t n = 0;

	if (status != KC_OK) {
		write_line(export, NULL, status);
		return;
	}
	entries = export_set_entries(export->making->set, &n);
	for (size_t i = 0; i < n; i++)
		if (entries[i].kind == KEY_FILE_PRIVATE_KEY)
			write_line(export, &entries[i], KC_OK);
}

static enum kc_status make_reply(const struct file_export *export, struct json_object **ret_reply)
{
	CLEANUP(field_free) struct json_object *reply = NULL;

	TRY(field_new_object(&reply));
	TRY(field_put_data(reply, "data", bytes_view(&export->making->made)));
	*ret_reply = take(reply);
	return KC_OK;
}

static void finish(struct file_export *export, enum kc_status status)
{
	struct wire_call *call = export->call;
	struct json_object *reply = NULL;

	if (status == KC_OK)
		status = make_reply(export, &reply);
	write_audit(export, status);
	idle_expect(export->daemon->idle);
	wire_call_on_gone(call, NULL, NULL);
	ignore(file_export_free(export) != NULL);
	if (status == KC_OK)
		wire_call_reply(call, reply);
	else
		wire_call_fail(call, status);
}

static void on_gone(void *userdata)
{
	struct file_export *export = userdata;
	struct wire_call *call = export->call;

	wire_call_on_gone(call, NULL, NULL);
	ignore(file_export_free(export) != NULL);
	wire_call_drop(call);
}

/* --- making it ------------------------------------------------------------------------------- */

/* In the thread. */
static enum kc_status make(void *userdata)
{
	struct making *making = userdata;

	return key_file_write(&making->file, &making->made);
}

static void on_made(void *userdata, enum kc_status status)
{
	struct making *making = userdata;
	struct file_export *export = making->export;

	export->worker = NULL;
	export->making = making;
	finish(export, status);
}

static enum kc_status start_making(struct file_export *export)
{
	TRY(worker_start(export->daemon->event, make, export->making, on_made, &export->worker));
	export->making = NULL;
	return KC_OK;
}

/* --- the passphrase -------------------------------------------------------------------------- */

static void set_passphrase(struct making *making, struct secret *passphrase)
{
	making->passphrase = secret_take(passphrase);
	making->file.passphrase = making->passphrase.data ? secret_view(&making->passphrase)
							  : view_of_text(""); /* an empty one */
}

static void on_chosen(void *userdata, enum kc_status status, struct secret *passphrase)
{
	struct file_export *export = userdata;

	export->question = NULL;
	if (status == KC_OK) {
		set_passphrase(export->making, passphrase);
		status = start_making(export);
	}
	if (status != KC_OK)
		finish(export, status);
}

static enum kc_status ask(struct file_export *export)
{
	struct prompt_place place = asking_place(export->call);
	struct password_question_options options = {
		.kind = PROMPT_FILE_NEW,
		.repeat = PROMPT_FILE_REPEAT,
		.is_plain = true,
		.on_done = on_chosen,
		.userdata = export,
	};
	bool may_ask = false;

	TRY(asking_read_ui(export->call, &may_ask));
	may_ask = may_ask && field_get(wire_call_parameters(export->call), "interaction") &&
		  prompt_is_possible(&place);
	if (!may_ask)
		error_set_hint("a passphrase may be empty, but has to be given then");
	REQUIRE(may_ask, KC_ERR_INTERACTION_NOT_ALLOWED,
		"the file needs a passphrase, and nobody can be asked for one");
	return password_question_start(export->call, &options, &export->question);
}

static enum kc_status go_on(struct file_export *export)
{
	struct making *making = export->making;

	making->file.entries = export_set_entries(making->set, &making->file.n_entries);
	TRY(key_file_check(&making->file));
	if (making->file.format == KEY_FILE_PKCS12 && !making->file.passphrase.data)
		return ask(export);
	return start_making(export);
}

/* --- the items ------------------------------------------------------------------------------- */

static enum kc_status collect(void *details, struct engine_request *request)
{
	struct file_export *export = details;
	struct making *making = export->making;
	struct json_object *items = field_get(wire_call_parameters(export->call), "items");

	return export_set_collect(making->set, export->daemon->engine, request, items,
				  making->file.format == KEY_FILE_PKCS12);
}

static void on_collected(void *details, enum kc_status status)
{
	struct file_export *export = details;

	wire_call_on_gone(export->call, on_gone, export);
	if (status == KC_OK)
		status = go_on(export);
	if (status != KC_OK)
		finish(export, status);
}

static void on_gone_while_collecting(void *details)
{
	ignore(file_export_free(details) != NULL);
}

/* --- the call -------------------------------------------------------------------------------- */

static enum kc_status read_call(struct wire_call *call, struct making *making)
{
	CLEANUP(secret_fields_done) struct secret_fields given = {.is_there = {false}};
	const char *format = field_text(wire_call_parameters(call), "format");

	if (!key_file_find_format(format, &making->file.format)) {
		error_set_hint("format is one of pkcs12, pkcs8, pkcs8_pem, pem, der");
		return fail(KC_ERR_PARAM, "no format \"%.32s\" to export", format);
	}
	TRY(secret_fields_take(call, &rules, &given));
	if (secret_fields_get(&given, 0))
		set_passphrase(making, secret_fields_get(&given, 0));
	return KC_OK;
}

static enum kc_status new_export(struct wire_call *call, struct file_export **ret_export)
{
	CLEANUP(file_export_freep) struct file_export *export = calloc(1, sizeof(*export));
	struct making *making = calloc(1, sizeof(*making));

	if (export)
		export->making = making;
	else
		free(making);
	REQUIRE(export && making, KC_ERR_ALLOCATE, "out of memory");
	export->call = call;
	export->daemon = wire_call_context(call);
	*making = (struct making){.export = export,
				  .set = export_set_new(),
				  .file.iterations = KEY_FILE_ITERATIONS,
				  .made = BYTES_INIT(KEY_FILE_BYTES_MAX)};
	REQUIRE(making->set, KC_ERR_ALLOCATE, "out of memory");
	TRY(read_call(call, making));
	*ret_export = take(export);
	return KC_OK;
}

void item_export_run(struct wire_call *call)
{
	struct file_export *export = NULL;
	struct proof_options options = {
		.run = collect, .done = on_collected, .gone = on_gone_while_collecting};
	enum kc_status status = KC_OK;

	error_clear();
	status = new_export(call, &export);
	if (status != KC_OK) {
		wire_call_fail(call, status);
		return;
	}
	options.details = export;
	proof_run(call, &options);
}
