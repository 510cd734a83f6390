/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * T15 (CVE-2023-28531): each constraint holds for each type of key, whether ssh-add brought it or a
 * token or the keychain has it. Through the messages themselves: what is listed, what is signed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <keycask/daemon.h>

#include "base/try.h"
#include "codec/hex.h"
#include "codec/ssh_wire.h"
#include "frontends/ssh_agent/ssh_hop.h"
#include "frontends/ssh_agent/ssh_request.h"
#include "harness/test.h"

enum {
	MESSAGE_MAX = 32 * 1024,
	REQUEST_IDENTITIES = 11,
	SIGN_REQUEST = 13,
	EXTENSION = 27,
};

/* --- keys ---------------------------------------------------------------------------------- */

static const char *const kinds[] = {"ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384",
				    "ecdsa-sha2-nistp521", "ssh-rsa"};

/* Nobody computes with them here. */
static void put_key(const char *name, uint8_t filling, struct bytes *blob)
{
	bool is_certificate = false;
	const struct ssh_kind *kind = ssh_kind_find(view_of_text(name), &is_certificate);
	uint8_t number[256];
	size_t width = (kind->size_in_bits + 7) / 8;

	memset(number, filling, sizeof(number));
	number[0] = 0x80; /* of RSA, as long as it should be */
	CHECK_OK(ssh_wire_put_text(blob, name));
	if (kind->curve) {
		number[0] = 4;
		CHECK_OK(ssh_wire_put_text(blob, kind->curve));
		CHECK_OK(ssh_wire_put_string(blob, view_of(number, 1 + 2 * width)));
	} else if (strcmp(name, "ssh-rsa") == 0) {
		CHECK_OK(ssh_wire_put_mpint(blob, view_of("\1\0\1", 3)));
		CHECK_OK(ssh_wire_put_mpint(blob, VIEW_OF(number)));
	} else {
		CHECK_OK(ssh_wire_put_string(blob, view_of(number, 32)));
	}
}

static struct bytes host_key(char host)
{
	struct bytes blob = BYTES_INIT(SSH_BLOB_MAX);

	put_key("ssh-ed25519", (uint8_t)host, &blob);
	return blob;
}

/* --- the scene ----------------------------------------------------------------------------- */

static void put_constraint(char from, char to, const char *user, struct bytes *constraints)
{
	CLEANUP(bytes_done) struct bytes from_blob = host_key(from);
	CLEANUP(bytes_done) struct bytes to_blob = host_key(to);
	struct kc_view from_key = bytes_view(&from_blob);
	struct kc_view to_key = bytes_view(&to_blob);
	bool is_authority = false;
	struct ssh_destination_hop first = {NULL, "from", &from_key, &is_authority, 1};
	struct ssh_destination_hop second = {user, "to", &to_key, &is_authority, 1};

	CHECK_OK(ssh_destination_put(from ? &first : NULL, &second, constraints));
}

/* To A as git, and from A to B. */
static void put_constraints(struct bytes *constraints)
{
	put_constraint(0, 'A', "git", constraints);
	put_constraint('A', 'B', NULL, constraints);
}

struct scene {
	struct ssh_agent agent;
	struct ssh_session session;
	char settings[512];
	struct bytes blob;
};

static void write_settings(struct scene *scene, const char *fingerprint, const char *limits)
{
	FILE *file = fopen(scene->settings, "w");

	CHECK(file);
	CHECK(fprintf(file, "{\"%s\":{%s}}", fingerprint, limits) > 0);
	CHECK_INT(fclose(file), 0);
}

static void scene_open(struct scene *scene)
{
	struct ssh_agent_places places = {scene->settings, "/nonexistent", NULL};

	*scene = (struct scene){.blob = BYTES_INIT(SSH_BLOB_MAX)};
	(void)snprintf(scene->settings, sizeof(scene->settings), "%s/ssh-agent.json",
		       test_directory());
	ignore(remove(scene->settings) == 0);
	CHECK_OK(ssh_agent_init(&scene->agent, &places));
}

static void scene_done(struct scene *scene)
{
	ssh_agent_done(&scene->agent);
	ssh_session_done(&scene->session);
	bytes_done(&scene->blob);
}

static struct ssh_offer *add_offer(struct scene *scene, const char *kind, bool is_added)
{
	CLEANUP(ssh_key_freep) struct ssh_key *key = NULL;
	struct ssh_offer *offer = NULL;
	struct kc_key *name = NULL;

