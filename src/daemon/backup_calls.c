/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * org.keycask.Keychain: Backup and Restore. Items are opened and added on the loop, where the keys
 * are, some at a time, so that others have their turn between; all that waits is a thread's
 * (backup_transfer.h). The password comes with the call, or a person is asked.
 */
#include <stdlib.h>

#include "base/try.h"
#include "daemon/asking.h"
#include "daemon/backup_transfer.h"
#include "daemon/calls.h"
#include "daemon/client.h"
#include "daemon/keychain.h"
#include "daemon/password_question.h"
#include "daemon/secret_fields.h"
#include "daemon/stretch.h"
#include "items/backup.h"

enum {
	PASSWORD_BYTES_MAX = 1023,
};

static const struct secret_fields_rules backup_rules = {
	.names = {"new"},
	.noun = "password",
	.bytes_max = PASSWORD_BYTES_MAX,
	.descriptor = 1,
};
static const struct secret_fields_rules restore_rules = {
	.names = {"password"},
	.noun = "password",
	.bytes_max = PASSWORD_BYTES_MAX,
	.descriptor = 1,
};

struct job {
	struct wire_call *call;
	struct daemon *daemon;
	const char *operation;
	bool is_partial;
	struct secret_fields given;
	struct backup_transfer *transfer;
	struct backup_reader *reader;
	struct backup_counts counts;
	struct stretch *stretch;
	struct password_question *question;
};

static struct job *job_free(struct job *job)
{
	if (!job)
		return NULL;
	password_question_cancel(job->question);
	stretch_abandon(job->stretch);
	secret_fields_done(&job->given);
	job->reader = backup_reader_free(job->reader);
	job->transfer = backup_transfer_free(job->transfer);
	free(job);
	return NULL;
}
DEFINE_FREEP(job)

/* --- the end --------------------------------------------------------------------------------- */

/* Takes @reply. */
static void finish(struct job *job, enum kc_status status, struct json_object *reply)
{
	struct wire_call *call = job->call;

	keychain_audit(job->daemon, call, job->operation, status);
	wire_call_on_gone(call, NULL, NULL);
	ignore(job_free(job) != NULL);
	if (status == KC_OK)
		wire_call_reply(call, reply);
	else
		wire_call_fail(call, status);
}

static void on_gone(void *userdata)
{
	struct job *job = userdata;
	struct wire_call *call = job->call;

	keychain_audit(job->daemon, call, job->operation, KC_ERR_USER_CANCELED);
	wire_call_on_gone(call, NULL, NULL);
	ignore(job_free(job) != NULL);
	wire_call_drop(call);
}

static void finish_with(struct job *job, enum kc_status (*make)(const struct job *job,
								struct json_object **ret_reply))
{
	struct json_object *reply = NULL;
	enum kc_status status = make(job, &reply);

	finish(job, status, reply);
}

static void start_step(struct job *job, enum backup_transfer_step step,
		       backup_transfer_done_fn on_done)
{
	enum kc_status status =
		backup_transfer_start(job->transfer, job->daemon->event, step, on_done, job);

	if (status != KC_OK)
		finish(job, status, NULL);
}

/* --- backup ---------------------------------------------------------------------------------- */

static enum kc_status make_backup_reply(const struct job *job, struct json_object **ret_reply)
{
	CLEANUP(field_free) struct json_object *reply = NULL;

	TRY(field_new_object(&reply));
	TRY(field_put_number(reply, "n_items", (int64_t)job->transfer->end.n_items));
	TRY(field_put_number(reply, "n_left_out", (int64_t)job->transfer->end.n_left_out));
	*ret_reply = take(reply);
	return KC_OK;
}

static enum kc_status collect(struct job *job)
{
	struct backup_transfer *transfer = job->transfer;
	enum backup_found found = BACKUP_END;

	backup_transfer_clear(transfer);
	for (int i = 0; i < BACKUP_TRANSFER_ITEMS && !backup_transfer_is_full(transfer); i++) {
		TRY(backup_reader_next(job->reader, &transfer->slice, &found));
		transfer->is_last = found == BACKUP_END;
		if (transfer->is_last)
			break;
		if (found == BACKUP_ITEM)
			backup_transfer_end_record(transfer);
		transfer->end.n_items += found == BACKUP_ITEM;
		transfer->end.n_left_out += found == BACKUP_LEFT_OUT;
	}
	return KC_OK;
}

