/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The desk: prompts wait their turn, the first one has a thread with a pinentry. Two dialogs at
 * once would let one program's question be answered as another's.
 */
#include "prompts/prompt.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/copy.h"
#include "base/error.h"
#include "base/list.h"
#include "base/log.h"
#include "base/try.h"
#include "prompts/pinentry.h"
#include "prompts/quota.h"
#include "sys/socket.h"

enum {
	CLIENT_PROMPTS_MAX = 4,
	PATIENCE_S = 2, /* for a pinentry that keeps the time limit itself, and says so */
	USEC_PER_SEC = 1000000,
};

struct desk {
	sd_event *event;
	struct desk_options options;
	struct list prompts; /* prompt::link; the first one is shown */
	struct quota quota;
	bool is_closed;
};

enum place_field {
	PLACE_TTY,
	PLACE_TERM,
	PLACE_DISPLAY,
	PLACE_WAYLAND_DISPLAY,
	PLACE_XAUTHORITY,
	PLACE_LOCALE,
	PLACE_FIELDS,
};

struct prompt {
	struct list link; /* desk::prompts */
	struct desk *desk;
	char *place[PLACE_FIELDS];
	enum prompt_kind kind;
	int client;
	char program[QUOTA_PROGRAM_BYTES]; /* for its quota, and its turn */
	char *description;
	char *error;
	prompt_done_fn on_done;
	void *userdata;
	int answered; /* eventfd, written by the thread when it ends */
	sd_event_source *watch;
	/* While it is shown: */
	bool is_shown;
	pthread_t thread;
	sd_event_source *deadline;
	bool is_late;
	struct pinentry_control *control;
	enum kc_status status; /* the thread's, after it has ended */
	struct error_record record;
	struct secret pin;
};

enum kc_status desk_new(sd_event *event, const struct desk_options *options, struct desk **ret_desk)
{
	struct desk *desk = calloc(1, sizeof(*desk));

	REQUIRE(desk, KC_ERR_ALLOCATE, "out of memory");
	*desk = (struct desk){.event = event, .options = *options};
	list_init(&desk->prompts);
	quota_init(&desk->quota, options->quota);
	*ret_desk = desk;
	return KC_OK;
}

/* Make the thread end, and wait for that. */
static void join_thread(struct prompt *prompt)
{
	if (!prompt->is_shown)
		return;
	pinentry_cancel(prompt->control);
	ignore(pthread_join(prompt->thread, NULL));
	prompt->is_shown = false;
}

static struct prompt *prompt_free(struct prompt *prompt)
{
	if (!prompt)
		return NULL;
	list_remove(&prompt->link);
	join_thread(prompt);
	pinentry_control_free(prompt->control);
	prompt->watch = sd_event_source_disable_unref(prompt->watch);
	prompt->deadline = sd_event_source_disable_unref(prompt->deadline);
	socket_close(&prompt->answered);
	secret_done(&prompt->pin);
	for (size_t i = 0; i < PLACE_FIELDS; i++)
		free(prompt->place[i]);
	free(prompt->description);
	free(prompt->error);
	free(prompt);
	return NULL;
}
DEFINE_FREEP(prompt)

struct desk *desk_free(struct desk *desk)
{
	if (!desk)
		return NULL;
	while (!list_is_empty(&desk->prompts))
		ignore(prompt_free(list_entry(desk->prompts.next, struct prompt, link)) != NULL);
	free(desk);
	return NULL;
}

bool prompt_is_possible(const struct prompt_place *place)
{
	return place->tty || place->display || place->wayland_display;
}

static void *run_thread(void *userdata)
{
	struct prompt *prompt = userdata;
	struct pinentry_request request = {
		.program = prompt->desk->options.program,
		.timeout_s = prompt->desk->options.timeout_s,
		.tty = prompt->place[PLACE_TTY],
		.term = prompt->place[PLACE_TERM],
		.display = prompt->place[PLACE_DISPLAY],
		.wayland_display = prompt->place[PLACE_WAYLAND_DISPLAY],
		.xauthority = prompt->place[PLACE_XAUTHORITY],
		.locale = prompt->place[PLACE_LOCALE],
		.description = prompt->description,
		.field = wording_field(prompt->kind),
		.ok = wording_ok(prompt->kind),
		.cancel = wording_cancel(prompt->kind),
		.error = prompt->error,
		.control = prompt->control,
	};

	error_clear();
	prompt->status = pinentry_ask(&request, &prompt->pin);
	prompt->record = *error_get();
	ignore(eventfd_write(prompt->answered, 1));
	return NULL;
}