	put_key(kind, 0x55, &scene->blob);
	CHECK_OK(kc_key_from_persistent_ref(view_of_text("a reference"), &name));
	CHECK_OK(ssh_key_new(name, NULL, &key));
	CHECK_OK(ssh_offer_new(bytes_view(&scene->blob), "comment", key, &offer));
	offer->is_added = is_added;
	ssh_offer_insert(is_added ? &scene->agent.added : &scene->agent.offers, offer);
	return offer;
}

static void limit(struct scene *scene, struct ssh_offer *offer)
{
	CLEANUP(bytes_done) struct bytes constraints = BYTES_INIT(MESSAGE_MAX);
	CLEANUP(freep) char *text = NULL;
	char limits[4096];

	put_constraints(&constraints);
	if (offer->is_added) {
		CHECK_OK(ssh_destinations_add(&offer->limits.destinations,
					      bytes_view(&constraints)));
		return;
	}
	text = base64_encode(bytes_view(&constraints));
	(void)snprintf(limits, sizeof(limits), "\"constraints\":\"%s\"", text);
	write_settings(scene, offer->fingerprint, limits);
	CHECK_OK(ssh_settings_refresh(scene->agent.settings));
}

/* "Ab": forwarded to A, then bound for a login to B. */
static void come_by(struct scene *scene, const char *way)
{
	for (size_t i = 0; way[i]; i++) {
		CLEANUP(bytes_done) struct bytes host = host_key((char)(way[i] & ~0x20));
		struct ssh_binding binding = {.host_key = bytes_view(&host),
					      .session_id = view_of_text(way + i),
					      .is_forwarding = !(way[i] & 0x20)};

		CHECK_OK(ssh_session_bind(&scene->session, &binding));
	}
}

/* --- messages ------------------------------------------------------------------------------ */

static bool is_listed(struct scene *scene)
{
	CLEANUP(bytes_done) struct bytes answer = BYTES_INIT(MESSAGE_MAX);
	struct ssh_way way = ssh_session_way(&scene->session);

	CHECK_OK(ssh_agent_list(&scene->agent, &way, &answer));
	CHECK(answer.len >= 4);
	return answer.data[3] == 1;
}

static void put_login(const struct scene *scene, const char *user, const char *session,
		      const char *host, struct bytes *data)
{
	CLEANUP(bytes_done) struct bytes key = host_key(host ? host[0] : 0);

	CHECK_OK(ssh_wire_put_text(data, session));
	CHECK_OK(bytes_append_byte(data, 50));
	CHECK_OK(ssh_wire_put_text(data, user));
	CHECK_OK(ssh_wire_put_text(data, "ssh-connection"));
	CHECK_OK(ssh_wire_put_text(data,
				   host ? "publickey-hostbound-v00@openssh.com" : "publickey"));
	CHECK_OK(bytes_append_byte(data, 1));
	CHECK_OK(ssh_wire_put_text(data, "algorithm"));
	CHECK_OK(ssh_wire_put_string(data, bytes_view(&scene->blob)));
	if (host)
		CHECK_OK(ssh_wire_put_string(data, bytes_view(&key)));
}

/* Would it be signed? */
static bool is_signed(struct scene *scene, struct kc_view data)
{
	CLEANUP(bytes_done) struct bytes message = BYTES_INIT(MESSAGE_MAX);
	CLEANUP(bytes_done) struct bytes reply = BYTES_INIT(MESSAGE_MAX);
	struct ssh_task *task = NULL;
	bool is_task = false;

	CHECK_OK(bytes_append_byte(&message, SIGN_REQUEST));
	CHECK_OK(ssh_wire_put_string(&message, bytes_view(&scene->blob)));
	CHECK_OK(ssh_wire_put_string(&message, data));
	CHECK_OK(ssh_wire_put_uint32(&message, SSH_SIGNATURE_RSA_SHA2_512));
	ssh_request_handle(&scene->agent, &scene->session, 1, bytes_view(&message), &reply, &task);
	is_task = task != NULL;
	CHECK(is_task || (reply.len == 1 && reply.data[0] == SSH_AGENT_FAILURE));
	ignore(ssh_task_free(task) != NULL);
	return is_task;
}

static bool is_login_signed(struct scene *scene, const char *user, const char *session,
			    const char *host)
{
	CLEANUP(bytes_done) struct bytes data = BYTES_INIT(MESSAGE_MAX);

	put_login(scene, user, session, host, &data);
	return is_signed(scene, bytes_view(&data));
}

