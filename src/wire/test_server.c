/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A server and raw peers of it in one process: the test writes bytes, lets the loop run until there
 * is nothing more to do, and reads bytes. Nothing here waits for time to pass.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/error.h"
#include "harness/test.h"
#include "wire/message.h"
#include "wire/server.h"
#include "wire/test_fixture.h"

enum {
	PEERS_MAX = 40,
};

struct world {
	struct fixture fixture;
	sd_event *event;
	struct wire_server *server;
	unsigned n_admitted;
	unsigned n_dismissed;
	unsigned n_drained;
	enum kc_status admit_status;
	struct bytes heard;
};

static enum kc_status admit(void *context, int fd, void **ret_peer)
{
	struct world *world = context;

	CHECK(fd >= 0);
	if (world->admit_status != KC_OK)
		return world->admit_status;
	world->n_admitted++;
	*ret_peer = world;
	return KC_OK;
}

static void dismiss(void *context, void *peer)
{
	struct world *world = context;

	CHECK(peer == world);
	world->n_dismissed++;
}

static struct sockaddr_un address(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	CHECK(snprintf(address.sun_path, sizeof(address.sun_path), "%s/socket", test_directory()) >
	      0);
	return address;
}

static int listen_there(void)
{
	struct sockaddr_un where = address();
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	CHECK(fd >= 0);
	CHECK_INT(bind(fd, (struct sockaddr *)&where, sizeof(where)), 0);
	CHECK_INT(listen(fd, 64), 0);
	return fd;
}

static void world_init(struct world *world)
{
	const struct wire_server_hooks hooks = {admit, dismiss, world, PEERS_MAX};

	*world = (struct world){.heard = BYTES_INIT(64 * WIRE_MESSAGE_MAX)};
	fixture_init(&world->fixture);
	CHECK(sd_event_new(&world->event) >= 0);
	CHECK_OK(wire_server_new(world->event, listen_there(), world->fixture.service, &hooks,
				 &world->server));
}

static void world_done(struct world *world)
{
	wire_server_free(world->server);
	CHECK_INT(world->n_dismissed, world->n_admitted);
	fixture_done(&world->fixture);
	sd_event_unref(world->event);
	bytes_done(&world->heard);
}

/* Until nothing is left to do. A loop that spins is a failure. */
static void run(struct world *world)
{
	int n = 0;

	while (sd_event_run(world->event, 0) > 0)
		CHECK(n++ < 1000 * 1000);
}

static void close_peer(int *peer)
{
	if (*peer >= 0)
		close(*peer);
	*peer = -1;
}

static int connect_peer(void)
{
	struct sockaddr_un where = address();
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	CHECK(fd >= 0);
	CHECK_INT(connect(fd, (struct sockaddr *)&where, sizeof(where)), 0);
	return fd;
}

static void say_bytes(int peer, const void *data, size_t len)
{
	CHECK_INT(send(peer, data, len, MSG_NOSIGNAL), len);
}

/* One message. */
static void say(int peer, const char *text)
{
	say_bytes(peer, text, strlen(text) + 1);
}

static void say_echo(int peer, const char *text)
{
	char call[256];

	CHECK(snprintf(call, sizeof(call),
		       "{\"method\":\"org.example.test.Echo\",\"parameters\":{\"text\":\"%s\"}}",
		       text) > 0);
	say(peer, call);
}

#define WAIT	   "{\"method\":\"org.example.test.Wait\"}"
#define DONE	   "{\"parameters\":{}}\n"
#define ECHO(text) "{\"parameters\":{\"text\":\"" text "\"}}\n"

/* Read what is there; false when the server has closed the connection. */
static bool read_some(struct world *world, int peer)
{
	static uint8_t block[64 * 1024];
	ssize_t n = recv(peer, block, sizeof(block), 0);

	if (n < 0 && errno == EAGAIN)
		return true;
	if (n <= 0)
		return false;
	for (ssize_t i = 0; i < n; i++) {
		if (block[i] == 0)
			block[i] = '\n';
	}
	CHECK_OK(bytes_append(&world->heard, view_of(block, (size_t)n)));
	return true;
}

