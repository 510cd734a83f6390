/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What becomes of a file whose process does not answer, or dies, and of too many at once. What it
 * answers is in tests/integration/test_import.py. */
#include "daemon/container.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/try.h"
#include "harness/test.h"

enum {
	DEADLINE_MS = 50,
	NEVER_MS = 600000, /* what ends by itself may take its time */
	AT_ONCE = 8,
};

struct outcome {
	bool has_come;
	enum kc_status status;
};

/* A keycask-x509 of ours, in the test's own folder. */
static struct daemon start(const char *script, unsigned deadline_ms)
{
	struct daemon daemon = {.config.import_deadline_ms = deadline_ms};
	char path[PATHS_MAX];
	FILE *file = NULL;

	CHECK(snprintf(path, sizeof(path), "%s/keycask-x509", test_directory()) < PATHS_MAX);
	file = fopen(path, "w");
	CHECK(file && fputs(script, file) >= 0 && fclose(file) == 0);
	CHECK(chmod(path, 0700) == 0);
	CHECK(setenv("KEYCASK_LIBEXEC_DIR", test_directory(), 1) == 0);
	CHECK(sd_event_new(&daemon.event) >= 0);
	return daemon;
}

static void on_opened(void *userdata, enum kc_status status, struct json_object *contents)
{
	struct outcome *outcome = userdata;

	CHECK(!contents);
	*outcome = (struct outcome){true, status};
}

static enum kc_status open_file(struct daemon *daemon, struct outcome *outcome,
				struct container **ret_container)
{
	CLEANUP(field_free) struct json_object *data = json_object_new_string("MAA=");
	struct container_source source = {.data = data};

	error_clear();
	return container_open(daemon, &source, on_opened, outcome, ret_container);
}

static void check_end(const char *script, unsigned deadline_ms, enum kc_status status,
		      const char *message)
{
	struct daemon daemon = start(script, deadline_ms);
	struct outcome outcome = {.has_come = false};
	struct container *container = NULL;

	CHECK_OK(open_file(&daemon, &outcome, &container));
	while (!outcome.has_come)
		CHECK(sd_event_run(daemon.event, UINT64_MAX) >= 0);
	CHECK_INT(outcome.status, status);
	CHECK_TEXT(error_get()->message, message);
	sd_event_unref(daemon.event);
}

TEST(a_container_has_a_deadline)
{
	check_end("#!/bin/sh\nexec cat <&3 >/dev/null\n", DEADLINE_MS, KC_ERR_PARAM,
		  "the file was not decrypted within 1 seconds");
	CHECK(strstr(error_get()->hint, "import_deadline_ms"));
}

TEST(a_container_may_die)
{
	check_end("#!/bin/sh\nexit 1\n", NEVER_MS, KC_ERR_DECODE,
		  "the process that was to read the file died of it");
}

TEST(containers_are_not_many_at_once)
{
	struct daemon daemon = start("#!/bin/sh\nexec cat <&3 >/dev/null\n", DEADLINE_MS);
	struct outcome outcome = {.has_come = false};
	struct container *containers[AT_ONCE + 1] = {NULL};

	for (size_t i = 0; i < AT_ONCE; i++)
		CHECK_OK(open_file(&daemon, &outcome, &containers[i]));
	CHECK_STATUS(open_file(&daemon, &outcome, &containers[AT_ONCE]), KC_ERR_NOT_AVAILABLE);
	CHECK_TEXT(error_get()->message, "8 files are being opened already");
	containers[0] = container_free(containers[0]);
	CHECK_OK(open_file(&daemon, &outcome, &containers[AT_ONCE]));
	for (size_t i = 0; i <= AT_ONCE; i++)
		ignore(container_free(containers[i]) != NULL);
	sd_event_unref(daemon.event);
}

TEST(a_container_needs_data)
{
	struct daemon daemon = start("#!/bin/sh\n", DEADLINE_MS);
	struct container_source source = {.format = "pem"};
	struct container *container = NULL;

	CHECK_STATUS(container_open(&daemon, &source, on_opened, NULL, &container), KC_ERR_PARAM);
	CHECK_TEXT(error_get()->message, "there is no \"data\" to import");
	sd_event_unref(daemon.event);
}