/* --- the table ----------------------------------------------------------------------------- */

static const struct row {
	const char *way;
	bool is_listed;
	bool git; /* logs in to the last host */
	bool others;
} rows[] = {
	{"", true, false, false}, /* a program of this machine lists, and proves no host */
	{"a", true, true, false},    {"A", true, false, false}, /* at A, for B */
	{"b", false, false, false},  {"B", false, false, false},  {"Ab", true, true, true},
	{"AB", false, false, false}, /* nothing leads on from B */
	{"Aa", false, false, false}, {"Ac", false, false, false}, {"c", false, false, false},
};

/* A key that is not found has the daemon be asked, and there is none here: what it had is gone. */
static struct ssh_offer *open_limited(struct scene *scene, const char *kind, bool is_added,
				      const char *way)
{
	struct ssh_offer *offer = NULL;

	kc_daemon_set_autostart(false);
	CHECK_INT(setenv("KEYCASK_SOCKET", "/nonexistent/keycask.sock", 1), 0);
	scene_open(scene);
	offer = add_offer(scene, kind, is_added);
	CHECK(is_listed(scene) && is_signed(scene, view_of_text("anything")));
	limit(scene, offer);
	come_by(scene, way);
	return offer;
}

static bool is_permitted(const char *kind, bool is_added, const char *way, const char *user,
			 const char *session, const char *host)
{
	CLEANUP(scene_done) struct scene scene;

	ignore(open_limited(&scene, kind, is_added, way) == NULL);
	return is_login_signed(&scene, user, session, host);
}

static void check_row(const char *kind, bool is_added, const struct row *row)
{
	CLEANUP(scene_done) struct scene scene;
	size_t len = strlen(row->way);
	const char *last = len ? row->way + len - 1 : "x";
	char host[] = {(char)(last[0] & ~0x20), '\0'};

	ignore(open_limited(&scene, kind, is_added, row->way) == NULL);
	CHECK_INT(is_listed(&scene), row->is_listed);
	CHECK(!is_signed(&scene, view_of_text("SSHSIG")));
	CHECK_INT(is_permitted(kind, is_added, row->way, "git", last, host), row->git);
	CHECK_INT(is_permitted(kind, is_added, row->way, "jo", last, host), row->others);
	/* over another host the login has to name the host key */
	CHECK_INT(is_permitted(kind, is_added, row->way, "git", last, NULL), row->git && len < 2);
	CHECK(!is_permitted(kind, is_added, row->way, "git", "other session", host));
	CHECK(!is_permitted(kind, is_added, row->way, "git", last, "Z"));
}

TEST(each_constraint_holds_for_each_key)
{
	for (size_t i = 0; i < ARRAY_LEN(kinds) * 2; i++)
		for (size_t j = 0; j < ARRAY_LEN(rows); j++)
			check_row(kinds[i / 2], i % 2, &rows[j]);
}

/* --- what is no login ---------------------------------------------------------------------- */

/* "?": a binding was refused. */
static bool is_anything_signed(const char *way, struct kc_view data)
{
	CLEANUP(scene_done) struct scene scene;

	scene_open(&scene);
	add_offer(&scene, kinds[0], true);
	if (way[0] == '?')
		scene.session.n_unproved = 1;
	else
		come_by(&scene, way);
	return is_signed(&scene, data);
}

/* A key with a certificate, whose PIN somebody has given, would log in elsewhere, by TLS. */
TEST(what_is_not_of_ssh_is_signed_for_this_machine_only)
{
	CLEANUP(bytes_done) struct bytes document = BYTES_INIT(MESSAGE_MAX);
	const struct kc_view foreign = view_of_text("TLS 1.3, client CertificateVerify");
	uint8_t digest[64] = {0};

	CHECK_OK(bytes_append(&document, view_of_text("SSHSIG")));
	CHECK_OK(ssh_wire_put_text(&document, "file"));
	CHECK_OK(ssh_wire_put_text(&document, NULL));
	CHECK_OK(ssh_wire_put_text(&document, "sha512"));
	CHECK_OK(ssh_wire_put_string(&document, VIEW_OF(digest)));
	CHECK(is_anything_signed("", foreign) && is_anything_signed("a", foreign));
	CHECK(!is_anything_signed("A", foreign) && !is_anything_signed("Ab", foreign));
	CHECK(!is_anything_signed("?", foreign));
	CHECK(is_anything_signed("", bytes_view(&document)));
	CHECK(is_anything_signed("Ab", bytes_view(&document)));
	CHECK(is_anything_signed("?", bytes_view(&document)));
	CHECK_OK(bytes_append_byte(&document, 0));
	CHECK(!is_anything_signed("A", bytes_view(&document)));
}

