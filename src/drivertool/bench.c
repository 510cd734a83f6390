/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One thread between two sockets: a call is written, then card packets are answered until the reply
 * is there. A driver is never waited for longer than its deadline.
 */
#include "drivertool/bench.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/try.h"
#include "sys/socket.h"
#include "wire/failure.h"
#include "wire/message.h"
#include "wire/protocol.h"

enum {
	MUTE_MS = 10, /* until the slot gives a mute card up */
	MS_PER_S = 1000,
	NS_PER_MS = 1000 * 1000,
	CHUNK_BYTES = 16 * 1024,
	BCD_MAX = 32,
};

#define INTERFACE "org.keycask.Driver."

/* --- starting and ending ------------------------------------------------------------------------
 */

void bench_reply_done(struct bench_reply *reply)
{
	field_free(&reply->parameters);
}

void bench_done(struct bench *bench)
{
	socket_close(&bench->control);
	socket_close(&bench->card);
	child_end(&bench->child, NULL);
	bench->definition = idl_free(bench->definition);
	bytes_done(&bench->input);
	free(bench->packet);
	bench->packet = NULL;
}

/* What the end of a process says; empty for one that ended as it should or was killed by us. */
static void describe_end(int wait_status, char *ret_why)
{
	if (WIFSIGNALED(wait_status) && WTERMSIG(wait_status) == SIGSYS)
		(void)snprintf(ret_why, BENCH_WHY_MAX,
			       "ended by signal %d: it wanted something that a confined driver may "
			       "not do",
			       WTERMSIG(wait_status));
	else if (WIFSIGNALED(wait_status) && WTERMSIG(wait_status) != SIGKILL)
		(void)snprintf(ret_why, BENCH_WHY_MAX, "ended by signal %d, %s",
			       WTERMSIG(wait_status), strsignal(WTERMSIG(wait_status)));
	else if (WIFEXITED(wait_status) && WEXITSTATUS(wait_status) != 0)
		(void)snprintf(ret_why, BENCH_WHY_MAX, "ended with status %d",
			       WEXITSTATUS(wait_status));
	else
		ret_why[0] = '\0';
}

void bench_end(struct bench *bench, char *ret_why)
{
	int wait_status = 0;

	socket_close(&bench->control);
	socket_close(&bench->card);
	child_end_gently(&bench->child, &wait_status);
	describe_end(wait_status, ret_why);
	bench_done(bench);
}

static enum kc_status start_program(struct bench *bench)
{
	CLEANUP(socket_close) int control = -1;
	CLEANUP(socket_close) int card = -1;
	const char *arguments[] = {bench->settings->program, NULL};
	int descriptors[2];

	TRY(socket_make_pair(SOCK_STREAM, &bench->control, &control));
	TRY(socket_make_pair(SOCK_SEQPACKET, &bench->card, &card));
	descriptors[0] = control;
	descriptors[1] = card;
	return child_start(bench->settings->program, arguments, descriptors, ARRAY_LEN(descriptors),
			   &bench->child);
}

enum kc_status bench_start(const struct bench_settings *settings, struct player *player,
			   struct bench *ret_bench)
{
	enum kc_status status = KC_OK;

	*ret_bench = (struct bench){.settings = settings,
				    .player = player,
				    .child = CHILD_NONE,
				    .control = -1,
				    .card = -1,
				    .input = BYTES_INIT(WIRE_MESSAGE_MAX + CHUNK_BYTES),
				    .packet = malloc(APDU_COMMAND_MAX + 1)};
	status = ret_bench->packet ? idl_parse(protocol_org_keycask_Driver, &ret_bench->definition)
				   : fail(KC_ERR_ALLOCATE, "out of memory");
	if (status == KC_OK)
		status = start_program(ret_bench);
	if (status != KC_OK)
		bench_done(ret_bench);
	return status;
}

/* --- the card
 * ------------------------------------------------------------------------------------- */

static bool contains(struct kc_view view, const void *what, size_t len)
{
	return len > 0 && memmem(view.data, view.len, what, len) != NULL;
}

/* As text, or as packed digits, which some cards want. */
static bool has_secret(struct kc_view view, const char *secret)
{
	uint8_t packed[BCD_MAX] = {0};
	size_t len = strlen(secret);

	if (contains(view, secret, len))
		return true;
	for (size_t i = 0; i < len && i < (size_t)2 * BCD_MAX; i++) {
		if (secret[i] < '0' || secret[i] > '9')
			return false;
		packed[i / 2] |= (uint8_t)((secret[i] - '0') << (i % 2 ? 0 : 4));
	}
	return len % 2 == 0 && contains(view, packed, len / 2);
}

