/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The terminal is read key by key, without its signals: so that it is as it was before when the
 * person gives up with the interrupt key, and the program does not die with the echo off.
 */
#include "frontends/cli/hidden_input.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/try.h"

struct terminal {
	int fd;
	bool is_changed;
	struct termios before;
};

static void terminal_done(struct terminal *terminal)
{
	if (terminal->is_changed)
		ignore(tcsetattr(terminal->fd, TCSAFLUSH, &terminal->before));
	if (terminal->fd >= 0)
		close(terminal->fd);
}

static int open_terminal(void)
{
	return open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
}

static enum kc_status begin(struct terminal *terminal)
{
	terminal->fd = open_terminal();
	REQUIRE(terminal->fd >= 0, KC_ERR_NOT_AVAILABLE, "there is no terminal to ask on");
	REQUIRE(tcgetattr(terminal->fd, &terminal->before) == 0, KC_ERR_NOT_AVAILABLE,
		"the terminal does not answer: %s", strerror(errno));
	return KC_OK;
}

static enum kc_status hide(struct terminal *terminal)
{
	struct termios hidden = terminal->before;

	hidden.c_lflag &= ~(tcflag_t)(ECHO | ECHONL | ICANON | ISIG);
	hidden.c_cc[VMIN] = 1;
	hidden.c_cc[VTIME] = 0;
	terminal->is_changed = true;
	REQUIRE(tcsetattr(terminal->fd, TCSAFLUSH, &hidden) == 0, KC_ERR_NOT_AVAILABLE,
		"cannot turn the terminal's echo off: %s", strerror(errno));
	return KC_OK;
}

static enum kc_status show(const struct terminal *terminal, const char *text)
{
	REQUIRE(write(terminal->fd, text, strlen(text)) == (ssize_t)strlen(text),
		KC_ERR_NOT_AVAILABLE, "cannot write to the terminal: %s", strerror(errno));
	return KC_OK;
}

static enum kc_status read_key(const struct terminal *terminal, uint8_t *ret_key)
{
	ssize_t n = 0;

	do
		n = read(terminal->fd, ret_key, 1);
	while (n < 0 && errno == EINTR);
	REQUIRE(n == 1, KC_ERR_USER_CANCELED, "the terminal is gone");
	return KC_OK;
}

/* A character of UTF-8 is several bytes: those that go on begin with the bits 10. */
static void erase_character(struct secret *line)
{
	bool goes_on = line->len > 0;

	while (goes_on) {
		goes_on = (line->data[--line->len] & 0xC0) == 0x80 && line->len > 0;
		line->data[line->len] = 0;
	}
}

static bool is_key(const struct terminal *terminal, uint8_t key, int which)
{
	cc_t code = terminal->before.c_cc[which];

	return code != _POSIX_VDISABLE && key == code;
}

/* True in *ret_ended: the line is whole. */
static enum kc_status take_key(const struct terminal *terminal, uint8_t key, struct secret *line,
			       bool *ret_ended)
{
	bool gives_up = is_key(terminal, key, VINTR) || is_key(terminal, key, VQUIT) ||
			(is_key(terminal, key, VEOF) && line->len == 0);

	REQUIRE(!gives_up, KC_ERR_USER_CANCELED, "cancelled");
	*ret_ended = key == '\n' || key == '\r' || is_key(terminal, key, VEOF);
	if (*ret_ended)
		return KC_OK;
	if (is_key(terminal, key, VERASE) || key == '\b' || key == 0x7F) {
		erase_character(line);
		return KC_OK;
	}
	if (is_key(terminal, key, VKILL)) {
		explicit_bzero(line->data, line->len);
		line->len = 0;
		return KC_OK;
	}
	REQUIRE(line->len < SECRET_MAX, KC_ERR_PARAM, "a line of more than %d bytes", SECRET_MAX);
	line->data[line->len++] = key;
	return KC_OK;
}

static enum kc_status read_line(const struct terminal *terminal, struct secret *line)
{
	bool ended = false;
	uint8_t key = 0;

	while (!ended) {
		TRY(read_key(terminal, &key));
		TRY(take_key(terminal, key, line, &ended));
	}
	return KC_OK;
}

bool hidden_input_is_possible(void)
{
	struct terminal terminal = {.fd = open_terminal()};
	bool is_possible = terminal.fd >= 0;

	terminal_done(&terminal);
	return is_possible;
}

enum kc_status hidden_input_read(const char *prompt, struct secret *ret_line)
{
	CLEANUP(terminal_done) struct terminal terminal = {.fd = -1};
	CLEANUP(secret_done) struct secret line = {NULL, 0, 0};
	enum kc_status status = KC_OK;

	TRY(begin(&terminal));
	TRY(secret_reserve(&line, SECRET_MAX));
	TRY(hide(&terminal));
	TRY(show(&terminal, prompt));
	status = read_line(&terminal, &line);
	TRY(show(&terminal, "\n"));
	TRY(status);
	*ret_line = secret_take(&line);
	return KC_OK;
}

enum kc_status hidden_input_confirm(const char *question, bool *ret_yes)
{
	CLEANUP(terminal_done) struct terminal terminal = {.fd = -1};
	char answer[16] = "";
	ssize_t n = 0;

	TRY(begin(&terminal));
	TRY(show(&terminal, question));
	n = read(terminal.fd, answer, sizeof(answer) - 1);
	answer[n > 0 ? n : 0] = '\0';
	answer[strcspn(answer, "\n")] = '\0';
	*ret_yes = strcasecmp(answer, "y") == 0 || strcasecmp(answer, "yes") == 0;
	return KC_OK;
}
