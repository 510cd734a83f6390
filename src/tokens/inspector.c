/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The keycask-x509 process: started on demand, asked one thing at a time. When it dies of a
 * question, that one alone is to blame: it gets a second chance in a new process, as the death may
 * have come from outside, and the others never notice.
 */
#include "tokens/inspector.h"

#include <stdlib.h>
#include <time.h>

#include "base/list.h"
#include "base/log.h"
#include "base/try.h"
#include "tokens/helper.h"
#include "wire/protocol.h"

enum {
	DEATHS_MAX = 2, /* of one question */
	US_PER_SECOND = 1000000,
};

struct inspector {
	sd_event *event;
	unsigned deadline_ms;
	const char *arguments[4]; /* NULL-terminated */
	unsigned idle_s;	  /* then the process ends; 0: never */
	sd_event_source *idle;
	struct helper *helper;	 /* NULL: not running */
	struct list inspections; /* inspection::link, in order; the first may be under way */
	bool is_asking;
};

struct inspection {
	struct list link; /* inspector::inspections */
	struct inspector *inspector;
	const char *method; /* static */
	struct json_object *parameters;
	unsigned n_deaths;
	wire_reply_fn on_reply; /* NULL: cancelled */
	void *userdata;
};

static struct inspection *inspection_free(struct inspection *inspection)
{
	if (!inspection)
		return NULL;
	list_remove(&inspection->link);
	field_free(&inspection->parameters);
	free(inspection);
	return NULL;
}
DEFINE_FREEP(inspection)

enum kc_status inspector_new(sd_event *event, unsigned deadline_ms,
			     struct inspector **ret_inspector)
{
	struct inspector *inspector = calloc(1, sizeof(*inspector));

	REQUIRE(inspector, KC_ERR_ALLOCATE, "out of memory");
	*inspector = (struct inspector){
		.event = event, .deadline_ms = deadline_ms, .arguments = {"keycask-x509"}};
	list_init(&inspector->inspections);
	*ret_inspector = inspector;
	return KC_OK;
}

enum kc_status inspector_new_trusting(sd_event *event, unsigned deadline_ms, const char *trust_path,
				      unsigned idle_s, struct inspector **ret_inspector)
{
	struct inspector *inspector = NULL;

	TRY(inspector_new(event, deadline_ms, &inspector));
	inspector->idle_s = idle_s;
	inspector->arguments[1] = "--trust";
	inspector->arguments[2] = trust_path;
	*ret_inspector = inspector;
	return KC_OK;
}

struct inspector *inspector_free(struct inspector *inspector)
{
	if (!inspector)
		return NULL;
	inspector->helper = helper_free(inspector->helper);
	inspector->idle = sd_event_source_disable_unref(inspector->idle);
	list_for_each_safe (link, &inspector->inspections) {
		ignore(inspection_free(list_entry(link, struct inspection, link)) != NULL);
	}
	free(inspector);
	return NULL;
}

static struct inspection *first(const struct inspector *inspector)
{
	return list_entry(inspector->inspections.next, struct inspection, link);
}

static void on_ended(void *userdata, int wait_status)
{
	struct inspector *inspector = userdata;

	log_warning("keycask-x509 ended (wait status %d)", wait_status);
	inspector->helper = helper_free(inspector->helper);
}

static enum kc_status ensure_running(struct inspector *inspector)
{
	struct helper_options options = {.program = "keycask-x509",
					 .arguments = inspector->arguments,
					 .descriptor = -1,
					 .definition = protocol_org_keycask_X509,
					 .on_ended = on_ended,
					 .userdata = inspector};

	if (inspector->helper)
		return KC_OK;
	return helper_new(inspector->event, &options, &inspector->helper);
}

static void on_inspected(void *userdata, enum kc_status status, struct json_object *parameters);

static enum kc_status ask(struct inspector *inspector, struct inspection *inspection)
{
	TRY(ensure_running(inspector));
	TRY(helper_call(inspector->helper, inspection->method,
			json_object_get(inspection->parameters), -1, inspector->deadline_ms,
			on_inspected, inspection));
	inspector->is_asking = true;
	inspector->idle = sd_event_source_disable_unref(inspector->idle);
	return KC_OK;
}

static int on_idle(sd_event_source *source, uint64_t time_us, void *userdata)
{
	struct inspector *inspector = userdata;

	(void)source;
	(void)time_us;
	inspector->idle = sd_event_source_disable_unref(inspector->idle);
	inspector->helper = helper_free(inspector->helper);
	return 0;
}

/* Without a clock it stays. */
static void await_idleness(struct inspector *inspector)
{
	if (inspector->idle_s == 0 || inspector->is_asking || !inspector->helper)
		return;
	ignore(sd_event_add_time_relative(inspector->event, &inspector->idle, CLOCK_BOOTTIME,
					  (uint64_t)inspector->idle_s * US_PER_SECOND, 0, on_idle,
					  inspector) < 0);
}

static void finish(struct inspection *inspection, enum kc_status status,
		   struct json_object *parameters)
{
	wire_reply_fn on_reply = inspection->on_reply;
	void *userdata = inspection->userdata;

	ignore(inspection_free(inspection) != NULL);
	if (on_reply)
		on_reply(userdata, status, parameters);
}

static void ask_next(struct inspector *inspector)
{
	while (!inspector->is_asking && !list_is_empty(&inspector->inspections)) {
		enum kc_status status = KC_ERR_USER_CANCELED;

		error_clear();
		if (first(inspector)->on_reply)
			status = ask(inspector, first(inspector));
		if (status != KC_OK)
			finish(first(inspector), status, NULL);
	}
}

static void on_inspected(void *userdata, enum kc_status status, struct json_object *parameters)
{
	struct inspection *inspection = userdata;
	struct inspector *inspector = inspection->inspector;
	bool has_died = status == KC_ERR_NOT_AVAILABLE;

	inspector->is_asking = false;
	if (has_died) {
		log_warning("keycask-x509: %s", error_get()->message);
		inspector->helper = helper_free(inspector->helper);
		inspection->n_deaths++;
	}
	if (!has_died || inspection->n_deaths >= DEATHS_MAX)
		finish(inspection, status, parameters);
	ask_next(inspector);
	await_idleness(inspector);
}

void inspector_cancel(struct inspection *inspection)
{
	if (inspection)
		inspection->on_reply = NULL;
}

enum kc_status inspector_ask(struct inspector *inspector, const char *method,
			     struct json_object *parameters, wire_reply_fn on_reply, void *userdata,
			     struct inspection **ret_inspection)
{
	CLEANUP(inspection_freep) struct inspection *inspection = calloc(1, sizeof(*inspection));

	if (!inspection)
		field_free(&parameters);
	REQUIRE(inspection, KC_ERR_ALLOCATE, "out of memory");
	*inspection = (struct inspection){.inspector = inspector,
					  .method = method,
					  .parameters = parameters,
					  .on_reply = on_reply,
					  .userdata = userdata};
	list_init(&inspection->link);
	/* Whoever asks again when an answer has come is behind those who have waited for it. */
	if (!inspector->is_asking && list_is_empty(&inspector->inspections))
		TRY(ask(inspector, inspection));
	list_append(&inspector->inspections, &inspection->link);
	*ret_inspection = take(inspection);
	return KC_OK;
}