static void look_for_secrets(struct bench *bench, struct kc_view view, const char *where)
{
	for (size_t i = 0; i < BENCH_SECRETS_MAX && bench->settings->secrets[i]; i++) {
		if (has_secret(view, bench->settings->secrets[i]))
			(void)snprintf(bench->leak, sizeof(bench->leak), "a PIN is in %s", where);
	}
}

static void look_at_command(struct bench *bench, struct kc_view command)
{
	char where[64];

	bench->n_apdus++;
	if (player_is_pin_command(command))
		return;
	(void)snprintf(where, sizeof(where), "a command that is none for PINs, %02X %02X %02X %02X",
		       command.len > 0 ? command.data[0] : 0, command.len > 1 ? command.data[1] : 0,
		       command.len > 2 ? command.data[2] : 0,
		       command.len > 3 ? command.data[3] : 0);
	look_for_secrets(bench, command, where);
}

static void give_up_mute_card(void)
{
	const struct timespec pause = {.tv_nsec = MUTE_MS * NS_PER_MS};

	ignore(nanosleep(&pause, NULL) != 0);
}

/* False: the driver has closed its channel. */
static bool serve_card(struct bench *bench)
{
	CLEANUP(bytes_done) struct bytes answer = BYTES_INIT(PLAYER_OVERSIZED);
	ssize_t n = recv(bench->card, bench->packet, APDU_COMMAND_MAX + 1, MSG_TRUNC);
	struct kc_view command = view_of(bench->packet, n > 0 ? (size_t)n : 0);
	enum player_move move = PLAYER_LEAVES;

	if (n <= 0)
		return false;
	if (n <= APDU_COMMAND_MAX) {
		look_at_command(bench, command);
		move = player_answer(bench->player, command, &answer);
	}
	if (move == PLAYER_ANSWERS)
		return send(bench->card, answer.data, answer.len, MSG_NOSIGNAL) >= 0;
	if (move == PLAYER_IS_MUTE)
		give_up_mute_card();
	socket_close(&bench->card);
	return true;
}

/* --- the control socket -------------------------------------------------------------------------
 */

static enum kc_status send_call(struct bench *bench, const char *method,
				struct json_object *parameters)
{
	CLEANUP(field_free) struct json_object *call = NULL;
	CLEANUP(field_free) struct json_object *owned = parameters;
	CLEANUP(bytes_done) struct bytes text = BYTES_INIT(WIRE_MESSAGE_MAX);
	char name[64];

	(void)snprintf(name, sizeof(name), INTERFACE "%s", method);
	TRY(field_new_object(&call));
	TRY(field_put_text(call, "method", name));
	TRY(field_put(call, "parameters", take(owned)));
	TRY(message_put(&text, call));
	/* A driver that has ended is found out by reading. */
	ignore(send(bench->control, text.data, text.len, MSG_NOSIGNAL) < 0);
	return KC_OK;
}

static int64_t now_ms(void)
{
	struct timespec now;

	ignore(clock_gettime(CLOCK_MONOTONIC, &now) != 0);
	return (int64_t)now.tv_sec * MS_PER_S + now.tv_nsec / NS_PER_MS;
}

static void be_over(struct bench *bench, struct bench_reply *reply, enum bench_outcome outcome,
		    const char *why)
{
	reply->outcome = outcome;
	(void)snprintf(reply->why, sizeof(reply->why), "%s", why);
	child_end(&bench->child, NULL);
}

static void be_crashed(struct bench *bench, struct bench_reply *reply)
{
	char why[BENCH_WHY_MAX];
	int wait_status = 0;

	child_end_gently(&bench->child, &wait_status);
	describe_end(wait_status, why);
	be_over(bench, reply, BENCH_CRASHED, why[0] ? why : "closed its control socket");
}

static void be_wrong(struct bench *bench, struct bench_reply *reply, const char *why)
{
	be_over(bench, reply, BENCH_SPOKE_WRONG, why);
	error_clear();
}

static void read_failure(struct bench *bench, const char *error, struct json_object *parameters,
			 struct bench_reply *reply)
{
	char why[BENCH_WHY_MAX];