TEST(a_login_without_limits_is_signed_over_another_host)
{
	CLEANUP(scene_done) struct scene scene;

	scene_open(&scene);
	add_offer(&scene, kinds[0], true);
	come_by(&scene, "A");
	CHECK(is_login_signed(&scene, "jo", "b", "B") && is_login_signed(&scene, "jo", "b", NULL));
}

TEST(a_binding_that_was_refused_is_no_local_program)
{
	CLEANUP(scene_done) struct scene scene;

	ignore(open_limited(&scene, kinds[0], true, "") == NULL);
	CHECK(is_listed(&scene));
	scene.session.n_unproved = 1;
	CHECK(!is_listed(&scene));
}

/* A host that the agent is forwarded to, and whose key is of a kind that is refused here, binds the
 * connection to the next host itself: it is not on its own way then. */
TEST(no_host_gets_around_a_binding_that_was_refused)
{
	for (size_t i = 0; i < ARRAY_LEN(kinds) * 2; i++) {
		CLEANUP(bytes_done) struct bytes message = BYTES_INIT(MESSAGE_MAX);
		CLEANUP(bytes_done) struct bytes reply = BYTES_INIT(MESSAGE_MAX);
		CLEANUP(scene_done) struct scene scene;
		struct ssh_task *task = NULL;

		ignore(open_limited(&scene, kinds[i / 2], i % 2, "") == NULL);
		CHECK_OK(bytes_append_byte(&message, EXTENSION));
		CHECK_OK(ssh_wire_put_text(&message, "session-bind@openssh.com"));
		ssh_request_handle(&scene.agent, &scene.session, 1, bytes_view(&message), &reply,
				   &task);
		CHECK(!task && reply.len == 1 && reply.data[0] == SSH_AGENT_EXTENSION_FAILURE);
		come_by(&scene, "a");
		CHECK(!is_listed(&scene));
		CHECK(!is_login_signed(&scene, "git", "a", "A"));
	}
}

TEST(the_other_limits_hold_for_each_key)
{
	for (size_t i = 0; i < ARRAY_LEN(kinds) * 2; i++) {
		CLEANUP(scene_done) struct scene scene;
		struct ssh_offer *offer = NULL;
		bool is_added = i % 2;

		scene_open(&scene);
		offer = add_offer(&scene, kinds[i / 2], is_added);
		offer->limits.ends_us = is_added ? 1 : 0;
		if (!is_added) {
			write_settings(&scene, offer->fingerprint, "\"until\":1");
			CHECK_OK(ssh_settings_refresh(scene.agent.settings));
		}
		CHECK(!is_listed(&scene));
		if (is_added) {
			CHECK(!is_signed(&scene, view_of_text("x")));
			continue;
		}
		write_settings(&scene, offer->fingerprint, "\"hidden\":true,\"confirm\":false");
		CHECK_OK(ssh_settings_refresh(scene.agent.settings));
		CHECK(!is_listed(&scene));
	}
}

/* Whatever the calendar says. */
TEST(a_lifetime_is_of_the_clock_that_nobody_sets)
{
	struct ssh_limits limits = SSH_LIMITS_INIT;
	struct timespec before = {0};
	struct timespec after = {0};

	CHECK_INT(clock_gettime(CLOCK_BOOTTIME, &before), 0);
	CHECK_OK(ssh_limits_read(view_of("\1\0\0\1\0", 5), &limits));
	CHECK_INT(clock_gettime(CLOCK_BOOTTIME, &after), 0);
	CHECK_INT(limits.until_us, 0);
	CHECK(limits.ends_us >= (before.tv_sec + 256) * 1000000LL);
	CHECK(limits.ends_us <= (after.tv_sec + 257) * 1000000LL);
	CHECK(!ssh_limits_are_over(&limits));
	limits.ends_us = before.tv_sec * 1000000LL;
	CHECK(ssh_limits_are_over(&limits));
}

static enum kc_status read_until(struct scene *scene, struct ssh_offer *offer, const char *until)
{
	char limits[64];