static uint64_t now_us(const struct desk *desk)
{
	uint64_t usec = 0;

	ignore(sd_event_now(desk->event, CLOCK_MONOTONIC, &usec) < 0);
	return usec;
}

static void show_next(struct desk *desk);

static int on_answered(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	CLEANUP(prompt_freep) struct prompt *prompt = userdata;
	struct desk *desk = prompt->desk;

	(void)source;
	(void)fd;
	(void)revents;
	join_thread(prompt);
	list_remove(&prompt->link);
	error_adopt(&prompt->record);
	if (prompt->is_late && prompt->status != KC_OK) {
		error_clear();
		prompt->status =
			fail(KC_ERR_USER_CANCELED, "nobody answered the prompt within %u s",
			     desk->options.timeout_s);
	}
	if (prompt->status == KC_ERR_USER_CANCELED)
		quota_note_unwanted(&desk->quota, prompt->program, now_us(desk));
	prompt->on_done(prompt->userdata, prompt->status, &prompt->pin);
	show_next(desk);
	return 0;
}

/* Not every pinentry keeps its time limit, and some never begin to talk. */
static int on_deadline(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct prompt *prompt = userdata;

	(void)source;
	(void)usec;
	prompt->is_late = true;
	pinentry_cancel(prompt->control);
	return 0;
}

static enum kc_status set_deadline(struct prompt *prompt)
{
	uint64_t seconds = (uint64_t)prompt->desk->options.timeout_s + PATIENCE_S;

	REQUIRE(sd_event_add_time_relative(prompt->desk->event, &prompt->deadline, CLOCK_MONOTONIC,
					   seconds * USEC_PER_SEC, 0, on_deadline, prompt) >= 0,
		KC_ERR_INTERNAL, "no timer for the prompt");
	return KC_OK;
}

static enum kc_status show(struct prompt *prompt)
{
	TRY(pinentry_control_new(&prompt->control));
	TRY(set_deadline(prompt));
	REQUIRE(pthread_create(&prompt->thread, NULL, run_thread, prompt) == 0,
		KC_ERR_NOT_AVAILABLE, "no thread for the prompt");
	prompt->is_shown = true;
	return KC_OK;
}

/* Of all who wait: whose program was shown longest ago, and of its prompts the oldest. */
static struct prompt *choose_next(const struct desk *desk)
{
	struct prompt *next = list_entry(desk->prompts.next, struct prompt, link);

	if (next->is_shown || next->status != KC_OK) /* the latter could not be, and says so soon */
		return NULL;
	list_for_each (link, &desk->prompts) {
		struct prompt *other = list_entry(link, struct prompt, link);

		if (quota_last_turn(&desk->quota, other->program) <
		    quota_last_turn(&desk->quota, next->program))
			next = other;
	}
	return next;
}

/* A prompt that cannot be shown answers like one that failed, on the next turn of the loop. */
static void show_next(struct desk *desk)
{
	struct prompt *prompt = NULL;
	enum kc_status status = KC_OK;

	if (list_is_empty(&desk->prompts))
		return;
	prompt = choose_next(desk);
	if (!prompt)
		return;
	list_remove(&prompt->link);
	list_append(desk->prompts.next, &prompt->link);
	quota_note_turn(&desk->quota, prompt->program);
	error_clear();
	status = show(prompt);
	if (status == KC_OK)
		return; /* from here on the thread alone writes the prompt's status */
	prompt->status = status;
	prompt->record = *error_get();
	log_error("prompt: %s", prompt->record.message);
	ignore(eventfd_write(prompt->answered, 1));
}

/* What an answer takes, before there can be one: without it nobody would hear of a failure. */
static enum kc_status prepare_answer(struct prompt *prompt)
{
	prompt->answered = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	REQUIRE(prompt->answered >= 0, KC_ERR_NOT_AVAILABLE, "eventfd: %s", strerror(errno));
	REQUIRE(sd_event_add_io(prompt->desk->event, &prompt->watch, prompt->answered, EPOLLIN,
				on_answered, prompt) >= 0,
		KC_ERR_INTERNAL, "cannot watch the prompt");
	return KC_OK;
}

