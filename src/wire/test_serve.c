/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The loop of a child process, with the test as its daemon on the other end. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"
#include "harness/test.h"
#include "wire/serve.h"
#include "wire/test_fixture.h"

struct world {
	struct fixture fixture;
	struct wire_serve *serve;
	int daemon;
};

static void world_init(struct world *world)
{
	int ends[2];

	CHECK_INT(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	fixture_init(&world->fixture);
	world->daemon = ends[0];
	CHECK_OK(wire_serve_new(ends[1], world->fixture.service, &world->serve));
	CHECK_INT(wire_serve_fd(world->serve), ends[1]);
}

static void close_daemon(struct world *world)
{
	if (world->daemon >= 0)
		close(world->daemon);
	world->daemon = -1;
}

static void world_done(struct world *world)
{
	wire_serve_free(world->serve);
	fixture_done(&world->fixture);
	close_daemon(world);
}

static void say_bytes(struct world *world, const char *text, size_t len)
{
	CHECK_INT(send(world->daemon, text, len, MSG_NOSIGNAL), len);
}

static void say(struct world *world, const char *text)
{
	say_bytes(world, text, strlen(text) + 1);
}

static const char *hear(struct world *world)
{
	static char text[4096];
	ssize_t n = recv(world->daemon, text, sizeof(text) - 1, MSG_DONTWAIT);

	n = n < 0 ? 0 : n;
	for (ssize_t i = 0; i < n; i++)
		text[i] = text[i] == '\0' ? '\n' : text[i];
	text[n] = '\0';
	return text;
}

#define ECHO	    "{\"method\":\"org.example.test.Echo\",\"parameters\":{\"text\":\"hi\"}}"
#define ECHO_ANSWER "{\"parameters\":{\"text\":\"hi\"}}\n"

TEST(a_step_answers_everything_that_is_there)
{
	CLEANUP(world_done) struct world world;

	world_init(&world);
	say(&world, ECHO);
	say(&world, ECHO);
	say_bytes(&world, ECHO, 10);
	CHECK_OK(wire_serve_step(world.serve));
	CHECK_TEXT(hear(&world), ECHO_ANSWER ECHO_ANSWER);
	say(&world, &ECHO[10]);
	CHECK_OK(wire_serve_step(world.serve));
	CHECK_TEXT(hear(&world), ECHO_ANSWER);
}

TEST(the_end_comes_after_the_last_call)
{
	CLEANUP(world_done) struct world world;

	world_init(&world);
	say(&world, ECHO);
	CHECK_INT(shutdown(world.daemon, SHUT_WR), 0);
	CHECK_OK(wire_serve_step(world.serve));
	CHECK_STATUS(wire_serve_step(world.serve), KC_ERR_NOT_AVAILABLE);
	CHECK_TEXT(hear(&world), ECHO_ANSWER);
}

TEST(a_daemon_that_is_gone_ends_it)
{
	CLEANUP(world_done) struct world world;

	world_init(&world);
	say(&world, ECHO);
	close_daemon(&world);
	CHECK_STATUS(wire_serve_step(world.serve), KC_ERR_NOT_AVAILABLE);
}

TEST(nonsense_ends_it)
{
	CLEANUP(world_done) struct world world;

	world_init(&world);
	say(&world, "{}");
	CHECK_STATUS(wire_serve_step(world.serve), KC_ERR_DECODE);
}

TEST(a_handler_that_does_not_answer_is_an_internal_failure)
{
	CLEANUP(world_done) struct world world;

	world_init(&world);
	say(&world, "{\"method\":\"org.example.test.Wait\"}");
	CHECK_STATUS(wire_serve_step(world.serve), KC_ERR_INTERNAL);
}

TEST(failures_and_descriptors_travel)
{
	CLEANUP(world_done) struct world world;

	world_init(&world);
	say(&world, "{\"method\":\"org.example.test.Fail\",\"parameters\":{\"status\":-70009}}");
	say(&world, "{\"method\":\"org.example.test.Read\"}");
	CHECK_OK(wire_serve_step(world.serve));
	CHECK(strstr(hear(&world), "\"name\":\"authentication_needed\""));
}
