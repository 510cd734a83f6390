/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CLI_SETUP_H
#define CLI_SETUP_H

/*
 * keycask setup: programs that have to be told of keycask, one row each (setup_NAME.c), and the
 * report in which each says where it is set up and where not. Texts are copied.
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/try.h"
#include "frontends/cli/cli.h"

enum {
	SETUP_TEXT_MAX = 512,
};

enum setup_state {
	SETUP_OFF,
	SETUP_ON,
	SETUP_UNAVAILABLE, /* not here: what says why, advice what to type */
	SETUP_FAILED,	   /* was to be changed, and could not */
};

struct setup_line {
	const char *name; /* of the row */
	enum setup_state state;
	char place[SETUP_TEXT_MAX]; /* a file or folder of the user, may be empty */
	char what[SETUP_TEXT_MAX];
	char advice[SETUP_TEXT_MAX]; /* or empty */
};

struct setup_report {
	struct setup_line *lines;
	size_t n;
	const char *name; /* of the row at work */
	bool is_change;	  /* something is to be changed; nobody fails who only looks */
};

/* What was said on the command line; each row uses what concerns it and refuses nothing else. */
struct setup_options {
	const char *profile; /* nss: this folder alone */
	const char *key;     /* ssh, git */
};

struct setup_row {
	const char *name;
	const char *summary;
	/* What is the case: one line for each place, at least one. Changes nothing. */
	enum kc_status (*look)(const struct setup_options *options, struct setup_report *report);
	/*
	 * Make it so, and take it away again: each line says what is the case then, and what was
	 * so before stays. A place that fails is SETUP_FAILED, and the others are done. Returned
	 * is a failure that concerns all of them.
	 */
	enum kc_status (*apply)(const struct setup_options *options, struct setup_report *report);
	enum kc_status (*undo)(const struct setup_options *options, struct setup_report *report);
};

void setup_report_done(struct setup_report *report);

/* One more line. @place and @advice may be NULL. */
KC_MUST_CHECK enum kc_status setup_tell(struct setup_report *report, enum setup_state state,
					const char *place, const char *advice, const char *format,
					...) __attribute__((format(printf, 5, 6)));

/* The failure that was recorded, as a line of @place: failed, or, of one who looks, unavailable. */
KC_MUST_CHECK enum kc_status setup_tell_failure(struct setup_report *report, const char *place);

bool setup_has_failed(const struct setup_report *report);

/* For people, or with --json. */
KC_MUST_CHECK enum kc_status setup_print(const struct context *context,
					 const struct setup_report *report);

/* The PKCS#11 module as it is installed, or what KEYCASK_PKCS11_MODULE says. Never NULL. */
const char *setup_module(void);

/* Each in its setup_ file. */
extern const struct setup_row setup_git;
extern const struct setup_row setup_nss;
extern const struct setup_row setup_ssh;

#endif
