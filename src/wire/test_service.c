/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Dispatch without a transport: what is answered to which call. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "harness/test.h"
#include "wire/message.h"
#include "wire/test_fixture.h"

/* A connection that writes down what it is to send. */
struct sink {
	struct bytes text; /* one line per message */
	unsigned n_ended;
};

static enum kc_status put_down(void *connection, struct json_object *message)
{
	CLEANUP(field_free) struct json_object *owned = message;
	CLEANUP(bytes_done) struct bytes text = BYTES_INIT(WIRE_MESSAGE_MAX + 1);
	struct sink *sink = connection;
	enum kc_status status = message_put(&text, owned);

	if (status != KC_OK)
		return status;
	text.data[text.len - 1] = '\n';
	return bytes_append(&sink->text, bytes_view(&text));
}

static void on_ended(void *connection)
{
	struct sink *sink = connection;

	sink->n_ended++;
}

static int take_descriptor(void *connection)
{
	(void)connection;
	return -1;
}

static const struct wire_transport transport = {put_down, on_ended, take_descriptor, NULL, NULL};

struct test {
	struct fixture fixture;
	struct sink sink;
	struct wire_call *pending;
};

static void test_init(struct test *test)
{
	*test = (struct test){.sink.text = BYTES_INIT(16 * WIRE_MESSAGE_MAX)};
	fixture_init(&test->fixture);
}

static void test_done(struct test *test)
{
	fixture_done(&test->fixture);
	bytes_done(&test->sink.text);
}

static enum kc_status dispatch(struct test *test, const char *text)
{
	CLEANUP(field_free) struct json_object *message = NULL;

	CHECK_OK(message_parse(view_of_text(text), &message));
	return wire_service_dispatch(test->fixture.service, message, &transport, &test->sink, NULL,
				     &test->pending);
}

/* Everything sent since the last time. */
static const char *sent(struct test *test)
{
	CHECK_OK(bytes_append_byte(&test->sink.text, 0));
	test->sink.text.len = 0;
	return (const char *)test->sink.text.data;
}

static void check_answer(const char *call, const char *answer)
{
	CLEANUP(test_done) struct test test;

	test_init(&test);
	CHECK_OK(dispatch(&test, call));
	CHECK(!test.pending);
	CHECK_INT(test.sink.n_ended, 1);
	CHECK_TEXT(sent(&test), answer);
}

TEST(a_call_is_answered)
{
	check_answer("{\"method\":\"org.example.test.Echo\",\"parameters\":{\"text\":\"hi\"}}",
		     "{\"parameters\":{\"text\":\"hi\"}}\n");
}

TEST(parameters_may_be_absent_or_null)
{
	check_answer("{\"method\":\"org.example.test.Stop\"}", "{\"parameters\":{}}\n");
	check_answer("{\"method\":\"org.example.test.Stop\",\"parameters\":null,\"more\":null,"
		     "\"oneway\":null,\"upgrade\":null}",
		     "{\"parameters\":{}}\n");
	check_answer("{\"method\":\"org.example.test.Echo\",\"parameters\":null}",
		     "{\"error\":\"org.varlink.service.InvalidParameter\","
		     "\"parameters\":{\"parameter\":\"text\"}}\n");
}

TEST(unknown_interfaces_and_methods_are_named)
{
	check_answer("{\"method\":\"org.example.other.Echo\"}",
		     "{\"error\":\"org.varlink.service.InterfaceNotFound\","
		     "\"parameters\":{\"interface\":\"org.example.other\"}}\n");
	check_answer("{\"method\":\"org.example.test.Nothing\"}",
		     "{\"error\":\"org.varlink.service.MethodNotFound\","
		     "\"parameters\":{\"method\":\"org.example.test.Nothing\"}}\n");
	check_answer("{\"method\":\"org.example.test.\"}",
		     "{\"error\":\"org.varlink.service.MethodNotFound\","
		     "\"parameters\":{\"method\":\"org.example.test.\"}}\n");
	check_answer("{\"method\":\"Echo\"}",
		     "{\"error\":\"org.varlink.service.InterfaceNotFound\","
		     "\"parameters\":{\"interface\":\"Echo\"}}\n");
	check_answer("{\"method\":\"\"}", "{\"error\":\"org.varlink.service.InterfaceNotFound\","
					  "\"parameters\":{\"interface\":\"\"}}\n");
	check_answer("{\"method\":\".\"}", "{\"error\":\"org.varlink.service.InterfaceNotFound\","
					   "\"parameters\":{\"interface\":\"\"}}\n");
}

