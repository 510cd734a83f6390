/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One question to one process, which is killed as soon as it has answered: what it has read is gone
 * with it. Nobody asks a second time when it dies: whoever sent the file may.
 */
#include "daemon/container.h"

#include <stdlib.h>
#include <time.h>

#include "base/try.h"
#include "tokens/helper.h"
#include "wire/protocol.h"

enum {
	US_PER_MS = 1000,
	MS_PER_S = 1000,
	CONTAINERS_MAX = 8, /* at once: each is a process that may compute as long as it can */
};

static unsigned n_containers;

struct container {
	struct helper *helper;
	sd_event_source *deadline;
	unsigned deadline_ms;
	container_fn on_opened;
	void *userdata;
};

struct container *container_free(struct container *container)
{
	if (!container)
		return NULL;
	container->deadline = sd_event_source_disable_unref(container->deadline);
	container->helper = helper_free(container->helper);
	n_containers--;
	free(container);
	return NULL;
}

/* Its call fails first, and that frees the container. */
static void on_ended(void *userdata, int wait_status)
{
	(void)userdata;
	(void)wait_status;
}

static void finish(struct container *container, enum kc_status status, struct json_object *contents)
{
	CLEANUP(field_free) struct json_object *kept = json_object_get(contents);
	container_fn on_opened = container->on_opened;
	void *userdata = container->userdata;

	ignore(container_free(container) != NULL);
	on_opened(userdata, status, kept);
}

static void on_answer(void *userdata, enum kc_status status, struct json_object *contents)
{
	if (status == KC_ERR_NOT_AVAILABLE) {
		error_clear();
		status = fail(KC_ERR_DECODE, "the process that was to read the file died of it");
	}
	finish(userdata, status, contents);
}

static int on_deadline(sd_event_source *source, uint64_t time_us, void *userdata)
{
	struct container *container = userdata;

	(void)source;
	(void)time_us;
	error_clear();
	error_set_hint("its key derivation is very slow: export it again with fewer iterations, "
		       "or raise import_deadline_ms");
	finish(container,
	       fail(KC_ERR_PARAM, "the file was not decrypted within %u seconds",
		    (container->deadline_ms + MS_PER_S - 1) / MS_PER_S),
	       NULL);
	return 0;
}

static enum kc_status put_source(const struct container_source *source,
				 struct json_object *parameters)
{
	struct json_object *passphrase = NULL;

	TRY(field_put(parameters, "data", json_object_get(source->data)));
	TRY(field_put_text(parameters, "format", source->format));
	if (!source->passphrase.data)
		return KC_OK;
	passphrase = json_object_new_string_len((const char *)source->passphrase.data,
						(int)source->passphrase.len);
	if (passphrase)
		field_wipe_on_free(passphrase);
	return field_put(parameters, "passphrase", passphrase);
}

enum kc_status container_open(struct daemon *daemon, const struct container_source *source,
			      container_fn on_opened, void *userdata,
			      struct container **ret_container)
{
	static const char *const arguments[] = {"keycask-x509", NULL};
	CLEANUP(container_freep) struct container *container = calloc(1, sizeof(*container));
	CLEANUP(field_free) struct json_object *parameters = NULL;
	struct helper_options options = {.program = "keycask-x509",
					 .arguments = arguments,
					 .descriptor = -1,
					 .definition = protocol_org_keycask_X509,
					 .on_ended = on_ended,
					 .userdata = container};

	REQUIRE(container, KC_ERR_ALLOCATE, "out of memory");
	n_containers++;
	error_set_hint("try again when some are done");
	REQUIRE(n_containers <= CONTAINERS_MAX, KC_ERR_NOT_AVAILABLE,
		"%d files are being opened already", CONTAINERS_MAX);
	error_clear();
	REQUIRE(json_object_is_type(source->data, json_type_string), KC_ERR_PARAM,
		"there is no \"data\" to import");
	container->on_opened = on_opened;
	container->userdata = userdata;
	container->deadline_ms = daemon->config.import_deadline_ms;
	REQUIRE(sd_event_add_time_relative(daemon->event, &container->deadline, CLOCK_MONOTONIC,
					   (uint64_t)container->deadline_ms * US_PER_MS, 0,
					   on_deadline, container) >= 0,
		KC_ERR_ALLOCATE, "no event source for a deadline");
	TRY(field_new_object(&parameters));
	TRY(put_source(source, parameters));
	TRY(helper_new(daemon->event, &options, &container->helper));
	TRY(helper_call(container->helper, "org.keycask.X509.OpenContainer", take(parameters), -1,
			WIRE_NO_DEADLINE, on_answer, container));
	*ret_container = take(container);
	return KC_OK;
}
