/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The keycask-x509 process: started on demand, replaced when it dies of a certificate. */
#include "tokens/inspector.h"

#include <stdlib.h>

#include "base/list.h"
#include "base/log.h"
#include "base/try.h"
#include "tokens/helper.h"

struct inspector {
	sd_event *event;
	unsigned deadline_ms;
	struct helper *helper;	 /* NULL: not running */
	struct list inspections; /* inspection::link */
};

struct inspection {
	struct list link;	/* inspector::inspections */
	wire_reply_fn on_reply; /* NULL: cancelled */
	void *userdata;
};

static struct inspection *inspection_free(struct inspection *inspection)
{
	if (inspection)
		list_remove(&inspection->link);
	free(inspection);
	return NULL;
}
DEFINE_FREEP(inspection)

enum kc_status inspector_new(sd_event *event, unsigned deadline_ms,
			     struct inspector **ret_inspector)
{
	struct inspector *inspector = calloc(1, sizeof(*inspector));

	REQUIRE(inspector, KC_ERR_ALLOCATE, "out of memory");
	*inspector = (struct inspector){.event = event, .deadline_ms = deadline_ms};
	list_init(&inspector->inspections);
	*ret_inspector = inspector;
	return KC_OK;
}

struct inspector *inspector_free(struct inspector *inspector)
{
	if (!inspector)
		return NULL;
	inspector->helper = helper_free(inspector->helper);
	list_for_each_safe (link, &inspector->inspections) {
		ignore(inspection_free(list_entry(link, struct inspection, link)) != NULL);
	}
	free(inspector);
	return NULL;
}

static void on_ended(void *userdata, int wait_status)
{
	struct inspector *inspector = userdata;

	log_warning("keycask-x509 ended (wait status %d)", wait_status);
	inspector->helper = helper_free(inspector->helper);
}

static enum kc_status ensure_running(struct inspector *inspector)
{
	static const char *const arguments[] = {"keycask-x509", NULL};
	struct helper_options options = {.program = "keycask-x509",
					 .arguments = arguments,
					 .descriptor = -1,
					 .on_ended = on_ended,
					 .userdata = inspector};

	if (inspector->helper)
		return KC_OK;
	return helper_new(inspector->event, &options, &inspector->helper);
}

static void on_inspected(void *userdata, enum kc_status status, struct json_object *parameters)
{
	CLEANUP(inspection_freep) struct inspection *inspection = userdata;

	if (inspection->on_reply)
		inspection->on_reply(inspection->userdata, status, parameters);
}

void inspector_cancel(struct inspection *inspection)
{
	if (inspection)
		inspection->on_reply = NULL;
}

static enum kc_status ask(struct inspector *inspector, struct kc_view der,
			  struct inspection *inspection)
{
	CLEANUP(field_free) struct json_object *parameters = NULL;

	TRY(ensure_running(inspector));
	TRY(field_new_object(&parameters));
	TRY(field_put_data(parameters, "certificate", der));
	return helper_call(inspector->helper, "org.keycask.X509.Inspect", take(parameters), -1,
			   inspector->deadline_ms, on_inspected, inspection);
}

enum kc_status inspector_inspect(struct inspector *inspector, struct kc_view der,
				 wire_reply_fn on_reply, void *userdata,
				 struct inspection **ret_inspection)
{
	CLEANUP(inspection_freep) struct inspection *inspection = calloc(1, sizeof(*inspection));

	REQUIRE(inspection, KC_ERR_ALLOCATE, "out of memory");
	*inspection = (struct inspection){.on_reply = on_reply, .userdata = userdata};
	list_init(&inspection->link);
	TRY(ask(inspector, der, inspection));
	list_append(&inspector->inspections, &inspection->link);
	*ret_inspection = take(inspection);
	return KC_OK;
}