TEST(wrong_parameters_never_reach_a_handler)
{
	CLEANUP(test_done) struct test test;

	test_init(&test);
	CHECK_OK(dispatch(&test, "{\"method\":\"org.example.test.Echo\","
				 "\"parameters\":{\"text\":\"hi\",\"more\":1}}"));
	CHECK_TEXT(sent(&test), "{\"error\":\"org.varlink.service.InvalidParameter\","
				"\"parameters\":{\"parameter\":\"more\"}}\n");
	CHECK_INT(test.fixture.n_calls, 0);
}

TEST(an_upgrade_is_refused)
{
	check_answer("{\"method\":\"org.example.test.Stop\",\"upgrade\":true}",
		     "{\"error\":\"org.varlink.service.InvalidParameter\","
		     "\"parameters\":{\"parameter\":\"upgrade\"}}\n");
}

TEST(a_oneway_call_is_run_and_never_answered)
{
	static const char *const calls[] = {
		"{\"method\":\"org.example.test.Echo\",\"oneway\":true,\"parameters\":{\"text\":"
		"\"\"}}",
		"{\"method\":\"org.example.test.Echo\",\"oneway\":true}",
		"{\"method\":\"org.example.test.Fail\",\"oneway\":true,\"parameters\":{\"status\":-"
		"50}}",
		"{\"method\":\"org.example.test.Count\",\"oneway\":true,\"parameters\":{\"n\":1}}",
		"{\"method\":\"org.example.test.Wrong\",\"oneway\":true}",
		"{\"method\":\"org.example.test.Nothing\",\"oneway\":true}",
		"{\"method\":\"nothing\",\"oneway\":true}",
	};

	for (size_t i = 0; i < ARRAY_LEN(calls); i++)
		check_answer(calls[i], "");
}

TEST(more_gives_a_stream_and_without_it_there_is_none)
{
	check_answer(
		"{\"method\":\"org.example.test.Count\",\"more\":true,\"parameters\":{\"n\":3}}",
		"{\"parameters\":{\"i\":1},\"continues\":true}\n"
		"{\"parameters\":{\"i\":2},\"continues\":true}\n"
		"{\"parameters\":{\"i\":3}}\n");
	check_answer("{\"method\":\"org.example.test.Count\",\"parameters\":{\"n\":3}}",
		     "{\"error\":\"org.varlink.service.ExpectedMore\",\"parameters\":{}}\n");
}

TEST(a_failure_carries_its_record)
{
	CLEANUP(test_done) struct test test;
	CLEANUP(field_free) struct json_object *reply = NULL;
	struct json_object *record = NULL;
	const char *text = NULL;

	test_init(&test);
	CHECK_OK(dispatch(&test, "{\"method\":\"org.example.test.Fail\","
				 "\"parameters\":{\"status\":-25293}}"));
	text = sent(&test);
	CHECK_OK(message_parse(view_of(text, strlen(text) - 1), &reply));
	CHECK_TEXT(field_text(reply, "error"), "org.example.test.Failed");
	record = field_get(field_get(reply, "parameters"), "record");
	CHECK_INT(field_number(record, "status", 0), KC_ERR_AUTH_FAILED);
	CHECK_TEXT(field_text(record, "message"), "failed as asked");
	CHECK_TEXT(field_text(record, "token_id"), "org.example:1");
	CHECK_INT(field_number(record, "sw", 0), 0x63C2);
	CHECK_INT(field_number(record, "tries_left", -1), 2);
	CHECK(field_number(record, "request", 0) > 0);
	/* The next failure starts from nothing. */
	CHECK_STATUS(error_get()->status, KC_OK);
}