	(void)snprintf(limits, sizeof(limits), "\"until\":%s", until);
	write_settings(scene, offer->fingerprint, limits);
	return ssh_settings_refresh(scene->agent.settings);
}

TEST(a_time_that_is_none)
{
	static const char *const wrong[] = {"-1", "253402300800", "10000000000000",
					    "9223372036854775807", "-9223372036854775808"};
	CLEANUP(scene_done) struct scene scene;
	struct ssh_offer *offer = NULL;

	scene_open(&scene);
	offer = add_offer(&scene, kinds[0], false);
	CHECK_OK(read_until(&scene, offer, "253402300799"));
	CHECK(is_listed(&scene));
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		CHECK_STATUS(read_until(&scene, offer, wrong[i]), KC_ERR_DECODE);
		CHECK(strstr(error_get()->message, "which is no time"));
		error_clear();
	}
}

TEST(a_locked_agent_has_nothing)
{
	CLEANUP(scene_done) struct scene scene;

	scene_open(&scene);
	add_offer(&scene, kinds[0], true);
	CHECK_OK(ssh_lock_close(&scene.agent.lock, view_of_text("password")));
	CHECK(!is_listed(&scene) && !is_signed(&scene, view_of_text("x")));
	CHECK_STATUS(ssh_lock_open(&scene.agent.lock, view_of_text("passworD")),
		     KC_ERR_AUTH_FAILED);
	scene.agent.lock.closed_until_us = 0; /* as after a while */
	CHECK_STATUS(ssh_lock_open(&scene.agent.lock, view_of_text("")), KC_ERR_AUTH_FAILED);
	CHECK_INT(ssh_lock_penalty_ms(&scene.agent.lock), 200);
	scene.agent.lock.closed_until_us = 0;
	CHECK_OK(ssh_lock_open(&scene.agent.lock, view_of_text("password")));
	CHECK(is_listed(&scene) && is_signed(&scene, view_of_text("x")));
}

TEST(a_session_is_bound_once)
{
	CLEANUP(scene_done) struct scene scene;
	CLEANUP(bytes_done) struct bytes a = host_key('A');
	CLEANUP(bytes_done) struct bytes b = host_key('B');
	struct ssh_binding binding = {bytes_view(&a), view_of_text("1"), view_of(NULL, 0), true};

	scene_open(&scene);
	CHECK_OK(ssh_session_bind(&scene.session, &binding));
	CHECK_OK(ssh_session_bind(&scene.session, &binding)); /* no news */
	CHECK_INT(scene.session.n_bound, 1);
	binding.host_key = bytes_view(&b);
	CHECK_STATUS(ssh_session_bind(&scene.session, &binding), KC_ERR_PARAM);
	binding = (struct ssh_binding){bytes_view(&b), view_of_text("2"), view_of(NULL, 0), false};
	CHECK_OK(ssh_session_bind(&scene.session, &binding));
	binding.session_id = view_of_text("3");
	CHECK_STATUS(ssh_session_bind(&scene.session, &binding), KC_ERR_PARAM);
}

TEST(constraints_that_are_wrong)
{
	static const char *const wrong[] = {
		"",
		"00",
		"00000000",
		"000000FF",
		"00000004000000FF",
		/* without host keys; with a user of the first end; with something behind it */
		"0000002D0000000C0000000000000000000000000000000E0000000000000002616200000000",
	};

	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		CLEANUP(bytes_done) struct bytes bytes = BYTES_INIT(MESSAGE_MAX);

		CHECK_OK(hex_decode(wrong[i], &bytes));
		CHECK_STATUS(ssh_destinations_check(bytes_view(&bytes)), KC_ERR_DECODE);
		error_clear();
	}
}

TEST(patterns)
{
	static const struct {
		const char *pattern;
		const char *text;
		bool matches;
	} cases[] = {
		{"", "", true},	       {"*", "", true},		 {"*", "abc", true},
		{"a*c", "abbc", true}, {"a*c", "abb", false},	 {"?", "a", true},
		{"?", "", false},      {"a?c*", "abcabc", true}, {"*.example", "a.example", true},
		{"git", "gi", false},  {"gi", "git", false},	 {"**a**b", "xaxb", true},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		CHECK_INT(ssh_hop_matches(view_of_text(cases[i].pattern),
					  view_of_text(cases[i].text)),
			  cases[i].matches);
}
