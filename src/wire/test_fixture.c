/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Handlers as a daemon would write them, but for Wrong and Big, which misbehave on order. */
#include "wire/test_fixture.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/try.h"
#include "wire/message.h"

const char fixture_description[] =
	"interface org.example.test\n"
	"type Pair (name: string, value: ?int)\n"
	"type Tree (label: string, children: []Tree)\n"
	"type Colour (red, green)\n"
	"method Types(a_bool: bool, an_int: int, a_float: float, a_string: string,\n"
	"  an_object: object, a_list: []string, a_map: [string]int, an_enum: (one, two),\n"
	"  a_struct: Pair, a_tree: ?Tree, a_colour: ?Colour, a_nullable: ?[]?Pair) -> ()\n"
	"method Echo(text: string) -> (text: string)\n"
	"method Count(n: int) -> (i: int)\n"
	"method Wait() -> ()\n"
	"method Pages(n: int) -> (text: string)\n"
	"method Fail(status: int) -> ()\n"
	"method Big(n: int) -> (text: string)\n"
	"method Read() -> (content: ?string)\n"
	"method Wrong() -> (number: int)\n"
	"method Stop() -> ()\n"
	"error Failed (record: object)\n";

static struct fixture *begin(struct wire_call *call)
{
	struct fixture *fixture = wire_call_context(call);

	fixture->n_calls++;
	return fixture;
}

static void reply_text(struct wire_call *call, const char *name, const char *text)
{
	struct json_object *parameters = NULL;

	ignore(field_new_object(&parameters));
	ignore(field_put_text(parameters, name, text));
	wire_call_reply(call, parameters);
}

static struct json_object *new_count(int64_t i)
{
	struct json_object *parameters = NULL;

	ignore(field_new_object(&parameters));
	ignore(field_put_number(parameters, "i", i));
	return parameters;
}

static void handle_types(struct wire_call *call)
{
	begin(call);
	wire_call_reply(call, NULL);
}

static void handle_echo(struct wire_call *call)
{
	begin(call);
	reply_text(call, "text", field_text(wire_call_parameters(call), "text"));
}

static void handle_count(struct wire_call *call)
{
	int64_t n = field_number(wire_call_parameters(call), "n", 0);

	begin(call);
	if (!wire_call_wants_more(call)) {
		wire_call_expect_more(call);
		return;
	}
	for (int64_t i = 1; i < n && i < WIRE_VALUES_MAX; i++)
		wire_call_continue(call, new_count(i));
	wire_call_reply(call, new_count(n));
}

static void forget(struct fixture *fixture, size_t index)
{
	for (fixture->n_waiting--; index < fixture->n_waiting; index++)
		fixture->waiting[index] = fixture->waiting[index + 1];
}

static void on_gone(void *userdata)
{
	struct wire_call *call = userdata;
	struct fixture *fixture = wire_call_context(call);

	fixture->n_gone++;
	for (size_t i = 0; i < fixture->n_waiting; i++) {
		if (fixture->waiting[i] == call)
			forget(fixture, i);
	}
	wire_call_reply(call, NULL);
}

static void handle_wait(struct wire_call *call)
{
	struct fixture *fixture = begin(call);

	if (fixture->n_waiting == FIXTURE_WAITING_MAX) {
		wire_call_fail(call, fail(KC_ERR_NOT_AVAILABLE, "too many wait"));
		return;
	}
	fixture->waiting[fixture->n_waiting++] = call;
	wire_call_on_gone(call, on_gone, call);
}

/* --- one reply after the other --------------------------------------------------------------- */

static void on_reader_gone(void *userdata)
{
	struct wire_call *call = userdata;
	struct fixture *fixture = wire_call_context(call);

	fixture->n_gone++;
	wire_call_drop(call);
}