static void on_written(void *userdata, enum kc_status status);

static void write_next(struct job *job)
{
	enum kc_status status = collect(job);

	if (status != KC_OK)
		finish(job, status, NULL);
	else
		start_step(job, BACKUP_TRANSFER_WRITE, on_written);
}

static void on_written(void *userdata, enum kc_status status)
{
	struct job *job = userdata;

	if (status != KC_OK)
		finish(job, status, NULL);
	else if (job->transfer->is_last)
		finish_with(job, make_backup_reply);
	else
		write_next(job);
}

static enum kc_status begin_backup(struct job *job, const struct secret *stretched)
{
	TRY(backup_file_set_password(&job->transfer->file, secret_view(stretched)));
	return backup_reader_new(job->daemon->engine, &job->reader);
}

static void on_backup_password(void *userdata, enum kc_status status, struct secret *stretched)
{
	struct job *job = userdata;

	job->stretch = NULL;
	job->question = NULL;
	if (status == KC_OK)
		status = begin_backup(job, stretched);
	if (status == KC_OK)
		write_next(job);
	else
		finish(job, status, NULL);
}

/* --- restore --------------------------------------------------------------------------------- */

static enum kc_status make_restore_reply(const struct job *job, struct json_object **ret_reply)
{
	CLEANUP(field_free) struct json_object *reply = NULL;
	const struct backup_transfer *transfer = job->transfer;

	TRY(field_new_object(&reply));
	TRY(field_put_number(reply, "n_added", (int64_t)job->counts.n_added));
	TRY(field_put_number(reply, "n_kept", (int64_t)job->counts.n_kept));
	TRY(field_put_number(reply, "n_failed",
			     (int64_t)(job->counts.n_failed + transfer->n_damaged)));
	TRY(field_put_flag(reply, "is_complete", !transfer->is_broken));
	TRY(field_put_text(reply, "reason", transfer->is_broken ? transfer->why.message : NULL));
	*ret_reply = take(reply);
	return KC_OK;
}

static enum kc_status add_slice(struct job *job)
{
	const struct backup_transfer *transfer = job->transfer;
	struct kc_view records[BACKUP_TRANSFER_ITEMS];
	size_t at = 0;

	for (size_t i = 0; i < transfer->n; i++) {
		records[i] = view_slice(bytes_view(&transfer->slice), at, transfer->lengths[i]);
		at += transfer->lengths[i];
	}
	if (transfer->n == 0)
		return KC_OK;
	return backup_restore(job->daemon->engine, records, transfer->n, &job->counts);
}

static void on_read(void *userdata, enum kc_status status)
{
	struct job *job = userdata;

	if (status == KC_OK)
		status = add_slice(job);
	if (status != KC_OK)
		finish(job, status, NULL);
	else if (job->transfer->is_last)
		finish_with(job, make_restore_reply);
	else
		start_step(job, BACKUP_TRANSFER_READ, on_read);
}

static void on_verified(void *userdata, enum kc_status status)
{
	struct job *job = userdata;

	if (status != KC_OK)
		finish(job, status, NULL);
	else
		start_step(job, BACKUP_TRANSFER_READ, on_read);
}

/* A pipe can be read only once, so what comes first is added first. */
static void on_restore_password(void *userdata, enum kc_status status, struct secret *stretched)
{
	struct job *job = userdata;

	job->stretch = NULL;
	job->question = NULL;
	if (status == KC_OK)
		status = backup_file_unlock(&job->transfer->file, secret_view(stretched));
	if (status != KC_OK)
		finish(job, status, NULL);
	else if (job->transfer->is_file && !job->is_partial)
		start_step(job, BACKUP_TRANSFER_VERIFY, on_verified);
	else
		start_step(job, BACKUP_TRANSFER_READ, on_read);
}

static enum kc_status check_restore_password(void *userdata, struct kc_view stretched)
{
	struct job *job = userdata;

	return backup_file_unlock(&job->transfer->file, stretched);
}

/* --- the password ---------------------------------------------------------------------------- */

static enum kc_status get_password(struct job *job, struct password_question_options *options)
{
	struct secret *given = secret_fields_get(&job->given, 0);
	bool may_ask = false;

