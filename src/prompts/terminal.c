/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Echo is what pinentry takes from a terminal and what a person misses when pinentry had to be
 * killed: because the card left, the client left, or time was up. Runs in a prompt's thread.
 */
#include "prompts/terminal.h"

#include <fcntl.h>
#include <signal.h>
#include <stddef.h>

#include "base/cleanup.h"
#include "base/try.h"
#include "sys/socket.h"

void terminal_remember(const char *path, struct terminal *ret_terminal)
{
	CLEANUP(socket_close)
	int fd = path ? open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC) : -1;
	struct termios settings;

	ret_terminal->fd = -1;
	if (fd < 0 || tcgetattr(fd, &settings) != 0)
		return;
	*ret_terminal = (struct terminal){.fd = take_fd(fd), .settings = settings};
}

/* From the background of that terminal the thread would be stopped for it, if it let itself. */
static void allow_background_output(void)
{
	sigset_t output;

	ignore(sigemptyset(&output));
	ignore(sigaddset(&output, SIGTTOU));
	ignore(pthread_sigmask(SIG_BLOCK, &output, NULL));
}

void terminal_restore(struct terminal *terminal)
{
	if (terminal->fd < 0)
		return;
	allow_background_output();
	ignore(tcsetattr(terminal->fd, TCSANOW, &terminal->settings));
	socket_close(&terminal->fd);
}
