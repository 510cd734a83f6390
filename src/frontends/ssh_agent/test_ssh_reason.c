/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a person reads before a PIN: whatever a program sends as a name, it stays a name. */
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "codec/ssh_wire.h"
#include "frontends/ssh_agent/ssh_reason.h"
#include "harness/test.h"

enum {
	DATA_MAX = 4096,
};

static const char unproved[] = "a host that the program has not proved";

static const char *say(struct kc_view data)
{
	static char text[SSH_REASON_MAX];
	const struct ssh_destinations nowhere = SSH_DESTINATIONS_INIT;
	const struct ssh_way way = {.n_bound = 0};
	const struct ssh_reason reason = {
		.way = &way, .destinations = &nowhere, .key = view_of_text("key"), .data = data};

	ssh_reason_say(&reason, text);
	return text;
}

static void check_login(struct kc_view user, const char *shown)
{
	CLEANUP(bytes_done) struct bytes data = BYTES_INIT(DATA_MAX);
	char expected[SSH_REASON_MAX];

	CHECK_OK(ssh_wire_put_text(&data, "session"));
	CHECK_OK(bytes_append_byte(&data, 50));
	CHECK_OK(ssh_wire_put_string(&data, user));
	CHECK_OK(ssh_wire_put_text(&data, "ssh-connection"));
	CHECK_OK(ssh_wire_put_text(&data, "publickey"));
	CHECK_OK(bytes_append_byte(&data, 1));
	CHECK_OK(ssh_wire_put_text(&data, "algorithm"));
	CHECK_OK(ssh_wire_put_text(&data, "key"));
	(void)snprintf(expected, sizeof(expected), "log in as %s to %s", shown, unproved);
	CHECK_TEXT(say(bytes_view(&data)), expected);
}

TEST(a_plain_name_stands_as_it_is)
{
	check_login(view_of_text("git"), "git");
	check_login(view_of_text("jo.doe-2_x@EXAMPLE.org"), "jo.doe-2_x@EXAMPLE.org");
}

TEST(a_name_that_is_part_of_no_sentence)
{
	check_login(view_of_text("git to github.com, or"), "\"git to github.com, or\"");
	check_login(view_of_text("a\" to \"b"), "\"a' to 'b\"");
	check_login(view_of_text(""), "\"\"");
	check_login(view_of_text("m\u00fcller"), "\"m\u00fcller\"");
}

TEST(a_name_that_is_no_text)
{
	check_login(view_of_text("a\nb\x1b[2J"), "\"a\\u{000A}b\\u{001B}[2J\"");
	check_login(view_of_text("a\u202eb"), "\"a\\u{202E}b\"");
	check_login(view_of("a\0b", 3), "\"a\\u{0000}b\"");
	check_login(view_of_text("a\xff"), "\"a\\xFF\"");
}

TEST(a_long_name_hides_nothing_behind_it)
{
	char name[200];

	memset(name, 'x', sizeof(name));
	check_login(VIEW_OF(name), "\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…\"");
	name[1] = '"';
	check_login(VIEW_OF(name), "\"x'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…\"");
}

static void check_document(const char *namespace, const char *shown)
{
	CLEANUP(bytes_done) struct bytes data = BYTES_INIT(DATA_MAX);
	uint8_t digest[32] = {0};

	CHECK_OK(bytes_append(&data, view_of_text("SSHSIG")));
	CHECK_OK(ssh_wire_put_text(&data, namespace));
	CHECK_OK(ssh_wire_put_text(&data, NULL));
	CHECK_OK(ssh_wire_put_text(&data, "sha256"));
	CHECK_OK(ssh_wire_put_string(&data, VIEW_OF(digest)));
	CHECK_TEXT(say(bytes_view(&data)), shown);
}

TEST(what_a_document_is_for)
{
	check_document("git\", or \"x", "sign data for \"git', or 'x\"");
	check_document("git", "sign data for \"git\"");
	CHECK_TEXT(say(view_of_text("?")), "sign something that is neither a login nor a document");
}
