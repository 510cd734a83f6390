/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A caller against the other end of a socket pair, on which the test plays the child. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"
#include "harness/test.h"
#include "wire/caller.h"
#include "wire/message.h"

enum {
	LONG_MS = 60 * 1000,
};

struct world {
	sd_event *event;
	struct wire_caller *caller;
	int child;
	char told[256]; /* what callbacks were told, in order */
	unsigned n_closed;
	bool frees;	 /* in on_reply and on_closed */
	bool calls_back; /* in on_reply, once */
};

static void tell(struct world *world, const char *text)
{
	size_t len = strlen(world->told);

	CHECK(snprintf(world->told + len, sizeof(world->told) - len, "%s ", text) > 0);
}

static void on_closed(void *userdata)
{
	struct world *world = userdata;

	world->n_closed++;
	tell(world, "closed");
	if (world->frees)
		world->caller = wire_caller_free(world->caller);
}

static void world_init(struct world *world)
{
	int ends[2];

	*world = (struct world){.child = -1};
	CHECK_INT(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	world->child = ends[1];
	CHECK(sd_event_new(&world->event) >= 0);
	CHECK_OK(wire_caller_new(world->event, ends[0], on_closed, world, &world->caller));
}

static void close_child(struct world *world)
{
	if (world->child >= 0)
		close(world->child);
	world->child = -1;
}

static void world_done(struct world *world)
{
	wire_caller_free(world->caller);
	close_child(world);
	sd_event_unref(world->event);
}

static void run(struct world *world)
{
	int n = 0;

	while (sd_event_run(world->event, 0) > 0)
		CHECK(n++ < 1000 * 1000);
}

static void call(struct world *world, unsigned deadline_ms);

static void on_reply(void *userdata, enum kc_status status, struct json_object *parameters)
{
	struct world *world = userdata;
	const char *text = field_text(parameters, "text");

	CHECK((status == KC_OK) == (parameters != NULL));
	CHECK_STATUS(error_get()->status, status);
	tell(world, status == KC_OK && text ? text : kc_status_name(status));
	if (world->frees)
		world->caller = wire_caller_free(world->caller);
	if (world->calls_back) {
		world->calls_back = false;
		call(world, LONG_MS);
	}
}

static void call(struct world *world, unsigned deadline_ms)
{
	struct json_object *parameters = NULL;

	CHECK_OK(field_new_object(&parameters));
	CHECK_OK(field_put_text(parameters, "a", "b"));
	CHECK_OK(wire_caller_call(world->caller, "a.b.C", parameters, -1, deadline_ms, on_reply,
				  world));
}

/* What the child has been sent, NULs as line ends. */
static const char *child_hears(struct world *world)
{
	static char text[4096];
	ssize_t n = recv(world->child, text, sizeof(text) - 1, MSG_DONTWAIT);

	n = n < 0 ? 0 : n;
	for (ssize_t i = 0; i < n; i++)
		text[i] = text[i] == '\0' ? '\n' : text[i];
	text[n] = '\0';
	return text;
}

static void child_says(struct world *world, const char *text)
{
	size_t len = strlen(text) + 1;

	CHECK_INT(send(world->child, text, len, MSG_NOSIGNAL), len);
}

#define CALL "{\"method\":\"a.b.C\",\"parameters\":{\"a\":\"b\"}}\n"

TEST(answers_come_to_calls_in_order)
{
	CLEANUP(world_done) struct world world;

	world_init(&world);
	call(&world, LONG_MS);
	call(&world, LONG_MS);
	CHECK_OK(wire_caller_call(world.caller, "a.b.D", NULL, -1, LONG_MS, on_reply, &world));
	CHECK_TEXT(world.told, "");
	CHECK_TEXT(child_hears(&world), CALL CALL "{\"method\":\"a.b.D\"}\n");
	child_says(&world, "{\"parameters\":{\"text\":\"1\"}}");
	child_says(&world, "{\"parameters\":{\"text\":\"2\"}}");
	child_says(&world, "{}");
	run(&world);
	CHECK_TEXT(world.told, "1 2 success ");
}

TEST(a_failure_reaches_its_call_only)
{
	CLEANUP(world_done) struct world world;

	world_init(&world);
	call(&world, LONG_MS);
	call(&world, LONG_MS);
	child_says(&world, "{\"error\":\"a.b.Failed\",\"parameters\":{\"record\":{"
			   "\"status\":-70009,\"message\":\"m\"}}}");
	child_says(&world, "{\"parameters\":{\"text\":\"2\"}}");
	run(&world);
	CHECK_TEXT(world.told, "authentication_needed 2 ");
}

TEST(a_deadline_ends_the_caller)
{
	CLEANUP(world_done) struct world world;

	world_init(&world);
	call(&world, LONG_MS);
	call(&world, 1);
	call(&world, LONG_MS);
	while (world.n_closed == 0)
		CHECK(sd_event_run(world.event, UINT64_MAX) >= 0);
	CHECK_TEXT(world.told, "not_available not_available not_available closed ");
	run(&world);
	CHECK_INT(world.n_closed, 1);
	CHECK_STATUS(wire_caller_call(world.caller, "a.b.C", NULL, -1, LONG_MS, on_reply, &world),
		     KC_ERR_NOT_AVAILABLE);
	/* The child sees its end. */
	CHECK_TEXT(child_hears(&world), CALL CALL CALL);
	CHECK_INT(recv(world.child, world.told, 1, MSG_DONTWAIT), 0);
}

TEST(an_answer_that_is_there_counts_though_its_deadline_has_passed)
{
	CLEANUP(world_done) struct world world;

	world_init(&world);
	call(&world, 0);
	child_says(&world, "{\"parameters\":{\"text\":\"1\"}}");
	run(&world);
	CHECK_TEXT(world.told, "1 ");
}

TEST(a_child_that_closes_its_end_fails_what_is_pending)
{
	CLEANUP(world_done) struct world world;

	world_init(&world);
	call(&world, LONG_MS);
	call(&world, LONG_MS);
	child_says(&world, "{\"parameters\":{\"text\":\"1\"}}");
	CHECK(*child_hears(&world));
	close_child(&world);
	run(&world);
	CHECK_TEXT(world.told, "1 not_available closed ");
}

TEST(calling_a_child_that_is_gone_fails_from_the_loop)
{
	CLEANUP(world_done) struct world world;

	world_init(&world);
	close_child(&world);
	call(&world, LONG_MS);
	CHECK_TEXT(world.told, "");
	run(&world);
	CHECK_TEXT(world.told, "not_available closed ");
}

TEST(a_child_that_talks_nonsense_is_over)
{
	static const char *const nonsense[] = {
		"",
		"x",
		"[]",
		"{\"error\":1}",
		"{\"parameters\":[]}",
		"{\"parameters\":{},\"continues\":true}",
		"{\"error\":\"a.b.C\",\"continues\":true}",
	};

	for (size_t i = 0; i < ARRAY_LEN(nonsense); i++) {
		CLEANUP(world_done) struct world world;

		world_init(&world);
		call(&world, LONG_MS);
		child_says(&world, nonsense[i]);
		run(&world);
		CHECK_TEXT(world.told, "not_available closed ");
	}
}

static void call_held(const char *method, const char *answer, const char *told)
{
	CLEANUP(world_done) struct world world;

	world_init(&world);
	CHECK_OK(wire_caller_hold_to(world.caller, "interface a.b\n"
						   "method C() -> (text: string, list: ?[]int)\n"));
	CHECK_OK(wire_caller_call(world.caller, method, NULL, -1, LONG_MS, on_reply, &world));
	child_says(&world, answer);
	run(&world);
	CHECK_TEXT(world.told, told);
}

TEST(an_answer_that_does_not_fit_its_definition_is_nonsense)
{
	static const char over[] = "not_available closed ";

	call_held("a.b.C", "{\"parameters\":{\"text\":\"fits\"}}", "fits ");
	call_held("a.b.C", "{\"parameters\":{\"text\":\"fits\",\"list\":[1]}}", "fits ");
	call_held("a.b.C", "{\"parameters\":{\"text\":7}}", over);
	call_held("a.b.C", "{\"parameters\":{\"text\":\"x\",\"list\":{}}}", over);
	call_held("a.b.C", "{\"parameters\":{\"text\":\"x\",\"list\":[null]}}", over);
	call_held("a.b.C", "{\"parameters\":{\"text\":\"x\",\"more\":1}}", over);
	call_held("a.b.C", "{\"parameters\":{}}", over);
	call_held("a.b.C", "{}", over);
	call_held("a.b.D", "{\"parameters\":{\"text\":\"x\"}}", over);
}

TEST(only_the_connection_says_that_a_child_is_not_available)
{
	CLEANUP(world_done) struct world world;

	world_init(&world);
	call(&world, LONG_MS);
	child_says(&world, "{\"error\":\"a.b.Failed\",\"parameters\":{\"record\":{"
			   "\"status\":-25291,\"message\":\"m\"}}}");
	run(&world);
	CHECK_TEXT(world.told, "internal ");
}

TEST(an_answer_that_nobody_asked_for_is_nonsense)
{
	CLEANUP(world_done) struct world world;

	world_init(&world);
	call(&world, LONG_MS);
	child_says(&world, "{}");
	child_says(&world, "{}");
	run(&world);
	CHECK_TEXT(world.told, "success closed ");
}

TEST(a_callback_may_free_the_caller)
{
	CLEANUP(world_done) struct world world;

	world_init(&world);
	world.frees = true;
	call(&world, LONG_MS);
	call(&world, LONG_MS);
	child_says(&world, "{\"parameters\":{\"text\":\"1\"}}");
	child_says(&world, "{\"parameters\":{\"text\":\"2\"}}");
	run(&world);
	CHECK_TEXT(world.told, "1 ");
	CHECK(!world.caller);
}

TEST(a_callback_may_free_the_caller_at_its_end)
{
	for (int with_call = 0; with_call < 2; with_call++) {
		CLEANUP(world_done) struct world world;

		world_init(&world);
		world.frees = true;
		if (with_call)
			call(&world, LONG_MS);
		close_child(&world);
		run(&world);
		CHECK_TEXT(world.told, with_call ? "not_available " : "closed ");
		CHECK(!world.caller);
	}
}

TEST(a_callback_may_free_the_caller_when_its_deadline_passes)
{
	CLEANUP(world_done) struct world world;

	world_init(&world);
	world.frees = true;
	call(&world, 0);
	call(&world, LONG_MS);
	while (world.caller)
		CHECK(sd_event_run(world.event, UINT64_MAX) >= 0);
	CHECK_TEXT(world.told, "not_available ");
}

TEST(a_callback_may_call_again)
{
	CLEANUP(world_done) struct world world;

	world_init(&world);
	world.calls_back = true;
	call(&world, LONG_MS);
	child_says(&world, "{\"parameters\":{\"text\":\"1\"}}");
	run(&world);
	CHECK_TEXT(child_hears(&world), CALL CALL);
	child_says(&world, "{\"parameters\":{\"text\":\"2\"}}");
	run(&world);
	CHECK_TEXT(world.told, "1 2 ");
}

TEST(freeing_forgets_what_is_pending)
{
	CLEANUP(world_done) struct world world;

	world_init(&world);
	call(&world, LONG_MS);
	world.caller = wire_caller_free(world.caller);
	run(&world);
	CHECK_TEXT(world.told, "");
}

/* --- more than the socket takes, and descriptors -----------------------------------------------
 */

static void call_big(struct world *world, int descriptor)
{
	CLEANUP(freep) char *text = calloc(1, 500 * 1000 + 1);
	struct json_object *parameters = NULL;

	CHECK(text);
	memset(text, 'x', 500 * 1000);
	CHECK_OK(field_new_object(&parameters));
	CHECK_OK(field_put_text(parameters, "text", text));
	CHECK_OK(wire_caller_call(world->caller, "a.b.C", parameters, descriptor, LONG_MS, on_reply,
				  world));
}

/* Read like a child: count messages, and note with which of them descriptors came. */
static unsigned child_reads(struct world *world, unsigned *ret_came_with)
{
	static char block[64 * 1024];
	union {
		char space[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control;
	unsigned n = 0;
	ssize_t len = 0;

	do {
		struct iovec vector = {block, sizeof(block)};
		struct msghdr message = {.msg_iov = &vector,
					 .msg_iovlen = 1,
					 .msg_control = &control,
					 .msg_controllen = sizeof(control)};
		int fd = -1;

		run(world);
		len = recvmsg(world->child, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
		for (ssize_t i = 0; i < len; i++)
			n += block[i] == '\0';
		/* A read ends within the block that a descriptor came with. */
		if (len > 0 && CMSG_FIRSTHDR(&message)) {
			memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(fd));
			close(fd);
			*ret_came_with = *ret_came_with * 10 + n + 1;
		}
	} while (len > 0);
	return n;
}

TEST(what_the_socket_does_not_take_follows_with_its_descriptors)
{
	CLEANUP(world_done) struct world world;
	unsigned came_with = 0;
	int ends[2];

	world_init(&world);
	CHECK_INT(pipe(ends), 0);
	call_big(&world, -1);
	call_big(&world, ends[0]);
	call_big(&world, -1);
	call_big(&world, ends[1]);
	close(ends[0]);
	close(ends[1]);
	CHECK_INT(child_reads(&world, &came_with), 4);
	CHECK_INT(came_with, 24);
}

TEST(a_child_that_does_not_read_is_refused_more)
{
	CLEANUP(world_done) struct world world;
	struct json_object *parameters = NULL;
	CLEANUP(freep) char *text = calloc(1, 500 * 1000 + 1);

	CHECK(text);
	memset(text, 'x', 500 * 1000);
	world_init(&world);
	for (int i = 0; i < 16; i++)
		call_big(&world, -1);
	for (int i = 0; i < 2; i++) {
		CHECK_OK(field_new_object(&parameters));
		CHECK_OK(field_put_text(parameters, "text", text));
		error_clear();
		if (wire_caller_call(world.caller, "a.b.C", parameters, -1, LONG_MS, on_reply,
				     &world) == KC_ERR_NOT_AVAILABLE)
			return;
	}
	test_fail(__FILE__, __LINE__, "nine megabytes were kept");
}

TEST(a_stream_goes_on_until_its_last_reply)
{
	struct world world;

	world_init(&world);
	CHECK_OK(wire_caller_stream(world.caller, "a.b.C", NULL, on_reply, &world));
	run(&world);
	CHECK(strstr(child_hears(&world), "\"more\":true"));
	child_says(&world, "{\"parameters\":{\"text\":\"one\"},\"continues\":true}");
	child_says(&world, "{\"parameters\":{\"text\":\"two\"},\"continues\":true}");
	run(&world);
	CHECK_TEXT(world.told, "one two ");
	child_says(&world, "{\"parameters\":{\"text\":\"last\"}}");
	run(&world);
	CHECK_TEXT(world.told, "one two last ");
	child_says(&world, "{\"parameters\":{\"text\":\"more\"},\"continues\":true}");
	run(&world);
	CHECK_TEXT(world.told, "one two last closed ");
	world_done(&world);
}

TEST(a_stream_ends_with_the_child_and_says_so)
{
	struct world world;

	world_init(&world);
	CHECK_OK(wire_caller_stream(world.caller, "a.b.C", NULL, on_reply, &world));
	child_says(&world, "{\"parameters\":{\"text\":\"one\"},\"continues\":true}");
	close_child(&world);
	run(&world);
	CHECK_TEXT(world.told, "one not_available closed ");
	world_done(&world);
}

TEST(a_caller_may_be_freed_by_one_reply_of_several)
{
	struct world world;

	world_init(&world);
	world.frees = true;
	CHECK_OK(wire_caller_stream(world.caller, "a.b.C", NULL, on_reply, &world));
	child_says(&world, "{\"parameters\":{\"text\":\"one\"},\"continues\":true}");
	child_says(&world, "{\"parameters\":{\"text\":\"two\"},\"continues\":true}");
	run(&world);
	CHECK_TEXT(world.told, "one ");
	world_done(&world);
}

TEST(a_call_without_deadline_waits)
{
	struct world world;

	world_init(&world);
	call(&world, WIRE_NO_DEADLINE);
	run(&world);
	CHECK_TEXT(world.told, "");
	child_says(&world, "{\"parameters\":{\"text\":\"late\"}}");
	run(&world);
	CHECK_TEXT(world.told, "late ");
	world_done(&world);
}
