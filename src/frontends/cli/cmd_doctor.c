/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* keycask doctor: what works on this machine, and what to type when something does not. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "frontends/cli/doctor_programs.h"
#include "frontends/cli/options.h"
#include "frontends/cli/page.h"
#include "frontends/cli/person.h"
#include "frontends/owned.h"

/* Where a PIN could be asked for; the daemon says with what. */
static void look_at_terminal(struct doctor *doctor)
{
	int fd = open("/dev/tty", O_RDWR | O_CLOEXEC);

	if (fd >= 0)
		close(fd);
	if (fd >= 0 || person_has_display())
		doctor_add(doctor, "prompts", "ok", NULL, NULL, "you can be asked for a PIN here%s",
			   fd < 0 ? ", in a window" : "");
	else
		doctor_add(doctor, "prompts", "warning", "there is neither terminal nor display",
			   "give PINs with --pin-fd", "nobody can be asked for a PIN from here");
}

static enum kc_status make_dictionary(const struct finding *finding,
				      struct kc_dictionary **ret_dictionary)
{
	CLEANUP(kc_dictionary_freep)
	struct kc_dictionary *dictionary =
		KC_DICTIONARY({"topic", KC_TEXT(finding->topic)},
			      {"state", KC_TEXT(finding->state)}, {"what", KC_TEXT(finding->what)});

	REQUIRE(dictionary, KC_ERR_ALLOCATE, "out of memory");
	if (finding->why[0])
		TRY(kc_dictionary_set(dictionary, "why", KC_TEXT(finding->why)));
	if (finding->advice[0])
		TRY(kc_dictionary_set(dictionary, "advice", KC_TEXT(finding->advice)));
	*ret_dictionary = take(dictionary);
	return KC_OK;
}

static enum kc_status make_value(const struct doctor *doctor, struct kc_literal *literals,
				 struct kc_dictionary **dictionaries, struct kc_value **ret_value)
{
	for (size_t i = 0; i < doctor->n; i++) {
		TRY(make_dictionary(&doctor->findings[i], &dictionaries[i]));
		literals[i] = KC_NESTED(dictionaries[i]);
	}
	return kc_value_new(KC_ARRAY(literals, doctor->n), ret_value);
}

static enum kc_status print_json(const struct doctor *doctor)
{
	CLEANUP(freep)
	struct kc_literal *literals = calloc(DOCTOR_FINDINGS_MAX, sizeof(*literals));
	CLEANUP(kc_value_freep) struct kc_value *value = NULL;
	struct kc_dictionary *dictionaries[DOCTOR_FINDINGS_MAX] = {NULL};
	enum kc_status status = KC_ERR_ALLOCATE;

	if (literals)
		status = make_value(doctor, literals, dictionaries, &value);
	for (size_t i = 0; i < doctor->n; i++)
		kc_dictionary_free(dictionaries[i]);
	TRY(status);
	return page_json(value);
}

static void print_line(const char *mark, const char *text)
{
	CLEANUP(freep) char *safe = page_safe(text);

	if (text[0])
		(void)printf("%-23s%s%s\n", "", mark, safe);
}

static void print_finding(const struct context *context, const struct finding *finding)
{
	CLEANUP(freep) char *what = page_safe(finding->what);
	bool is_ok = strcmp(finding->state, "ok") == 0;

	(void)printf("%s%-8s%s %-13s %s\n",
		     page_style(context->has_color, is_ok ? PAGE_GOOD : PAGE_BAD), finding->state,
		     page_style(context->has_color, PAGE_PLAIN), finding->topic, what);
	print_line("", finding->why);
	print_line("→ ", finding->advice);
}

static enum kc_status print(const struct context *context, const struct doctor *doctor)
{
	for (size_t i = 0; i < doctor->n; i++)
		print_finding(context, &doctor->findings[i]);
	if (!doctor->has_problem)
		(void)puts("\nNothing is in the way.");
	return page_finish();
}

static enum kc_status run(struct context *context, char **words, int n_words)
{
	CLEANUP(doctor_done) struct doctor doctor = {0};
	bool uses_readers = true;

	TRY(options_parse(context, NULL, 0, words, &n_words));
	if (context->wants_help)
		return KC_OK;
	TRY(options_no_words(context, words, n_words));
	TRY(doctor_ask_daemon(&doctor, &uses_readers));
	if (uses_readers)
		doctor_pcscd_look_at_socket(&doctor);
	look_at_terminal(&doctor);
	doctor_programs_look_at_each(&doctor);
	doctor_sort(&doctor);
	context->exit_status = doctor.has_problem ? CLI_EXIT_FAILED : CLI_EXIT_OK;
	return context->json ? print_json(&doctor) : print(context, &doctor);
}

const struct command cmd_doctor = {
	.name = "doctor",
	.arguments = "",
	.summary = "what works on this machine, and what to do about the rest",
	.help = "Looks at the daemon, the keychain's file, who gets which access groups, pcscd,\n"
		"readers, cards, drivers and prompts, and at the settings of other programs: "
		"whether they\n"
		"see the items, and what to type when they do not. A finding is ok, a warning or a "
		"problem; "
		"with\n"
		"a problem the exit status is 1. Starts the daemon, and works without it when "
		"that\n"
		"fails.\n",
	.run = run,
};