TEST(a_handler_that_answers_wrongly_is_our_failure)
{
	CLEANUP(test_done) struct test test;
	const char *text = NULL;

	test_init(&test);
	CHECK_OK(dispatch(&test, "{\"method\":\"org.example.test.Wrong\"}"));
	text = sent(&test);
	CHECK(strstr(text, "\"error\":\"org.example.test.Failed\""));
	CHECK(strstr(text, "\"name\":\"internal\""));
	CHECK(!strstr(text, "a text"));
}

TEST(an_answer_too_long_for_a_message_is_our_failure)
{
	CLEANUP(test_done) struct test test;
	const char *text = NULL;

	test_init(&test);
	/* {"parameters":{"text":"…"}} takes 26 bytes. */
	CHECK_OK(dispatch(&test, "{\"method\":\"org.example.test.Big\","
				 "\"parameters\":{\"n\":1048550}}"));
	CHECK_INT(strlen(sent(&test)), WIRE_MESSAGE_MAX + 1);
	CHECK_OK(dispatch(&test, "{\"method\":\"org.example.test.Big\","
				 "\"parameters\":{\"n\":1048551}}"));
	text = sent(&test);
	CHECK(strstr(text, "\"error\":\"org.example.test.Failed\""));
	CHECK(strstr(text, "\"name\":\"internal\""));
}

TEST(who_is_not_admitted_gets_the_reason)
{
	CLEANUP(test_done) struct test test;
	const char *text = NULL;

	test_init(&test);
	test.fixture.admit_status = KC_ERR_MISSING_ENTITLEMENT;
	CHECK_OK(dispatch(&test, "{\"method\":\"org.example.test.Stop\"}"));
	text = sent(&test);
	CHECK(strstr(text, "\"error\":\"org.example.test.Failed\""));
	CHECK(strstr(text, "\"name\":\"missing_entitlement\""));
	CHECK_INT(test.fixture.n_calls, 0);
	CHECK_OK(dispatch(&test, "{\"method\":\"org.varlink.service.GetInfo\"}"));
	CHECK(!strstr(sent(&test), "\"error\""));
}

TEST(a_message_that_is_no_call_closes_its_peer)
{
	static const char *const wrong[] = {
		"{}",
		"{\"method\":1}",
		"{\"method\":null}",
		"{\"parameters\":{}}",
		"{\"method\":\"a.b\",\"parameters\":[]}",
		"{\"method\":\"a.b\",\"parameters\":\"\"}",
		"{\"method\":\"a.b\",\"more\":1}",
		"{\"method\":\"a.b\",\"oneway\":\"true\"}",
		"{\"method\":\"a.b\",\"upgrade\":0}",
		"{\"method\":\"a.b\",\"oneway\":true,\"more\":true}",
		"{\"method\":\"a.b\",\"oneway\":true,\"upgrade\":true}",
	};
	CLEANUP(test_done) struct test test;

	test_init(&test);
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		if (dispatch(&test, wrong[i]) != KC_ERR_DECODE)
			test_fail(__FILE__, __LINE__, "%s was accepted", wrong[i]);
	}
	CHECK_TEXT(sent(&test), "");
	CHECK_INT(test.sink.n_ended, 0);
}

TEST(a_call_may_be_answered_later)
{
	CLEANUP(test_done) struct test test;

	test_init(&test);
	CHECK_OK(dispatch(&test, "{\"method\":\"org.example.test.Wait\"}"));
	CHECK(test.pending);
	CHECK_TEXT(wire_call_method(test.pending), "org.example.test.Wait");
	CHECK_INT(test.sink.n_ended, 0);
	CHECK_TEXT(sent(&test), "");
	fixture_release(&test.fixture);
	CHECK_INT(test.sink.n_ended, 1);
	CHECK_TEXT(sent(&test), "{\"parameters\":{}}\n");
}

TEST(an_orphan_is_told_once_and_its_answer_goes_nowhere)
{
	CLEANUP(test_done) struct test test;
	struct wire_call *second = NULL;

	test_init(&test);
	CHECK_OK(dispatch(&test, "{\"method\":\"org.example.test.Wait\"}"));
	CHECK_OK(dispatch(&test, "{\"method\":\"org.example.test.Wait\"}"));
	second = test.pending;
	wire_call_orphan(test.fixture.waiting[0]);
	CHECK_INT(test.fixture.n_gone, 1);
	CHECK_INT(test.fixture.n_waiting, 1);
	wire_call_on_gone(second, NULL, NULL);
	wire_call_orphan(second);
	CHECK_INT(test.fixture.n_gone, 1);
	CHECK_INT(wire_call_take_descriptor(second), -1);
	CHECK(!wire_call_peer(second));
	fixture_release(&test.fixture);
	CHECK_INT(test.sink.n_ended, 0);
	CHECK_TEXT(sent(&test), "");
}