static enum kc_status copy_place(struct prompt *prompt, const struct prompt_place *place)
{
	TRY(copy_text(place->tty, &prompt->place[PLACE_TTY]));
	TRY(copy_text(place->term, &prompt->place[PLACE_TERM]));
	TRY(copy_text(place->display, &prompt->place[PLACE_DISPLAY]));
	TRY(copy_text(place->wayland_display, &prompt->place[PLACE_WAYLAND_DISPLAY]));
	TRY(copy_text(place->xauthority, &prompt->place[PLACE_XAUTHORITY]));
	return copy_text(place->locale, &prompt->place[PLACE_LOCALE]);
}

/* A program that cannot be read stands for itself alone. */
static void name_program(const char *program, int client, char ret_name[QUOTA_PROGRAM_BYTES])
{
	if (program && program[0])
		(void)snprintf(ret_name, QUOTA_PROGRAM_BYTES, "%s", program);
	else
		(void)snprintf(ret_name, QUOTA_PROGRAM_BYTES, "process %d", client);
}

static enum kc_status copy_text_of(struct prompt *prompt, const struct prompt_text *text)
{
	name_program(text->program, text->client, prompt->program);
	TRY(wording_describe(text, &prompt->description));
	return wording_error(text, &prompt->error);
}

/* Dialog upon dialog would wear a person down until one is answered. */
static enum kc_status check_waiting(struct desk *desk, const struct prompt_text *text)
{
	int n_prompts = 0;

	list_for_each (link, &desk->prompts)
		n_prompts += list_entry(link, struct prompt, link)->client == text->client;
	REQUIRE(n_prompts < CLIENT_PROMPTS_MAX, KC_ERR_NOT_AVAILABLE,
		"this program has %d prompts waiting already", n_prompts);
	return KC_OK;
}

static enum kc_status take_quota(struct desk *desk, const char *program)
{
	unsigned wait_s = 0;

	if (quota_take(&desk->quota, program, now_us(desk), &wait_s))
		return KC_OK;
	error_set_hint("try again in %u s", wait_s);
	return fail(KC_ERR_NOT_AVAILABLE,
		    "this program has shown too many prompts; it may show the next in %u s",
		    wait_s);
}

enum kc_status prompt_claim(struct desk *desk, const char *program, int client)
{
	char name[QUOTA_PROGRAM_BYTES];

	name_program(program, client, name);
	return take_quota(desk, name);
}

enum kc_status prompt_start(struct desk *desk, const struct prompt_place *place,
			    const struct prompt_text *text, prompt_done_fn on_done, void *userdata,
			    struct prompt **ret_prompt)
{
	CLEANUP(prompt_freep) struct prompt *prompt = calloc(1, sizeof(*prompt));

	REQUIRE(prompt, KC_ERR_ALLOCATE, "out of memory");
	*prompt = (struct prompt){.desk = desk,
				  .kind = text->kind,
				  .answered = -1,
				  .client = text->client,
				  .on_done = on_done,
				  .userdata = userdata};
	list_init(&prompt->link);
	REQUIRE(!desk->is_closed, KC_ERR_NOT_AVAILABLE, "keycaskd is stopping");
	TRY(check_waiting(desk, text));
	TRY(prepare_answer(prompt));
	TRY(copy_place(prompt, place));
	TRY(copy_text_of(prompt, text));
	if (prompt->kind != PROMPT_PIN_KEYPAD)
		TRY(take_quota(desk, prompt->program));
	list_append(&desk->prompts, &prompt->link);
	*ret_prompt = take(prompt);
	show_next(desk);
	return KC_OK;
}

void desk_close(struct desk *desk)
{
	desk->is_closed = true;
	while (!list_is_empty(&desk->prompts)) {
		CLEANUP(prompt_freep)
		struct prompt *prompt = list_entry(desk->prompts.next, struct prompt, link);

		list_remove(&prompt->link);
		join_thread(prompt);
		secret_done(&prompt->pin);
		error_clear();
		prompt->on_done(prompt->userdata,
				fail(KC_ERR_USER_CANCELED, "keycaskd is stopping"), &prompt->pin);
	}
}

void prompt_cancel(struct prompt *prompt)
{
	struct desk *desk = prompt ? prompt->desk : NULL;

	if (!prompt)
		return;
	ignore(prompt_free(prompt) != NULL);
	show_next(desk);
}
