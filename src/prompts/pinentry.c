/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Pinentry's side of the Assuan protocol: options, texts, GETPIN. */
#include "prompts/pinentry.h"

#include <assuan.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/try.h"
#include "codec/utf8.h"
#include "prompts/terminal.h"
#include "sys/child.h"
#include "sys/socket.h"

enum {
	LINE_BYTES = 1000, /* ASSUAN_LINELENGTH less room for the line's end */
	PIN_BYTES_MAX = 255,
};

static void release_context(assuan_context_t *context)
{
	if (*context)
		assuan_release(*context);
}

enum kc_status pinentry_control_new(struct pinentry_control **ret_control)
{
	struct pinentry_control *control = mmap(NULL, sizeof(*control), PROT_READ | PROT_WRITE,
						MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	REQUIRE(control != MAP_FAILED, KC_ERR_ALLOCATE, "out of memory");
	control->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (control->wake < 0) {
		pinentry_control_free(control);
		return fail(KC_ERR_NOT_AVAILABLE, "eventfd: %s", strerror(errno));
	}
	*ret_control = control;
	return KC_OK;
}

void pinentry_control_free(struct pinentry_control *control)
{
	if (!control)
		return;
	socket_close(&control->wake);
	ignore(munmap(control, sizeof(*control)));
}

/* The group, because a pinentry may be a script that runs another. */
void pinentry_cancel(struct pinentry_control *control)
{
	int group = 0;

	atomic_store(&control->is_cancelled, true);
	group = atomic_load(&control->group);
	if (group > 0)
		ignore(kill(-group, SIGKILL));
	/* Now, not before: the thread that wakes up forgets the group, and waits for its leader. */
	ignore(eventfd_write(control->wake, 1));
}

/* In the child: what a graphical pinentry finds in its environment only. */
static void set_environment(const struct pinentry_request *request)
{
	if (request->display)
		ignore(setenv("DISPLAY", request->display, 1));
	if (request->wayland_display)
		ignore(setenv("WAYLAND_DISPLAY", request->wayland_display, 1));
	if (request->xauthority)
		ignore(setenv("XAUTHORITY", request->xauthority, 1));
}

/*
 * In the child, between fork and exec. Either pinentry_cancel() sees the group or the group sees
 * that it is cancelled. It dies with the prompt's thread, and takes signals as programs do.
 */
static void prepare_child(void *userdata, int reserved)
{
	const struct pinentry_request *request = userdata;
	struct sigaction usual = {.sa_handler = SIG_DFL};
	sigset_t none;

	(void)reserved;
	ignore(setsid()); /* a background group of our terminal would stop when it reads */
	ignore(child_die_with_parent());
	atomic_store(&request->control->group, (int)getpid());
	if (atomic_load(&request->control->is_cancelled))
		_exit(EXIT_FAILURE);
	ignore(sigemptyset(&none));
	ignore(sigprocmask(SIG_SETMASK, &none, NULL));
	ignore(sigaction(SIGPIPE, &usual, NULL));
	set_environment(request);
}

static enum kc_status connect_program(const struct pinentry_request *request,
				      assuan_context_t context)
{
	const char *arguments[] = {request->program, NULL};
	int kept[] = {STDERR_FILENO, -1};
	void *userdata = NULL;
	gpg_error_t error = 0;

	memcpy(&userdata, &request, sizeof(userdata)); /* libassuan takes it without const */
	error = assuan_pipe_connect(context, request->program, arguments, kept, prepare_child,
				    userdata, 0);
	REQUIRE(!error, KC_ERR_NOT_AVAILABLE, "cannot run %s: %s", request->program,
		gpg_strerror(error));
	return KC_OK;
}

/* Percent-escape what Assuan lines cannot carry; @text is cut to the line. */
static void put_line(char line[LINE_BYTES], const char *command, const char *text)
{
	size_t used = (size_t)snprintf(line, LINE_BYTES, "%s ", command);

	for (const char *c = text; *c && used < LINE_BYTES - 4; c++) {
		if (*c == '%' || (unsigned char)*c < ' ')
			used += (size_t)snprintf(line + used, LINE_BYTES - used, "%%%02X",
						 (unsigned)(unsigned char)*c);
		else
			line[used++] = *c;
	}
	line[used] = '\0';
}

static gpg_error_t send_line(assuan_context_t context, const char *command, const char *text)
{
	char line[LINE_BYTES];

	put_line(line, command, text);
	return assuan_transact(context, line, NULL, NULL, NULL, NULL, NULL, NULL);
}

/* "OPTION name=value"; a pinentry that does not know it says so, and that does not matter. */
static void send_option(assuan_context_t context, const char *name, const char *value)
{
	char option[LINE_BYTES];

	if (!value)
		return;
	(void)snprintf(option, sizeof(option), "%s=%.500s", name, value);
	ignore(send_line(context, "OPTION", option));
}

static enum kc_status send_texts(const struct pinentry_request *request, assuan_context_t context)
{
	char timeout[16];
	gpg_error_t error = 0;