static void send_page(void *userdata)
{
	struct wire_call *call = userdata;
	struct fixture *fixture = wire_call_context(call);
	struct json_object *page = NULL;
	char text[FIXTURE_PAGE_BYTES + 1];

	memset(text, 'p', FIXTURE_PAGE_BYTES);
	text[FIXTURE_PAGE_BYTES] = 0;
	ignore(field_new_object(&page));
	ignore(field_put_text(page, "text", text));
	if (++fixture->n_pages == fixture->n_pages_wanted) {
		wire_call_reply(call, page);
		return;
	}
	wire_call_continue(call, page);
	wire_call_on_drained(call, send_page, call);
}

static void handle_pages(struct wire_call *call)
{
	struct fixture *fixture = begin(call);

	fixture->n_pages = 0;
	fixture->n_pages_wanted = field_number(wire_call_parameters(call), "n", 1);
	wire_call_will_end(call);
	wire_call_on_gone(call, on_reader_gone, call);
	send_page(call);
}

void fixture_release(struct fixture *fixture)
{
	struct wire_call *call = fixture->waiting[0];

	forget(fixture, 0);
	wire_call_reply(call, NULL);
}

static void handle_fail(struct wire_call *call)
{
	begin(call);
	error_set_token("org.example:1", "example");
	error_set_sw(0x63C2);
	error_set_tries_left(2);
	error_set_hint("try again");
	wire_call_fail(call, fail((enum kc_status)field_number(wire_call_parameters(call), "status",
							       KC_ERR_INTERNAL),
				  "failed as asked"));
}

static void handle_big(struct wire_call *call)
{
	int64_t n = field_number(wire_call_parameters(call), "n", 0);
	CLEANUP(freep) char *text = NULL;

	begin(call);
	if (n < 0 || n > 2 * WIRE_MESSAGE_MAX) {
		wire_call_fail(call, fail(KC_ERR_PARAM, "not that big"));
		return;
	}
	text = calloc(1, (size_t)n + 1);
	if (!text)
		abort();
	memset(text, 'b', (size_t)n);
	reply_text(call, "text", text);
}

/* What is in the descriptor that came along. */
static void handle_read(struct wire_call *call)
{
	int fd = wire_call_take_descriptor(call);
	char content[64] = "";

	begin(call);
	if (fd < 0) {
		wire_call_reply(call, NULL);
		return;
	}
	if (read(fd, content, sizeof(content) - 1) < 0)
		content[0] = '\0';
	close(fd);
	reply_text(call, "content", content);
}

static void handle_wrong(struct wire_call *call)
{
	begin(call);
	reply_text(call, "number", "a text");
}

static void handle_stop(struct wire_call *call)
{
	struct fixture *fixture = begin(call);

	if (fixture->on_stop)
		fixture->on_stop(fixture);
	wire_call_reply(call, NULL);
}

static const struct wire_method methods[] = {
	{"Types", handle_types, 0}, {"Echo", handle_echo, 0},	{"Count", handle_count, 0},
	{"Wait", handle_wait, 0},   {"Fail", handle_fail, 0},	{"Big", handle_big, 0},
	{"Read", handle_read, 0},   {"Wrong", handle_wrong, 0}, {"Stop", handle_stop, 1},
	{"Pages", handle_pages, 0},
};

static enum kc_status admit(struct wire_call *call, const struct wire_method *method)
{
	const struct fixture *fixture = wire_call_context(call);

	return method->right > 0 ? fixture->admit_status : KC_OK;
}

static const struct wire_interface interface = {fixture_description, methods, ARRAY_LEN(methods)};

void fixture_init(struct fixture *fixture)
{
	const struct wire_service_options options = {"test", "1", fixture, admit};

	*fixture = (struct fixture){.admit_status = KC_OK};
	if (wire_service_new(&options, &fixture->service) != KC_OK ||
	    wire_service_add(fixture->service, &interface) != KC_OK)
		abort();
}

void fixture_done(struct fixture *fixture)
{
	while (fixture->n_waiting > 0) {
		wire_call_drop(fixture->waiting[0]);
		forget(fixture, 0);
	}
	fixture->service = wire_service_free(fixture->service);
}
