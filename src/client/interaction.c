/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * PINs travel in sealed memory (design/decisions.md 18); where a person can be reached is taken
 * from this process, and the daemon believes it only within the same login session (17).
 */
#include "client/interaction.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/secret.h"
#include "base/try.h"
#include "client/line.h"
#include "client/sized.h"
#include "sys/socket.h"

enum {
	TTY_NAME_MAX = 256,
	CONSOLE_MAJOR = 4,
};

enum kc_status interaction_read(const struct kc_options *given, struct kc_options *ret_options)
{
	const struct kc_options defaults = KC_OPTIONS_INIT;

	*ret_options = defaults;
	return sized_read(given, ret_options, sizeof(*ret_options), "KC_OPTIONS_INIT");
}

int interaction_timeout_ms(const struct kc_options *options)
{
	if (options->timeout_ms == KC_TIMEOUT_DEFAULT)
		return LINE_OPERATION_MS;
	return options->timeout_ms < 0 ? -1 : options->timeout_ms;
}

/* --- the PIN ------------------------------------------------------------------------------- */

static enum kc_status write_all(int fd, struct kc_view view)
{
	while (view.len > 0) {
		ssize_t n = write(fd, view.data, view.len);

		REQUIRE(n > 0, KC_ERR_NOT_AVAILABLE, "cannot write sealed memory: %s",
			strerror(errno));
		view = view_slice(view, (size_t)n, view.len);
	}
	return KC_OK;
}

static enum kc_status open_memory(int *ret_fd)
{
	*ret_fd = memfd_create("keycask-pin", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	REQUIRE(*ret_fd >= 0, KC_ERR_NOT_AVAILABLE, "memfd_create: %s", strerror(errno));
	return KC_OK;
}

static enum kc_status seal(int fd)
{
	REQUIRE(lseek(fd, 0, SEEK_SET) == 0 &&
			fcntl(fd, F_ADD_SEALS,
			      F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) == 0,
		KC_ERR_NOT_AVAILABLE, "cannot seal memory: %s", strerror(errno));
	return KC_OK;
}

static enum kc_status seal_pin(struct kc_view pin, int *ret_fd)
{
	CLEANUP(socket_close) int fd = -1;

	REQUIRE(pin.len <= SECRET_MAX, KC_ERR_PARAM, "a PIN of more than %d bytes", SECRET_MAX);
	TRY(open_memory(&fd));
	TRY(write_all(fd, pin));
	TRY(seal(fd));
	*ret_fd = take_fd(fd);
	return KC_OK;
}

/* A zero byte after each PIN, so none may be in one. */
static enum kc_status write_secret(int fd, struct kc_view pin)
{
	REQUIRE(pin.len <= SECRET_MAX && (pin.len == 0 || !memchr(pin.data, 0, pin.len)),
		KC_ERR_PARAM, "a PIN that is no text, or of more than %d bytes", SECRET_MAX);
	TRY(write_all(fd, pin));
	return write_all(fd, view_of("", 1));
}

/* --- the person ---------------------------------------------------------------------------- */

static enum kc_status put_variable(struct json_object *object, const char *field,
				   const char *variable)
{
	const char *value = secure_getenv(variable);

	return field_put_text(object, field, value && *value ? value : NULL);
}

/* tty_ioctl(4): TIOCGDEV tells the number of what /dev/tty stands for. Terminals in windows are
 * /dev/pts/N, consoles /dev/ttyN (the kernel's devices.txt). */
static bool find_own_terminal(char *name, size_t size)
{
	CLEANUP(socket_close) int fd = open("/dev/tty", O_RDONLY | O_CLOEXEC | O_NOCTTY);
	unsigned number = 0;
	struct stat info;

	if (fd < 0 || ioctl(fd, TIOCGDEV, &number) != 0)
		return false;
	(void)snprintf(name, size, "/dev/%s%u", major(number) == CONSOLE_MAJOR ? "tty" : "pts/",
		       minor(number));
	return stat(name, &info) == 0 && S_ISCHR(info.st_mode) && info.st_rdev == number;
}

/* The terminal of standard input, output or error; GPG_TTY when none of them is one, and then that
 * of the session: git gives pipes to those whom it has sign. */
static enum kc_status put_terminal(struct json_object *object)
{
	char name[TTY_NAME_MAX];

	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (ttyname_r(fd, name, sizeof(name)) == 0)
			return field_put_text(object, "tty", name);
	TRY(put_variable(object, "tty", "GPG_TTY"));
	if (!field_text(object, "tty") && find_own_terminal(name, sizeof(name)))
		return field_put_text(object, "tty", name);
	return KC_OK;
}

static enum kc_status put_locale(struct json_object *object)
{
	static const char *const variables[] = {"LC_ALL", "LC_MESSAGES", "LANG"};