	send_option(context, "ttyname", request->tty);
	send_option(context, "ttytype", request->term);
	send_option(context, "lc-ctype", request->locale);
	send_option(context, "lc-messages", request->locale);
	ignore(send_line(context, "OPTION", "no-grab"));
	(void)snprintf(timeout, sizeof(timeout), "%u", request->timeout_s);
	ignore(send_line(context, "SETTIMEOUT", timeout));
	ignore(send_line(context, "SETTITLE", "keycask"));
	if (request->field)
		ignore(send_line(context, "SETPROMPT", request->field));
	if (request->ok)
		ignore(send_line(context, "SETOK", request->ok));
	if (request->cancel)
		ignore(send_line(context, "SETCANCEL", request->cancel));
	error = send_line(context, "SETDESC", request->description);
	if (!error && request->error)
		error = send_line(context, "SETERROR", request->error);
	REQUIRE(!error, KC_ERR_NOT_AVAILABLE, "%s: %s", request->program, gpg_strerror(error));
	return KC_OK;
}

/* What CONFIRM and GETPIN fail with, when that is the person's doing. */
static enum kc_status fail_as_answered(const struct pinentry_request *request, gpg_error_t error)
{
	switch ((int)gpg_err_code(error)) {
	case GPG_ERR_CANCELED:
	case GPG_ERR_NOT_CONFIRMED:
	case GPG_ERR_FULLY_CANCELED:
		return fail(KC_ERR_USER_CANCELED, "the prompt was cancelled");
	case GPG_ERR_TIMEOUT:
		return fail(KC_ERR_USER_CANCELED, "nobody answered the prompt within %u s",
			    request->timeout_s);
	default:
		return fail(KC_ERR_NOT_AVAILABLE, "%s: %s", request->program, gpg_strerror(error));
	}
}

/* The person is told, or asked, and may say no. */
static enum kc_status confirm(const struct pinentry_request *request, assuan_context_t context)
{
	gpg_error_t error = assuan_transact(context, "CONFIRM", NULL, NULL, NULL, NULL, NULL, NULL);

	return error ? fail_as_answered(request, error) : KC_OK;
}

static gpg_error_t on_data(void *userdata, const void *data, size_t len)
{
	struct secret *pin = userdata;

	if (pin->len + len > PIN_BYTES_MAX)
		return gpg_error(GPG_ERR_TOO_LARGE);
	memcpy(pin->data + pin->len, data, len);
	pin->len += len;
	return 0;
}

static enum kc_status get_pin(const struct pinentry_request *request, assuan_context_t context,
			      struct secret *ret_pin)
{
	CLEANUP(secret_done) struct secret pin = {0};
	gpg_error_t error = 0;

	TRY(secret_reserve(&pin, PIN_BYTES_MAX));
	assuan_begin_confidential(context);
	error = assuan_transact(context, "GETPIN", on_data, &pin, NULL, NULL, NULL, NULL);
	assuan_end_confidential(context);
	if (error)
		return fail_as_answered(request, error);
	REQUIRE(utf8_is_text(secret_view(&pin)), KC_ERR_NOT_AVAILABLE,
		"%s gave something that is no text", request->program);
	*ret_pin = secret_take(&pin);
	return KC_OK;
}

/* libassuan reports a program that is not there as one that says nothing. */
static enum kc_status check_program(const struct pinentry_request *request)
{
	if (access(request->program, X_OK) == 0)
		return KC_OK;
	error_set_hint("install a pinentry, or name one as \"pinentry\" in config.json");
	return fail(KC_ERR_NOT_AVAILABLE, "cannot run %s: %s", request->program, strerror(errno));
}

static enum kc_status converse(const struct pinentry_request *request, assuan_context_t context,
			       struct secret *ret_pin)
{
	TRY(check_program(request));
	TRY(connect_program(request, context));
	TRY(send_texts(request, context));
	return request->field ? get_pin(request, context, ret_pin) : confirm(request, context);
}

/*
 * What pinentry has started may have left its group, and keeps our pipe open after the others are
 * dead: once cancelled, this is the end of the conversation whoever else could speak.
 */
static ssize_t read_until_cancelled(assuan_context_t context, assuan_fd_t fd, void *buffer,
				    size_t size)
{
	const struct pinentry_control *control = assuan_get_pointer(context);
	struct pollfd polls[] = {{.fd = control->wake, .events = POLLIN},
				 {.fd = fd, .events = POLLIN}};

	if (poll(polls, ARRAY_LEN(polls), -1) < 0)
		return -1; /* EINTR is asked again */
	return polls[0].revents ? 0 : read(fd, buffer, size);
}

static void make_cancellable(assuan_context_t context, struct pinentry_control *control)
{
	/* A pipe needs no sockets, whose hooks are left out. */
	struct assuan_system_hooks hooks = {.version = ASSUAN_SYSTEM_HOOKS_VERSION,
					    .usleep = __assuan_usleep,
					    .pipe = __assuan_pipe,
					    .close = __assuan_close,
					    .read = read_until_cancelled,
					    .write = __assuan_write,
					    .spawn = __assuan_spawn,
					    .waitpid = __assuan_waitpid};

	assuan_set_pointer(context, control);
	assuan_ctx_set_system_hooks(context, &hooks);
}

enum kc_status pinentry_ask(const struct pinentry_request *request, struct secret *ret_pin)
{
	CLEANUP(terminal_restore) struct terminal terminal = {.fd = -1};
	CLEANUP(release_context) assuan_context_t context = NULL; /* ends first, and pinentry */
	enum kc_status status = KC_OK;

	REQUIRE(!assuan_new(&context), KC_ERR_ALLOCATE, "out of memory");
	make_cancellable(context, request->control);
	terminal_remember(request->tty, &terminal);
	status = converse(request, context, ret_pin);
	atomic_store(&request->control->group, 0); /* assuan_release() reaps it */
	return status;
}