/* Let the loop run and read until both have nothing more: one line per message. */
static const char *hear(struct world *world, int peer)
{
	size_t before = 0;

	world->heard.len = 0;
	do {
		before = world->heard.len;
		run(world);
	} while (read_some(world, peer) && world->heard.len > before);
	CHECK_OK(bytes_append_byte(&world->heard, 0));
	return (const char *)world->heard.data;
}

static bool is_closed(struct world *world, int peer)
{
	ssize_t n = 0;
	char byte = 0;

	run(world);
	n = recv(peer, &byte, 1, MSG_PEEK);
	return n == 0 || (n < 0 && errno != EAGAIN);
}

TEST(calls_of_one_peer_are_answered_in_order)
{
	CLEANUP(world_done) struct world world;
	CLEANUP(close_peer) int peer = -1;

	world_init(&world);
	peer = connect_peer();
	say_echo(peer, "1");
	say(peer, WAIT);
	say_echo(peer, "2");
	say(peer, "{\"method\":\"org.varlink.service.Nothing\"}");
	say_echo(peer, "3");
	CHECK_TEXT(hear(&world, peer), ECHO("1"));
	fixture_release(&world.fixture);
	CHECK_TEXT(
		hear(&world, peer),
		DONE ECHO(
			"2") "{\"error\":\"org.varlink.service.MethodNotFound\","
			     "\"parameters\":{\"method\":\"org.varlink.service.Nothing\"}}\n" ECHO(
				     "3"));
}

TEST(a_stream_comes_whole_and_calls_follow_it)
{
	CLEANUP(world_done) struct world world;
	CLEANUP(close_peer) int peer = -1;

	world_init(&world);
	peer = connect_peer();
	say(peer, "{\"method\":\"org.example.test.Count\",\"more\":true,\"parameters\":{\"n\":2}}");
	say_echo(peer, "after");
	CHECK_TEXT(hear(&world, peer), "{\"parameters\":{\"i\":1},\"continues\":true}\n"
				       "{\"parameters\":{\"i\":2}}\n" ECHO("after"));
}

TEST(a_message_may_come_in_pieces)
{
	static const char call[] = "{\"method\":\"org.example.test.Wait\"}";
	CLEANUP(world_done) struct world world;
	CLEANUP(close_peer) int peer = -1;
	CLEANUP(close_peer) int other = -1;

	world_init(&world);
	peer = connect_peer();
	other = connect_peer();
	for (size_t i = 0; i < sizeof(call); i++) {
		CHECK_INT(world.fixture.n_calls, 0);
		say_bytes(peer, call + i, 1);
		run(&world);
	}
	CHECK_INT(world.fixture.n_waiting, 1);
	/* Half a message holds up nobody else. */
	say_bytes(other, call, 10);
	fixture_release(&world.fixture);
	CHECK_TEXT(hear(&world, peer), DONE);
	say_echo(peer, "x");
	CHECK_TEXT(hear(&world, peer), ECHO("x"));
	CHECK(!is_closed(&world, other));
}

TEST(a_peer_that_talks_nonsense_is_closed_and_nobody_else)
{
	static const char *const nonsense[] = {
		"",
		"x",
		"{}",
		"[]",
		"{\"method\":1}",
		"GET / HTTP/1.0\r\n\r\n",
		"\xFF\xFE",
		"{\"method\":\"a.b\"}}",
	};
	CLEANUP(world_done) struct world world;
	CLEANUP(close_peer) int good = -1;

	world_init(&world);
	good = connect_peer();
	say(good, WAIT);
	for (size_t i = 0; i < ARRAY_LEN(nonsense); i++) {
		CLEANUP(close_peer) int bad = connect_peer();

		say_echo(bad, "before");
		say(bad, nonsense[i]);
		say_echo(bad, "after");
		CHECK(!strstr(hear(&world, bad), "after"));
		CHECK(is_closed(&world, bad));
	}
	fixture_release(&world.fixture);
	CHECK_TEXT(hear(&world, good), DONE);
}

