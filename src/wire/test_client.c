/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The blocking client against a real server, and a serve loop, in a process of their own. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "harness/test.h"
#include "wire/client.h"
#include "wire/message.h"
#include "wire/serve.h"
#include "wire/server.h"
#include "wire/test_fixture.h"

struct world {
	pid_t process;
	struct wire_client *client;
};

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
	CHECK_INT(listen(fd, 8), 0);
	return fd;
}

static _Noreturn void be_server(int listen_fd)
{
	const struct wire_server_hooks hooks = {.peers_max = 8};
	struct wire_server *server = NULL;
	struct fixture fixture;
	sd_event *event = NULL;

	fixture_init(&fixture);
	CHECK(sd_event_new(&event) >= 0);
	CHECK_OK(wire_server_new(event, listen_fd, fixture.service, &hooks, &server));
	_exit(sd_event_loop(event) < 0);
}

static _Noreturn void be_child(int fd)
{
	struct wire_serve *serve = NULL;
	struct fixture fixture;

	fixture_init(&fixture);
	CHECK_OK(wire_serve_new(fd, fixture.service, &serve));
	while (wire_serve_step(serve) == KC_OK)
		;
	_exit(0);
}

static void start_server(struct world *world)
{
	int listen_fd = listen_there();

	*world = (struct world){.process = fork()};
	if (world->process == 0)
		be_server(listen_fd);
	close(listen_fd);
	CHECK(world->process > 0);
	CHECK_OK(wire_client_connect(address().sun_path, &world->client));
}

