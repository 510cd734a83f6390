/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Never from argv, where every process reads it. Buffers are wiped when they are released. */
#include "frontends/cli/password_input.h"

#include <stdio.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "frontends/cli/file_io.h"
#include "frontends/cli/hidden_input.h"

enum {
	PROMPT_MAX = 640,
};

static enum kc_status read_all(int fd, struct bytes *password)
{
	TRY(file_io_read_descriptor(fd, password));
	if (password->len > 0 && password->data[password->len - 1] == '\n')
		password->len--;
	REQUIRE(password->len > 0, KC_ERR_PARAM, "there is no password: %s",
		fd == STDIN_FILENO ? "standard input is empty" : "the descriptor gives nothing");
	return KC_OK;
}

static enum kc_status ask(const char *what, struct bytes *password)
{
	CLEANUP(secret_done) struct secret first = {NULL, 0, 0};
	CLEANUP(secret_done) struct secret second = {NULL, 0, 0};
	char prompt[PROMPT_MAX];

	(void)snprintf(prompt, sizeof(prompt), "Password of %s: ", what);
	TRY(hidden_input_read(prompt, &first));
	REQUIRE(first.len > 0, KC_ERR_PARAM, "an empty password: nothing was changed");
	TRY(hidden_input_read("Once more: ", &second));
	REQUIRE(view_equal(secret_view(&first), secret_view(&second)), KC_ERR_PARAM,
		"the two are not the same: nothing was changed");
	return bytes_append(password, secret_view(&first));
}

enum kc_status password_input_read(int fd, const char *what, struct bytes *ret_password)
{
	if (fd >= 0)
		return read_all(fd, ret_password);
	if (!isatty(STDIN_FILENO))
		return read_all(STDIN_FILENO, ret_password);
	return ask(what, ret_password);
}