/* Send all of it, letting the server read; false when it closes. */
static bool pour(struct world *world, int peer, const char *data, size_t len)
{
	while (len > 0) {
		ssize_t n = send(peer, data, len, MSG_NOSIGNAL);

		if (n < 0 && errno != EAGAIN)
			return false;
		if (n > 0) {
			data += n;
			len -= (size_t)n;
		}
		run(world);
	}
	return true;
}

/* An Echo of @len bytes without its NUL, the caller's to free(). */
static char *long_call(size_t len)
{
	static const char start[] =
		"{\"method\":\"org.example.test.Echo\",\"parameters\":{\"text\":\"";
	char *text = calloc(1, len + 1);

	CHECK(text);
	memset(text, 'x', len);
	memcpy(text, start, strlen(start));
	memcpy(text + len - 3, "\"}}", 3);
	return text;
}

TEST(a_message_of_the_greatest_length_is_served_and_one_more_byte_is_not)
{
	CLEANUP(world_done) struct world world;
	CLEANUP(close_peer) int peer = -1;
	CLEANUP(close_peer) int other = -1;
	CLEANUP(freep) char *fits = long_call(WIRE_MESSAGE_MAX);
	CLEANUP(freep) char *too_long = long_call(WIRE_MESSAGE_MAX + 1);

	world_init(&world);
	peer = connect_peer();
	other = connect_peer();
	CHECK(pour(&world, peer, fits, WIRE_MESSAGE_MAX + 1));
	CHECK(strstr(hear(&world, peer), "xxx\"}}\n"));
	(void)pour(&world, peer, too_long, WIRE_MESSAGE_MAX + 2);
	CHECK(is_closed(&world, peer));
	say_echo(other, "still");
	CHECK_TEXT(hear(&world, other), ECHO("still"));
}

TEST(a_message_without_end_is_closed_at_the_limit)
{
	CLEANUP(world_done) struct world world;
	CLEANUP(close_peer) int peer = -1;
	CLEANUP(freep) char *text = long_call(WIRE_MESSAGE_MAX + 1);

	world_init(&world);
	peer = connect_peer();
	CHECK(pour(&world, peer, text, WIRE_MESSAGE_MAX));
	CHECK(!is_closed(&world, peer));
	CHECK(pour(&world, peer, text, 1));
	CHECK(is_closed(&world, peer));
}

TEST(a_peer_that_leaves_orphans_its_call)
{
	CLEANUP(world_done) struct world world;
	int peer = -1;

	world_init(&world);
	peer = connect_peer();
	say(peer, WAIT);
	say_echo(peer, "never run");
	run(&world);
	CHECK_INT(world.fixture.n_waiting, 1);
	close(peer);
	run(&world);
	CHECK_INT(world.fixture.n_waiting, 0);
	CHECK_INT(world.fixture.n_gone, 1);
	CHECK_INT(world.fixture.n_calls, 1);
	CHECK_INT(world.n_dismissed, 1);
}

TEST(what_a_peer_said_before_it_left_counts)
{
	CLEANUP(world_done) struct world world;
	int peer = -1;

	world_init(&world);
	peer = connect_peer();
	for (int i = 0; i < 100; i++)
		say(peer, "{\"method\":\"org.example.test.Wait\",\"oneway\":true}");
	close(peer);
	run(&world);
	/* One is under way when its peer is found to be gone. */
	CHECK(world.fixture.n_calls > 0);
	CHECK_INT(world.fixture.n_waiting, 0);
	CHECK_INT(world.n_dismissed, 1);
}

TEST(a_peer_that_only_stops_writing_gets_its_answers)
{
	CLEANUP(world_done) struct world world;
	CLEANUP(close_peer) int peer = -1;

	world_init(&world);
	peer = connect_peer();
	say(peer, WAIT);
	say_echo(peer, "last");
	CHECK_INT(shutdown(peer, SHUT_WR), 0);
	CHECK_TEXT(hear(&world, peer), "");
	fixture_release(&world.fixture);
	CHECK_TEXT(hear(&world, peer), DONE ECHO("last"));
	CHECK(is_closed(&world, peer));
	CHECK_INT(world.n_dismissed, 1);
}

