/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A program that has closed its half, and leaves the answers where they are. */
#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "codec/ssh_wire.h"
#include "frontends/ssh_agent/ssh_connection.h"
#include "harness/test.h"
#include "sys/socket.h"

enum {
	REQUEST_MAX = 64,
	REQUESTS_MAX = 100 * 1000, /* more than any buffer has room for */
	ROUNDS_MAX = 1000,
	EXTENSION = 27,
};

static void note_end(void *userdata, struct ssh_connection *connection)
{
	bool *has_ended = userdata;

	(void)connection;
	*has_ended = true;
}

/* Whatever is due is done; false: it never ends. */
static bool settle(sd_event *event)
{
	for (int i = 0; i < ROUNDS_MAX; i++)
		if (sd_event_run(event, 0) == 0)
			return true;
	return false;
}

/* Ask until no answer has room any more, nor a question. */
static void flood(sd_event *event, int client)
{
	CLEANUP(bytes_done) struct bytes request = BYTES_INIT(REQUEST_MAX);
	CLEANUP(bytes_done) struct bytes message = BYTES_INIT(REQUEST_MAX);

	CHECK_OK(bytes_append_byte(&request, EXTENSION));
	CHECK_OK(ssh_wire_put_text(&request, "query"));
	CHECK_OK(ssh_wire_put_string(&message, bytes_view(&request)));
	for (int i = 0; i < REQUESTS_MAX; i++) {
		if (send(client, message.data, message.len, MSG_NOSIGNAL) >= 0)
			continue;
		CHECK_INT(errno, EAGAIN);
		CHECK(settle(event));
		if (send(client, message.data, message.len, MSG_NOSIGNAL) < 0)
			return;
	}
	CHECK(!"there is room for everything");
}

static void drain(sd_event *event, int client)
{
	char answers[4096];

	do {
		CHECK(settle(event));
	} while (recv(client, answers, sizeof(answers), 0) > 0);
}

TEST(half_a_connection_costs_nothing)
{
	struct ssh_agent_places places = {"/nonexistent/settings", "/nonexistent", NULL};
	struct ssh_connection *connection = NULL;
	struct ssh_agent agent = {0};
	bool has_ended = false;
	sd_event *event = NULL;
	int ends[2] = {-1, -1};

	CHECK_OK(ssh_agent_init(&agent, &places));
	CHECK(sd_event_new(&event) >= 0);
	CHECK_INT(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
	CHECK_OK(ssh_connection_new(
		&(struct ssh_connection_options){event, &agent, note_end, &has_ended}, ends[0],
		&connection));
	flood(event, ends[1]);
	CHECK_INT(shutdown(ends[1], SHUT_WR), 0);
	CHECK(settle(event) && !has_ended);
	drain(event, ends[1]);
	CHECK(has_ended); /* what was asked is answered, and then it is over */
	socket_close(&ends[1]);
	ssh_agent_done(&agent);
	event = sd_event_unref(event);
}
