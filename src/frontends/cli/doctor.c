/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The list of findings, and the daemon's part of it. */
#include "frontends/cli/doctor.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <keycask/daemon.h>
#include <keycask/error.h>

#include "frontends/owned.h"

void doctor_done(struct doctor *doctor)
{
	free(doctor->findings);
	*doctor = (struct doctor){0};
}

static void copy(char *ret_text, size_t size, const char *text)
{
	(void)snprintf(ret_text, size, "%s", text ? text : "");
}

static struct finding *next(struct doctor *doctor)
{
	if (!doctor->findings)
		doctor->findings = calloc(DOCTOR_FINDINGS_MAX, sizeof(*doctor->findings));
	if (!doctor->findings || doctor->n == DOCTOR_FINDINGS_MAX)
		return NULL;
	return &doctor->findings[doctor->n++];
}

void doctor_add(struct doctor *doctor, const char *topic, const char *state, const char *why,
		const char *advice, const char *format, ...)
{
	struct finding *finding = next(doctor);
	va_list arguments;

	doctor->has_problem |= strcmp(state, "problem") == 0;
	if (!finding)
		return;
	va_start(arguments, format);
	(void)vsnprintf(finding->what, sizeof(finding->what), format, arguments);
	va_end(arguments);
	copy(finding->topic, sizeof(finding->topic), topic);
	copy(finding->state, sizeof(finding->state), state);
	copy(finding->why, sizeof(finding->why), why);
	copy(finding->advice, sizeof(finding->advice), advice);
}

/* Topics in this order, whoever found them; findings of one as they came. */
static size_t rank_of(const char *topic)
{
	static const char *const topics[] = {"daemon",	"keychain", "pcscd",
					     "readers", "drivers",  "confinement",
					     "access",	"prompts",  "programs"};
	size_t i = 0;

	while (i < ARRAY_LEN(topics) && strcmp(topics[i], topic) != 0)
		i++;
	return i;
}

void doctor_sort(struct doctor *doctor)
{
	for (size_t i = 1; i < doctor->n; i++) {
		struct finding moved = doctor->findings[i];
		size_t at = i;

		for (; at > 0 && rank_of(doctor->findings[at - 1].topic) > rank_of(moved.topic);
		     at--)
			doctor->findings[at] = doctor->findings[at - 1];
		doctor->findings[at] = moved;
	}
}

static const char *text_of(const struct kc_dictionary *dictionary, const char *name)
{
	const char *text = kc_dictionary_text(dictionary, name);

	return text ? text : "";
}

static enum kc_status take_findings(struct doctor *doctor)
{
	CLEANUP(kc_value_freep) struct kc_value *findings = NULL;

	TRY(kc_daemon_examine(&findings));
	for (size_t i = 0; i < kc_value_count(findings); i++) {
		const struct kc_dictionary *finding = kc_value_dictionary(kc_value_at(findings, i));

		doctor_add(doctor, text_of(finding, "topic"), text_of(finding, "state"),
			   kc_dictionary_text(finding, "why"),
			   kc_dictionary_text(finding, "advice"), "%s", text_of(finding, "what"));
	}
	return KC_OK;
}

/* A daemon that runs may be older than what was installed since. */
static void compare_versions(struct doctor *doctor, const struct kc_dictionary *status)
{
	const char *version = text_of(status, "version");

	if (strcmp(version, kc_version()) != 0)
		doctor_add(doctor, "daemon", "warning", NULL,
			   "keycask daemon stop; the next command starts the new one",
			   "the daemon is of version %s, keycask of version %s", version,
			   kc_version());
}

static bool uses_readers(const struct kc_dictionary *status)
{
	const struct kc_value *providers = kc_dictionary_get(status, "providers");

	for (size_t i = 0; i < kc_value_count(providers); i++) {
		const struct kc_dictionary *provider =
			kc_value_dictionary(kc_value_at(providers, i));

		if (strcmp(text_of(provider, "name"), "pcsc") == 0)
			return true;
	}
	return false;
}

static void tell_failure(struct doctor *doctor, const char *what)
{
	const struct kc_error *error = kc_error_last();
	const char *hint = kc_error_hint(error);

	doctor_add(doctor, "daemon", "problem", kc_error_message(error),
		   hint[0] ? hint : "see what it says: keycaskd --foreground", "%s", what);
}

enum kc_status doctor_ask_daemon(struct doctor *doctor, bool *ret_uses_readers)
{
	CLEANUP(kc_dictionary_freep) struct kc_dictionary *status = NULL;

	*ret_uses_readers = true;
	if (kc_daemon_start() != KC_OK) {
		tell_failure(doctor, "keycaskd is not running and cannot be started");
		return KC_OK;
	}
	TRY(kc_daemon_status(&status));
	compare_versions(doctor, status);
	*ret_uses_readers = uses_readers(status);
	(void)snprintf(doctor->agent_socket, sizeof(doctor->agent_socket), "%s",
		       text_of(status, "ssh_agent_socket"));
	if (take_findings(doctor) != KC_OK)
		tell_failure(doctor, "keycaskd cannot be examined");
	return KC_OK;
}