	options->stretching = backup_file_stretching(&job->transfer->file);
	options->userdata = job;
	if (given)
		return stretch_start(job->daemon->event, &options->stretching, given,
				     options->on_done, job, &job->stretch);
	TRY(asking_read_ui(job->call, &may_ask));
	TRY(asking_require_person(job->call, may_ask, "the backup's password is needed",
				  job->operation));
	return password_question_start(job->call, options, &job->question);
}

static void on_opened(void *userdata, enum kc_status status)
{
	struct password_question_options options = {
		.kind = PROMPT_BACKUP_PASSWORD,
		.repeat = PROMPT_BACKUP_PASSWORD,
		.check = check_restore_password,
		.on_done = on_restore_password,
	};
	struct job *job = userdata;

	if (status == KC_OK)
		status = get_password(job, &options);
	if (status != KC_OK)
		finish(job, status, NULL);
}

/* --- the calls ------------------------------------------------------------------------------- */

/* Both reach items of all groups: who has been given other groups than everybody has not been
 * given those of the others. */
static enum kc_status check_caller(struct wire_call *call)
{
	const struct client *client = wire_call_peer(call);

	REQUIRE(groups_have(client_groups(client), GROUPS_USER), KC_ERR_MISSING_ENTITLEMENT,
		"%s may not back up or restore the keychain: it is not in the group %s",
		client_peer(client)->name, GROUPS_USER);
	return KC_OK;
}

static enum kc_status take_transfer(struct job *job, const char *name, bool is_output)
{
	int fd = wire_call_take_descriptor(job->call);

	REQUIRE(fd >= 0, KC_ERR_PARAM, "%s came without a descriptor", name);
	TRY(backup_transfer_new(fd, is_output, &job->transfer));
	REQUIRE(field_number(wire_call_parameters(job->call), name, -1) == 0, KC_ERR_PARAM,
		"%s must be 0", name);
	return KC_OK;
}

static enum kc_status new_job(struct wire_call *call, const char *operation, struct job **ret_job)
{
	CLEANUP(job_freep) struct job *job = calloc(1, sizeof(*job));

	REQUIRE(job, KC_ERR_ALLOCATE, "out of memory");
	TRY(check_caller(call));
	job->call = call;
	job->daemon = wire_call_context(call);
	job->operation = operation;
	job->is_partial = field_flag(wire_call_parameters(call), "partial", false);
	*ret_job = take(job);
	return KC_OK;
}

static enum kc_status backup(struct wire_call *call)
{
	CLEANUP(job_freep) struct job *job = NULL;
	struct password_question_options options = {
		.kind = PROMPT_BACKUP_NEW,
		.repeat = PROMPT_BACKUP_REPEAT,
		.on_done = on_backup_password,
	};

	TRY(new_job(call, "backup", &job));
	TRY(take_transfer(job, "output_fd", true));
	TRY(secret_fields_take(call, &backup_rules, &job->given));
	REQUIRE(!secret_fields_get(&job->given, 0) || secret_fields_get(&job->given, 0)->len > 0,
		KC_ERR_PARAM, "a backup needs a password");
	TRY(backup_require_open(job->daemon->engine, false));
	TRY(backup_file_begin(&job->transfer->file, job->daemon->config.keychain_password_cost));
	TRY(get_password(job, &options));
	wire_call_on_gone(call, on_gone, job);
	take(job);
	return KC_OK;
}

static enum kc_status restore(struct wire_call *call)
{
	CLEANUP(job_freep) struct job *job = NULL;

	TRY(new_job(call, "restore", &job));
	TRY(take_transfer(job, "input_fd", false));
	TRY(secret_fields_take(call, &restore_rules, &job->given));
	TRY(backup_require_open(job->daemon->engine, true));
	TRY(backup_transfer_start(job->transfer, job->daemon->event, BACKUP_TRANSFER_OPEN,
				  on_opened, job));
	wire_call_on_gone(call, on_gone, job);
	take(job);
	return KC_OK;
}

static void begin(struct wire_call *call, enum kc_status (*start)(struct wire_call *call))
{
	enum kc_status status = KC_OK;

	error_clear();
	status = start(call);
	if (status != KC_OK)
		wire_call_fail(call, status);
}

void backup_calls_backup(struct wire_call *call)
{
	begin(call, backup);
}

void backup_calls_restore(struct wire_call *call)
{
	begin(call, restore);
}
