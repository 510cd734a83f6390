/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef PROMPTS_PROMPT_H
#define PROMPTS_PROMPT_H

/*
 * Asking a person through pinentry, for a PIN, a password or a yes, one prompt at a time: the desk.
 * Pinentry blocks while the person thinks, so each prompt has a thread of its own; answers come on
 * the loop. No program can keep the others from the desk: each has a quota, and their turns go
 * round.
 */

#include <stdbool.h>
#include <systemd/sd-event.h>

#include "base/cleanup.h"
#include "base/secret.h"
#include "prompts/wording.h"

struct desk;
struct prompt;

struct desk_options {
	const char *program; /* pinentry, a path */
	unsigned timeout_s;  /* for one prompt */
	unsigned quota;	     /* prompts that a program may show in a minute */
};

/* The strings of @options must outlive the desk. */
KC_MUST_CHECK enum kc_status desk_new(sd_event *event, const struct desk_options *options,
				      struct desk **ret_desk);
struct desk *desk_free(struct desk *desk);
/* The daemon stops: every prompt is answered as cancelled, and there will be no others. */
void desk_close(struct desk *desk);
DEFINE_FREEP(desk)

/* Where the person is. Any may be NULL. */
struct prompt_place {
	const char *tty;
	const char *term;
	const char *display;
	const char *wayland_display;
	const char *xauthority;
	const char *locale;
};

/* @pin is what was typed: empty unless @status is KC_OK, and may be taken; a prompt with buttons
 * alone has none. Never runs inside prompt_start(). */
typedef void (*prompt_done_fn)(void *userdata, enum kc_status status, struct secret *pin);

/* Is there a place to ask at: a terminal or a display? */
bool prompt_is_possible(const struct prompt_place *place);

/*
 * One that the reader's keypad shows: it counts like any other of @client's program.
 * Expected: KC_ERR_NOT_AVAILABLE  its program has shown too many
 */
KC_MUST_CHECK enum kc_status prompt_claim(struct desk *desk, const char *program, int client);

/*
 * Ask as soon as it is this prompt's turn. Everything is copied. PROMPT_PIN_KEYPAD only says what
 * has been claimed.
 * Expected: KC_ERR_NOT_AVAILABLE  this client has enough questions waiting, or its program has
 *                                 shown too many
 */
KC_MUST_CHECK enum kc_status prompt_start(struct desk *desk, const struct prompt_place *place,
					  const struct prompt_text *text, prompt_done_fn on_done,
					  void *userdata, struct prompt **ret_prompt);

/* Take it away; on_done does not run. */
void prompt_cancel(struct prompt *prompt);

#endif