TEST(enough_calls_are_enough_until_one_is_answered)
{
	CLEANUP(world_done) struct world world;
	CLEANUP(close_peer) int peer = -1;
	CLEANUP(freep) char *call = long_call(32 * 1024);
	size_t sent = 0;
	ssize_t n = 0;

	world_init(&world);
	peer = connect_peer();
	say(peer, WAIT);
	/* What the server does not read stays with the kernel, and soon with the peer. */
	do {
		sent += n > 0 ? (size_t)n : 0;
		run(&world);
		n = send(peer, call + sent % (32 * 1024 + 1),
			 32 * 1024 + 1 - sent % (32 * 1024 + 1), MSG_NOSIGNAL);
	} while (n > 0);
	CHECK(errno == EAGAIN);
	CHECK(sent < 2 * WIRE_MESSAGE_MAX);
	CHECK_INT(world.fixture.n_calls, 1);
	fixture_release(&world.fixture);
	n = 0;
	for (const char *line = hear(&world, peer); *line; line = strchr(line, '\n') + 1)
		n++;
	CHECK_INT(n, 1 + sent / (32 * 1024 + 1));
}

TEST(many_small_calls_in_one_block_are_all_answered)
{
	CLEANUP(world_done) struct world world;
	CLEANUP(close_peer) int peer = -1;
	unsigned n = 0;

	world_init(&world);
	peer = connect_peer();
	for (int round = 0; round < 10; round++) {
		for (int i = 0; i < 100; i++)
			say(peer, "{\"method\":\"a.B\"}");
		for (const char *line = hear(&world, peer); *line; line = strchr(line, '\n') + 1)
			n++;
	}
	CHECK_INT(n, 1000);
}

TEST(a_peer_that_never_reads_is_closed_while_others_are_served)
{
	CLEANUP(world_done) struct world world;
	CLEANUP(close_peer) int peer = -1;
	CLEANUP(close_peer) int other = -1;

	world_init(&world);
	peer = connect_peer();
	other = connect_peer();
	/* Less than the limit may stay unread. */
	for (int i = 0; i < 7; i++)
		say(peer, "{\"method\":\"org.example.test.Big\",\"parameters\":{\"n\":1000000}}");
	say_echo(other, "one");
	CHECK_TEXT(hear(&world, other), ECHO("one"));
	CHECK_INT(world.n_dismissed, 0);
	for (int i = 0; i < 3; i++)
		say(peer, "{\"method\":\"org.example.test.Big\",\"parameters\":{\"n\":1000000}}");
	say_echo(other, "two");
	CHECK_TEXT(hear(&world, other), ECHO("two"));
	CHECK_INT(world.n_dismissed, 1);
}

TEST(a_slow_reader_gets_everything)
{
	CLEANUP(world_done) struct world world;
	CLEANUP(close_peer) int peer = -1;
	size_t n = 0;

	world_init(&world);
	peer = connect_peer();
	say(peer, "{\"method\":\"org.example.test.Big\",\"parameters\":{\"n\":1000000}}");
	say(peer, "{\"method\":\"org.example.test.Count\",\"more\":true,"
		  "\"parameters\":{\"n\":16000}}");
	for (const char *line = hear(&world, peer); *line; line = strchr(line, '\n') + 1)
		n++;
	CHECK_INT(n, 16001);
	CHECK(!is_closed(&world, peer));
}

TEST(one_more_peer_than_allowed_is_closed_at_once)
{
	CLEANUP(world_done) struct world world;
	int peers[PEERS_MAX + 1];

	world_init(&world);
	for (int i = 0; i <= PEERS_MAX; i++) {
		peers[i] = connect_peer();
		run(&world);
	}
	CHECK(is_closed(&world, peers[PEERS_MAX]));
	CHECK_INT(world.n_admitted, PEERS_MAX);
	close_peer(&peers[0]);
	run(&world);
	close_peer(&peers[PEERS_MAX]);
	peers[0] = connect_peer();
	for (int i = 0; i < PEERS_MAX; i++) {
		say_echo(peers[i], "x");
		CHECK_TEXT(hear(&world, peers[i]), ECHO("x"));
		close_peer(&peers[i]);
	}
}