TEST(each_call_has_an_id_of_its_own)
{
	CLEANUP(test_done) struct test test;

	test_init(&test);
	CHECK_OK(dispatch(&test, "{\"method\":\"org.example.test.Wait\"}"));
	CHECK_OK(dispatch(&test, "{\"method\":\"org.example.test.Wait\"}"));
	CHECK(wire_call_id(test.fixture.waiting[0]) > 0);
	CHECK(wire_call_id(test.fixture.waiting[0]) < wire_call_id(test.fixture.waiting[1]));
}

TEST(the_service_describes_itself)
{
	CLEANUP(test_done) struct test test;
	CLEANUP(field_free) struct json_object *reply = NULL;
	const char *text = NULL;

	test_init(&test);
	CHECK_OK(dispatch(&test, "{\"method\":\"org.varlink.service.GetInfo\"}"));
	text = sent(&test);
	CHECK(strstr(text, "\"vendor\":\"keycask\",\"product\":\"test\",\"version\":\"1\""));
	CHECK(strstr(text, "\"interfaces\":[\"org.varlink.service\",\"org.example.test\"]"));
	CHECK_OK(dispatch(&test, "{\"method\":\"org.varlink.service.GetInterfaceDescription\","
				 "\"parameters\":{\"interface\":\"org.example.test\"}}"));
	text = sent(&test);
	CHECK_OK(message_parse(view_of(text, strlen(text) - 1), &reply));
	CHECK_TEXT(field_text(field_get(reply, "parameters"), "description"), fixture_description);
	CHECK_OK(dispatch(&test, "{\"method\":\"org.varlink.service.GetInterfaceDescription\","
				 "\"parameters\":{\"interface\":\"org.varlink.service\"}}"));
	CHECK(strstr(sent(&test), "error MethodNotImplemented"));
	CHECK_OK(dispatch(&test, "{\"method\":\"org.varlink.service.GetInterfaceDescription\","
				 "\"parameters\":{\"interface\":\"a.b\"}}"));
	CHECK_TEXT(sent(&test), "{\"error\":\"org.varlink.service.InterfaceNotFound\","
				"\"parameters\":{\"interface\":\"a.b\"}}\n");
}

/* --- tables ------------------------------------------------------------------------------------
 */

static void handle(struct wire_call *call)
{
	wire_call_drop(call);
}

static enum kc_status add(const char *description, const struct wire_method *methods, size_t n)
{
	const struct wire_interface interface = {description, methods, n};
	struct fixture fixture;
	enum kc_status status = KC_OK;

	fixture_init(&fixture);
	error_clear();
	status = wire_service_add(fixture.service, &interface);
	fixture_done(&fixture);
	return status;
}

TEST(a_table_must_be_that_of_its_definition)
{
	static const struct wire_method a_b[] = {{"A", handle, 0}, {"B", handle, 0}};
	static const struct wire_method a_a[] = {{"A", handle, 0}, {"A", handle, 0}};
	static const char text[] = "interface a.b method A() -> () method B() -> ()";

	CHECK_OK(add(text, a_b, 2));
	CHECK_STATUS(add(text, a_b, 1), KC_ERR_INTERNAL);
	CHECK(strstr(error_get()->message, "a.b.B"));
	CHECK_STATUS(add(text, a_a, 2), KC_ERR_INTERNAL);
	CHECK_STATUS(add("interface a.b method A() -> ()", a_b, 2), KC_ERR_INTERNAL);
	CHECK(strstr(error_get()->message, "a.b.B"));
	CHECK_STATUS(add("interface a", a_b, 2), KC_ERR_DECODE);
	CHECK_STATUS(add("interface org.example.test", NULL, 0), KC_ERR_INTERNAL);
}