static void start_child(struct world *world)
{
	int ends[2];

	CHECK_INT(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	*world = (struct world){.process = fork()};
	if (world->process == 0) {
		close(ends[0]);
		be_child(ends[1]);
	}
	close(ends[1]);
	CHECK(world->process > 0);
	CHECK_OK(wire_client_adopt(ends[0], &world->client));
}

static void stop_process(struct world *world)
{
	if (world->process > 0) {
		kill(world->process, SIGKILL);
		CHECK(waitpid(world->process, NULL, 0) == world->process);
	}
	world->process = 0;
}

static void world_done(struct world *world)
{
	wire_client_free(world->client);
	stop_process(world);
}

static struct json_object *with_number(const char *name, int64_t number)
{
	struct json_object *parameters = NULL;

	CHECK_OK(field_new_object(&parameters));
	CHECK_OK(field_put_number(parameters, name, number));
	return parameters;
}

static struct json_object *with_text(const char *name, const char *text)
{
	struct json_object *parameters = NULL;

	CHECK_OK(field_new_object(&parameters));
	CHECK_OK(field_put_text(parameters, name, text));
	return parameters;
}

/* Takes @parameters; the answer is dropped. */
static enum kc_status call(struct world *world, const char *method, struct json_object *parameters)
{
	CLEANUP(field_free) struct json_object *answer = NULL;

	return wire_client_call(world->client, method, parameters, -1, -1, &answer);
}

static void check_echo(struct world *world, const char *text)
{
	CLEANUP(field_free) struct json_object *answer = NULL;

	CHECK_OK(wire_client_call(world->client, "org.example.test.Echo", with_text("text", text),
				  -1, -1, &answer));
	CHECK_TEXT(field_text(answer, "text"), text);
}

TEST(calls_are_answered)
{
	CLEANUP(world_done) struct world world;

	start_server(&world);
	check_echo(&world, "one");
	check_echo(&world, "\"zwei\"\n");
	CHECK_OK(call(&world, "org.example.test.Stop", NULL));
}

TEST(a_child_process_answers_too)
{
	CLEANUP(world_done) struct world world;

	start_child(&world);
	check_echo(&world, "one");
	CHECK_STATUS(call(&world, "org.example.test.Fail", with_number("status", KC_ERR_DECODE)),
		     KC_ERR_DECODE);
	check_echo(&world, "two");
}

TEST(failures_arrive_with_their_record_and_the_connection_lives)
{
	CLEANUP(world_done) struct world world;

	start_server(&world);
	CHECK_STATUS(call(&world, "org.example.test.Fail", with_number("status", KC_ERR_PARAM)),
		     KC_ERR_PARAM);
	CHECK_TEXT(error_get()->message, "failed as asked");
	CHECK_TEXT(error_get()->hint, "try again");
	CHECK_INT(error_get()->tries_left, 2);
	CHECK_STATUS(call(&world, "org.example.test.Nothing", NULL), KC_ERR_UNIMPLEMENTED);
	CHECK_STATUS(call(&world, "org.example.test.Echo", NULL), KC_ERR_PARAM);
	CHECK_STATUS(call(&world, "org.example.test.Count", with_number("n", 1)), KC_ERR_PARAM);
	check_echo(&world, "still");
}

TEST(great_messages_travel_both_ways)
{
	CLEANUP(world_done) struct world world;
	CLEANUP(freep) char *text = calloc(1, 1000 * 1000 + 1);

	CHECK(text);
	memset(text, 'x', 1000 * 1000);
	start_server(&world);
	check_echo(&world, text);
	stop_process(&world);
	wire_client_free(world.client);
	start_child(&world);
	check_echo(&world, text);
}

TEST(a_message_too_long_is_refused_before_it_is_sent)
{
	CLEANUP(world_done) struct world world;
	CLEANUP(freep) char *text = calloc(1, WIRE_MESSAGE_MAX + 1);

	CHECK(text);
	memset(text, 'x', WIRE_MESSAGE_MAX);
	start_server(&world);
	CHECK_STATUS(call(&world, "org.example.test.Echo", with_text("text", text)), KC_ERR_PARAM);
	check_echo(&world, "still");
}

TEST(a_stream_is_read_one_by_one)
{
	CLEANUP(world_done) struct world world;
	bool continues = true;
	int64_t n = 0;

	start_server(&world);
	CHECK_OK(wire_client_start(world.client, "org.example.test.Count", with_number("n", 3)));
	CHECK_STATUS(call(&world, "org.example.test.Stop", NULL), KC_ERR_PARAM);
	while (continues) {
		CLEANUP(field_free) struct json_object *answer = NULL;

		CHECK_OK(wire_client_next(world.client, -1, &answer, &continues));
		CHECK_INT(field_number(answer, "i", 0), ++n);
	}
	CHECK_INT(n, 3);
	check_echo(&world, "after");
}

TEST(a_stream_that_has_nothing_to_say_can_be_asked_again)
{
	CLEANUP(world_done) struct world world;
	CLEANUP(field_free) struct json_object *answer = NULL;
	struct pollfd readable = {.events = POLLIN};
	bool continues = false;

	start_server(&world);
	CHECK_OK(wire_client_start(world.client, "org.example.test.Wait", NULL));
	CHECK_STATUS(wire_client_next(world.client, 0, &answer, &continues), KC_ERR_COMMUNICATION);
	CHECK_STATUS(wire_client_next(world.client, 1, &answer, &continues), KC_ERR_COMMUNICATION);
	readable.fd = wire_client_fd(world.client);
	CHECK_INT(poll(&readable, 1, 0), 0);
	stop_process(&world);
	CHECK_INT(poll(&readable, 1, -1), 1);
	CHECK_STATUS(wire_client_next(world.client, -1, &answer, &continues), KC_ERR_NOT_AVAILABLE);
}

TEST(a_call_that_takes_too_long_is_the_end_of_the_connection)
{
	CLEANUP(world_done) struct world world;
	CLEANUP(field_free) struct json_object *answer = NULL;

	start_server(&world);
	CHECK_STATUS(wire_client_call(world.client, "org.example.test.Wait", NULL, -1, 1, &answer),
		     KC_ERR_NOT_AVAILABLE);
	CHECK_STATUS(call(&world, "org.example.test.Stop", NULL), KC_ERR_NOT_AVAILABLE);
	CHECK(!answer);
}

TEST(a_server_that_is_gone_is_not_available)
{
	CLEANUP(world_done) struct world world;
	struct wire_client *none = NULL;

	start_server(&world);
	check_echo(&world, "one");
	stop_process(&world);
	CHECK_STATUS(call(&world, "org.example.test.Stop", NULL), KC_ERR_NOT_AVAILABLE);
	CHECK_STATUS(call(&world, "org.example.test.Stop", NULL), KC_ERR_NOT_AVAILABLE);
	CHECK_STATUS(wire_client_connect(address().sun_path, &none), KC_ERR_NOT_AVAILABLE);
	error_clear();
	CHECK_STATUS(wire_client_connect("/nonexistent", &none), KC_ERR_NOT_AVAILABLE);
	CHECK(!none);
}

TEST(a_path_too_long_for_a_socket_is_refused)
{
	struct wire_client *none = NULL;
	char path[200];

	memset(path, 'x', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	CHECK_STATUS(wire_client_connect(path, &none), KC_ERR_PARAM);
}

TEST(a_descriptor_goes_with_its_call)
{
	CLEANUP(world_done) struct world world;
	CLEANUP(field_free) struct json_object *answer = NULL;
	int ends[2];

	start_server(&world);
	CHECK_INT(pipe(ends), 0);
	CHECK_INT(write(ends[1], "1234", 4), 4);
	close(ends[1]);
	CHECK_OK(wire_client_call(world.client, "org.example.test.Read", NULL, ends[0], -1,
				  &answer));
	CHECK_TEXT(field_text(answer, "content"), "1234");
	close(ends[0]);
}

TEST(an_answer_that_is_nonsense_is_the_end_of_the_connection)
{
	static const char *const nonsense[] = {
		"{\"error\":1}",
		"x",
		"{\"parameters\":{},\"continues\":true}",
		"",
	};

	for (size_t i = 0; i < ARRAY_LEN(nonsense); i++) {
		struct world world = {0};
		int ends[2];
		size_t len = strlen(nonsense[i]) + 1;

		CHECK_INT(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
		CHECK_OK(wire_client_adopt(ends[0], &world.client));
		CHECK_INT(send(ends[1], nonsense[i], len, 0), len);
		CHECK_STATUS(call(&world, "a.b.C", NULL), KC_ERR_NOT_AVAILABLE);
		CHECK_STATUS(call(&world, "a.b.C", NULL), KC_ERR_NOT_AVAILABLE);
		close(ends[1]);
		world_done(&world);
	}
}