	error_clear();
	reply->status = failure_adopt(error, parameters);
	if (strcmp(error, INTERFACE "Failed") != 0 &&
	    strncmp(error, "org.varlink.service.", strlen("org.varlink.service.")) != 0) {
		(void)snprintf(why, sizeof(why), "the error \"%.80s\" is not one of the definition",
			       error);
		be_wrong(bench, reply, why);
		return;
	}
	reply->outcome = BENCH_FAILED;
	(void)snprintf(reply->why, sizeof(reply->why), "%s", error_get()->message);
	look_for_secrets(bench, view_of_text(error_get()->message), "the message of a failure");
	error_clear();
}

static void read_parameters(struct bench *bench, const char *method, struct json_object *parameters,
			    struct bench_reply *reply)
{
	const char *offender = NULL;
	char why[BENCH_WHY_MAX];

	if (idl_check(bench->definition, method, IDL_OUTPUT, parameters, &offender) != KC_OK) {
		(void)snprintf(why, sizeof(why), "\"%.60s\" in its answer is not as defined",
			       offender ? offender : "?");
		be_wrong(bench, reply, why);
		return;
	}
	reply->outcome = BENCH_ANSWERED;
	reply->parameters = json_object_get(parameters);
}

static void read_reply(struct bench *bench, const char *method, struct kc_view text,
		       struct bench_reply *reply)
{
	CLEANUP(field_free) struct json_object *message = NULL;
	CLEANUP(field_free) struct json_object *empty = NULL;
	struct json_object *parameters = NULL;
	const char *error = NULL;

	error_clear();
	if (message_parse(text, &message) != KC_OK || field_new_object(&empty) != KC_OK) {
		be_wrong(bench, reply, error_get()->message);
		return;
	}
	error = field_text(message, "error");
	parameters = field_get(message, "parameters");
	if (error)
		read_failure(bench, error, parameters ? parameters : empty, reply);
	else
		read_parameters(bench, method, parameters ? parameters : empty, reply);
}

/* True: the reply is there, or there will be none. */
static bool serve_control(struct bench *bench, const char *method, struct bench_reply *reply)
{
	uint8_t chunk[2048];
	ssize_t n = recv(bench->control, chunk, sizeof(chunk), 0);
	struct kc_view text;
	size_t used = 0;

	if (n < 0 && errno == EINTR)
		return false;
	if (n <= 0) {
		be_crashed(bench, reply);
		return true;
	}
	if (bytes_append(&bench->input, view_of(chunk, (size_t)n)) != KC_OK) {
		be_wrong(bench, reply, "an answer that does not end");
		return true;
	}
	if (!message_find(bytes_view(&bench->input), &text, &used))
		return false;
	read_reply(bench, method, text, reply);
	bytes_consume(&bench->input, used);
	if (bench->input.len > 0 && reply->outcome <= BENCH_FAILED)
		be_wrong(bench, reply, "more than one answer to one call");
	return true;
}

static bool is_too_much(struct bench *bench, struct bench_reply *reply)
{
	char why[BENCH_WHY_MAX];

	if (bench->n_apdus <= bench->settings->apdus_max)
		return false;
	(void)snprintf(why, sizeof(why), "more than %u APDUs for one call",
		       bench->settings->apdus_max);
	be_over(bench, reply, BENCH_FLOODED, why);
	return true;
}

/* One event on either socket. True: the call is over. */
static bool step(struct bench *bench, const char *method, int timeout_ms, struct bench_reply *reply)
{
	struct pollfd polls[2] = {{.fd = bench->control, .events = POLLIN},
				  {.fd = bench->card, .events = POLLIN}};
	char why[BENCH_WHY_MAX];
	int n = poll(polls, ARRAY_LEN(polls), timeout_ms);

	if (n < 0)
		return false; /* EINTR: the deadline is looked at again */
	if (n == 0) {
		(void)snprintf(why, sizeof(why), "no answer within %u ms",
			       bench->settings->deadline_ms);
		be_over(bench, reply, BENCH_HUNG, why);
		return true;
	}
	if (polls[1].revents && !serve_card(bench))
		socket_close(&bench->card);
	if (is_too_much(bench, reply))
		return true;
	return polls[0].revents && serve_control(bench, method, reply);
}

enum kc_status bench_call(struct bench *bench, const char *method, struct json_object *parameters,
			  struct bench_reply *ret_reply)
{
	int64_t deadline = now_ms() + bench->settings->deadline_ms;

	*ret_reply = (struct bench_reply){.outcome = BENCH_HUNG};
	bench->n_apdus = 0;
	TRY(send_call(bench, method, parameters));
	for (;;) {
		int64_t left = deadline - now_ms();

		if (step(bench, method, left > 0 ? (int)left : 0, ret_reply))
			return KC_OK;
	}
}