	for (size_t i = 0; i < ARRAY_LEN(variables); i++) {
		const char *value = secure_getenv(variables[i]);

		if (value && *value)
			return field_put_text(object, "locale", value);
	}
	return KC_OK;
}

static enum kc_status describe_person(struct json_object *object)
{
	TRY(put_terminal(object));
	TRY(put_locale(object));
	TRY(put_variable(object, "term", "TERM"));
	TRY(put_variable(object, "display", "DISPLAY"));
	TRY(put_variable(object, "wayland_display", "WAYLAND_DISPLAY"));
	return put_variable(object, "xauthority", "XAUTHORITY");
}

enum kc_status interaction_put_person(struct json_object *parameters)
{
	CLEANUP(field_free) struct json_object *object = NULL;

	TRY(field_new_object(&object));
	TRY(describe_person(object));
	return field_put(parameters, "interaction", take(object));
}

static enum kc_status new_interaction(const struct kc_options *options,
				      struct json_object **ret_interaction)
{
	CLEANUP(field_free) struct json_object *object = NULL;
	bool may_ask = options->interaction == KC_INTERACTION_ALLOW;

	TRY(field_new_object(&object));
	TRY(field_put_text(object, "authentication_ui", may_ask ? "allow" : "fail"));
	TRY(field_put_text(object, "operation_prompt", options->operation_prompt));
	if (may_ask)
		TRY(describe_person(object));
	*ret_interaction = take(object);
	return KC_OK;
}

static enum kc_status put_options(const struct kc_options *options, struct json_object *parameters)
{
	struct json_object *interaction = NULL;

	TRY(new_interaction(options, &interaction));
	TRY(field_put(parameters, "interaction", interaction));
	return options->last_try ? field_put_flag(parameters, "last_try", true) : KC_OK;
}

enum kc_status interaction_put_alone(const struct kc_options *options, const char *name,
				     struct kc_view secret, struct json_object *parameters,
				     int *ret_fd)
{
	CLEANUP(socket_close) int fd = -1;

	TRY(put_options(options, parameters));
	if (secret.data) {
		TRY(seal_pin(secret, &fd));
		TRY(field_put_number(parameters, name, 0));
	}
	*ret_fd = take_fd(fd);
	return KC_OK;
}

enum kc_status interaction_put(const struct kc_options *options, struct json_object *parameters,
			       int *ret_pin_fd)
{
	return interaction_put_alone(options, "pin_fd", options->pin, parameters, ret_pin_fd);
}

/* The names of those that come, and their values in @fd. */
static enum kc_status write_secrets(const struct interaction_secret *secrets, size_t n, int fd,
				    struct json_object *names)
{
	for (size_t i = 0; i < n; i++) {
		if (!secrets[i].pin.data)
			continue;
		TRY(field_append_text(names, secrets[i].name));
		TRY(write_secret(fd, secrets[i].pin));
	}
	return seal(fd);
}

enum kc_status interaction_put_sealed(const struct interaction_secret *secrets, size_t n,
				      struct json_object *parameters, int *ret_fd)
{
	CLEANUP(field_free) struct json_object *names = json_object_new_array();
	CLEANUP(socket_close) int fd = -1;

	REQUIRE(names, KC_ERR_ALLOCATE, "out of memory");
	TRY(open_memory(&fd));
	TRY(write_secrets(secrets, n, fd, names));
	TRY(field_put_number(parameters, "secrets_fd", 0));
	TRY(field_put(parameters, "secrets", take(names)));
	*ret_fd = take_fd(fd);
	return KC_OK;
}

enum kc_status interaction_put_secrets(const struct kc_options *options,
				       const struct interaction_secret *secrets, size_t n,
				       struct json_object *parameters, int *ret_fd)
{
	REQUIRE(!options->pin.data, KC_ERR_PARAM, "the options have a PIN that is not used here");
	TRY(put_options(options, parameters));
	return interaction_put_sealed(secrets, n, parameters, ret_fd);
}