TEST(who_is_refused_is_closed_and_never_dismissed)
{
	CLEANUP(world_done) struct world world;
	CLEANUP(close_peer) int peer = -1;

	world_init(&world);
	world.admit_status = KC_ERR_MISSING_ENTITLEMENT;
	peer = connect_peer();
	CHECK(is_closed(&world, peer));
	CHECK_INT(world.n_dismissed, 0);
}

/* --- descriptors -------------------------------------------------------------------------------
 */

/* One message with @n pipes that hold "content". */
static void say_with_pipes(int peer, const char *text, unsigned n)
{
	union {
		char space[CMSG_SPACE(sizeof(int) * 16)];
		struct cmsghdr align;
	} control = {{0}};
	struct iovec block = {(void *)(uintptr_t)text, strlen(text) + 1};
	struct msghdr message = {.msg_iov = &block, .msg_iovlen = 1};
	int fds[16];

	for (unsigned i = 0; i < n; i++) {
		int ends[2];

		CHECK_INT(pipe(ends), 0);
		CHECK_INT(write(ends[1], "content", 7), 7);
		close(ends[1]);
		fds[i] = ends[0];
	}
	message.msg_control = &control;
	message.msg_controllen = CMSG_SPACE(sizeof(int) * n);
	CMSG_FIRSTHDR(&message)->cmsg_level = SOL_SOCKET;
	CMSG_FIRSTHDR(&message)->cmsg_type = SCM_RIGHTS;
	CMSG_FIRSTHDR(&message)->cmsg_len = CMSG_LEN(sizeof(int) * n);
	memcpy(CMSG_DATA(CMSG_FIRSTHDR(&message)), fds, sizeof(int) * n);
	CHECK(sendmsg(peer, &message, MSG_NOSIGNAL) > 0);
	for (unsigned i = 0; i < n; i++)
		close(fds[i]);
}

#define READ	"{\"method\":\"org.example.test.Read\"}"
#define CONTENT "{\"parameters\":{\"content\":\"content\"}}\n"

TEST(a_descriptor_reaches_its_handler)
{
	CLEANUP(world_done) struct world world;
	CLEANUP(close_peer) int peer = -1;

	world_init(&world);
	peer = connect_peer();
	say_with_pipes(peer, READ, 1);
	CHECK_TEXT(hear(&world, peer), CONTENT);
	say(peer, READ);
	CHECK_TEXT(hear(&world, peer), DONE);
}

/* A PIN sent with one call must not be read as the PIN of another. */
TEST(a_descriptor_that_its_call_does_not_take_is_no_later_calls)
{
	CLEANUP(world_done) struct world world;
	CLEANUP(close_peer) int peer = -1;

	world_init(&world);
	peer = connect_peer();
	say_with_pipes(peer, READ, 2);
	CHECK_TEXT(hear(&world, peer), CONTENT);
	say(peer, READ);
	CHECK_TEXT(hear(&world, peer), DONE);
}

/* The harness counts: what nobody takes must be closed with the connection. */
TEST(descriptors_that_nobody_takes_are_closed_and_too_many_close_the_peer)
{
	CLEANUP(world_done) struct world world;
	CLEANUP(close_peer) int fits = -1;
	CLEANUP(close_peer) int too_many = -1;
	CLEANUP(close_peer) int by_and_by = -1;

	world_init(&world);
	fits = connect_peer();
	too_many = connect_peer();
	by_and_by = connect_peer();
	say_with_pipes(fits, WAIT, WIRE_DESCRIPTORS_MAX);
	CHECK(!is_closed(&world, fits));
	say_with_pipes(too_many, WAIT, WIRE_DESCRIPTORS_MAX + 1);
	CHECK(is_closed(&world, too_many));
	say_with_pipes(by_and_by, WAIT, WIRE_DESCRIPTORS_MAX);
	say_with_pipes(by_and_by, WAIT, 1);
	CHECK(is_closed(&world, by_and_by));
}

/* --- when we cannot accept ---------------------------------------------------------------------
 */

TEST(no_descriptors_left_neither_spins_nor_loses_the_peer)
{
	CLEANUP(world_done) struct world world;
	CLEANUP(close_peer) int peer = -1;
	struct rlimit limit;
	struct rlimit none;

	world_init(&world);
	peer = connect_peer();
	CHECK_INT(getrlimit(RLIMIT_NOFILE, &limit), 0);
	none = limit;
	none.rlim_cur = (rlim_t)peer + 1;
	CHECK_INT(setrlimit(RLIMIT_NOFILE, &none), 0);
	run(&world);
	CHECK_INT(world.n_admitted, 0);
	CHECK_INT(setrlimit(RLIMIT_NOFILE, &limit), 0);
	while (world.n_admitted == 0)
		CHECK(sd_event_run(world.event, UINT64_MAX) >= 0);
	say_echo(peer, "x");
	CHECK_TEXT(hear(&world, peer), ECHO("x"));
}

/* --- drain -------------------------------------------------------------------------------------
 */

static void on_drained(void *userdata)
{
	struct world *world = userdata;

	world->n_drained++;
}

TEST(draining_waits_for_calls_but_not_for_streams)
{
	CLEANUP(world_done) struct world world;
	CLEANUP(close_peer) int idle = -1;
	CLEANUP(close_peer) int busy = -1;
	CLEANUP(close_peer) int stream = -1;
	struct sockaddr_un where = address();

	world_init(&world);
	idle = connect_peer();
	busy = connect_peer();
	stream = connect_peer();
	say(busy, WAIT);
	say_echo(busy, "not any more");
	run(&world);
	say(stream, "{\"method\":\"org.example.test.Wait\",\"more\":true}");
	run(&world);
	wire_server_drain(world.server, on_drained, &world);
	CHECK(is_closed(&world, idle));
	CHECK(is_closed(&world, stream));
	CHECK_INT(world.fixture.n_gone, 1);
	CHECK(!is_closed(&world, busy));
	CHECK_INT(world.n_drained, 0);
	CHECK_INT(connect(idle, (struct sockaddr *)&where, sizeof(where)), -1);
	fixture_release(&world.fixture);
	CHECK_TEXT(hear(&world, busy), DONE);
	CHECK(is_closed(&world, busy));
	CHECK_INT(world.n_drained, 1);
}

/* --- one reply after the other -----------------------------------------------------------------
 */

#define PAGES "{\"method\":\"org.example.test.Pages\",\"parameters\":{\"n\":2000},\"more\":true}"

enum {
	N_PAGES = 2000,
};

static void expect_pages(const char *heard)
{
	size_t n = 0;

	for (const char *line = heard; (line = strchr(line, '\n')); line++)
		n++;
	CHECK_INT(n, N_PAGES);
}

TEST(a_page_is_made_when_those_before_have_gone_out)
{
	CLEANUP(world_done) struct world world;
	CLEANUP(close_peer) int slow = -1;
	CLEANUP(close_peer) int other = -1;
	int64_t n_made = 0;

	world_init(&world);
	slow = connect_peer();
	other = connect_peer();
	say(slow, PAGES);
	say_echo(slow, "after it");
	run(&world);
	n_made = world.fixture.n_pages;
	CHECK(n_made > 1 && n_made < N_PAGES / 2);
	say_echo(other, "meanwhile");
	CHECK_TEXT(hear(&world, other), ECHO("meanwhile"));
	CHECK_INT(world.fixture.n_pages, n_made);
	CHECK(strstr(hear(&world, slow), ECHO("after it")));
	CHECK_INT(world.fixture.n_pages, N_PAGES);
}

TEST(a_reader_may_leave_between_two_pages)
{
	CLEANUP(world_done) struct world world;
	CLEANUP(close_peer) int peer = -1;

	world_init(&world);
	peer = connect_peer();
	say(peer, PAGES);
	run(&world);
	close_peer(&peer);
	run(&world);
	CHECK_INT(world.fixture.n_gone, 1);
	CHECK(world.fixture.n_pages < N_PAGES);
}

TEST(draining_waits_for_a_stream_that_ends)
{
	CLEANUP(world_done) struct world world;
	CLEANUP(close_peer) int peer = -1;

	world_init(&world);
	peer = connect_peer();
	say(peer, PAGES);
	run(&world);
	wire_server_drain(world.server, on_drained, &world);
	run(&world);
	CHECK_INT(world.n_drained, 0);
	expect_pages(hear(&world, peer));
	CHECK(is_closed(&world, peer));
	CHECK_INT(world.n_drained, 1);
}

/* After DRAIN_PATIENCE_US, which is what is waited for here. */
TEST(draining_does_not_wait_for_a_reader_that_does_not_read)
{
	CLEANUP(world_done) struct world world;
	CLEANUP(close_peer) int peer = -1;

	world_init(&world);
	peer = connect_peer();
	say(peer, PAGES);
	run(&world);
	wire_server_drain(world.server, on_drained, &world);
	while (world.n_drained == 0)
		CHECK(sd_event_run(world.event, UINT64_MAX) >= 0);
	CHECK_INT(world.fixture.n_gone, 1);
}

static void free_server(void *userdata)
{
	struct world *world = userdata;

	on_drained(world);
	world->server = wire_server_free(world->server);
}

TEST(a_drained_server_may_be_freed_at_once)
{
	CLEANUP(world_done) struct world world;
	CLEANUP(close_peer) int peer = -1;

	world_init(&world);
	peer = connect_peer();
	run(&world);
	wire_server_drain(world.server, free_server, &world);
	run(&world);
	CHECK(is_closed(&world, peer));
	CHECK_INT(world.n_drained, 1);
}

TEST(draining_an_idle_server_is_told_from_the_loop)
{
	CLEANUP(world_done) struct world world;

	world_init(&world);
	wire_server_drain(world.server, on_drained, &world);
	wire_server_drain(world.server, on_drained, &world);
	CHECK_INT(world.n_drained, 0);
	run(&world);
	CHECK_INT(world.n_drained, 1);
}

static struct world *stopping;

static void stop(struct fixture *fixture)
{
	(void)fixture;
	wire_server_drain(stopping->server, on_drained, stopping);
}

TEST(a_handler_may_drain_and_its_answer_still_arrives)
{
	CLEANUP(world_done) struct world world;
	CLEANUP(close_peer) int peer = -1;

	world_init(&world);
	stopping = &world;
	world.fixture.on_stop = stop;
	peer = connect_peer();
	say(peer, "{\"method\":\"org.example.test.Stop\"}");
	say_echo(peer, "not any more");
	CHECK_TEXT(hear(&world, peer), DONE);
	CHECK(is_closed(&world, peer));
	CHECK_INT(world.n_drained, 1);
}

TEST(draining_does_not_wait_for_ever_for_a_peer_that_does_not_read)
{
	CLEANUP(world_done) struct world world;
	CLEANUP(close_peer) int peer = -1;

	world_init(&world);
	peer = connect_peer();
	say(peer, "{\"method\":\"org.example.test.Big\",\"parameters\":{\"n\":1000000}}");
	run(&world);
	wire_server_drain(world.server, on_drained, &world);
	run(&world);
	CHECK_INT(world.n_drained, 0);
	while (world.n_drained == 0)
		CHECK(sd_event_run(world.event, UINT64_MAX) >= 0);
}

TEST(freeing_a_server_tells_pending_calls)
{
	CLEANUP(world_done) struct world world;
	CLEANUP(close_peer) int peer = -1;

	world_init(&world);
	peer = connect_peer();
	say(peer, WAIT);
	run(&world);
	world.server = wire_server_free(world.server);
	CHECK_INT(world.fixture.n_gone, 1);
	CHECK_INT(world.n_dismissed, 1);
	CHECK(is_closed(&world, peer));
}
