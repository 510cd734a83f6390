/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lines "> command" and "< answer" in hexadecimal, "#" remarks; see tests/cards/README.md. */
#include "harness/fake_card.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/bytes.h"
#include "harness/test.h"

enum {
	PACKET_MAX = 65536 + 16,
	SW_UNKNOWN = 0x6D00,
	SW1_MORE = 0x61,
};

struct line {
	char *command; /* upper-case hexadecimal */
	struct kc_bytes answer;
};

struct fake_card {
	enum fake_card_mode mode;
	struct line *lines;
	size_t n_lines;
	size_t next; /* strict: the one that is due; lookup: the one that GET RESPONSE is */
	bool is_continuing;
	char **commands;
	unsigned n_commands;
	unsigned n_unexpected;
	bool is_leaving;
	unsigned n_left;
	fake_card_alter_fn alter;
	void *alter_userdata;
	pthread_t thread;
	bool has_thread;
	int fd;
};

static void must(bool condition, const char *what)
{
	if (!condition)
		test_fail(__FILE__, __LINE__, "fake card: %s", what);
}

static unsigned digit(char c)
{
	static const char digits[] = "0123456789ABCDEF";
	const char *place = strchr(digits, c >= 'a' && c <= 'f' ? c - 'a' + 'A' : c);

	must(c != '\0' && place != NULL, "a line that is not hexadecimal");
	return (unsigned)(place - digits);
}

static struct kc_bytes bytes_of(const char *hex)
{
	size_t len = strlen(hex);
	struct kc_bytes out = {malloc(len / 2 + 1), len / 2};

	must(out.data && len % 2 == 0, "an odd line");
	for (size_t i = 0; i < out.len; i++)
		out.data[i] = (uint8_t)(digit(hex[2 * i]) << 4 | digit(hex[2 * i + 1]));
	return out;
}

static char *hex_of(struct kc_view view)
{
	char *text = malloc(2 * view.len + 1);

	must(text != NULL, "out of memory");
	for (size_t i = 0; i < view.len; i++)
		snprintf(text + 2 * i, 3, "%02X", view.data[i]);
	text[2 * view.len] = '\0';
	return text;
}

struct fake_card *fake_card_new(enum fake_card_mode mode)
{
	struct fake_card *card = calloc(1, sizeof(*card));

	must(card != NULL, "out of memory");
	card->mode = mode;
	card->fd = -1;
	return card;
}

void fake_card_add(struct fake_card *card, const char *command, const char *answer)
{
	struct kc_bytes exact = bytes_of(command);

	card->lines = reallocarray(card->lines, card->n_lines + 1, sizeof(*card->lines));
	must(card->lines != NULL, "out of memory");
	card->lines[card->n_lines++] = (struct line){
		.command = hex_of(view_of(exact.data, exact.len)), .answer = bytes_of(answer)};
	kc_bytes_free(&exact);
}

struct fake_card *fake_card_load(const char *path)
{
	struct fake_card *card = fake_card_new(FAKE_CARD_LOOKUP);
	struct kc_bytes text = test_read_data(path);
	char *rest = NULL;
	const char *command = NULL;

	for (char *line = strtok_r((char *)text.data, "\n", &rest); line;
	     line = strtok_r(NULL, "\n", &rest)) {
		if (strncmp(line, "> ", 2) == 0)
			command = line + 2;
		else if (strncmp(line, "< ", 2) == 0 && command)
			fake_card_add(card, command, line + 2);
	}
	must(card->n_lines > 0, "an empty recording");
	kc_bytes_free(&text);
	return card;
}

void fake_card_forget(struct fake_card *card)
{
	for (unsigned i = 0; i < card->n_commands; i++)
		free(card->commands[i]);
	card->n_commands = 0;
	card->n_unexpected = 0;
}

struct fake_card *fake_card_free(struct fake_card *card)
{
	if (!card)
		return NULL;
	fake_card_join(card);
	fake_card_forget(card);
	for (size_t i = 0; i < card->n_lines; i++) {
		free(card->lines[i].command);
		kc_bytes_free(&card->lines[i].answer);
	}
	free(card->lines);
	free(card->commands);
	free(card);
	return NULL;
}

void fake_card_leave_after(struct fake_card *card, unsigned n)
{
	card->is_leaving = true;
	card->n_left = n;
}

void fake_card_alter(struct fake_card *card, fake_card_alter_fn alter, void *userdata)
{
	card->alter = alter;
	card->alter_userdata = userdata;
}

/* --- answering -------------------------------------------------------------------------------- */

static bool is_get_response(const char *command)
{
	return strncmp(command, "00C0", 4) == 0;
}

static const struct line *match(const struct fake_card *card, size_t index, const char *command)
{
	if (index >= card->n_lines || strcmp(card->lines[index].command, command) != 0)
		return NULL;
	return &card->lines[index];
}

/* What was added by a test stands last and goes before the recording. */
static const struct line *look_up(const struct fake_card *card, const char *command)
{
	if (is_get_response(command))
		return card->is_continuing ? match(card, card->next, command) : NULL;
	for (size_t i = card->n_lines; i > 0; i--) {
		if (match(card, i - 1, command))
			return &card->lines[i - 1];
	}
	return NULL;
}

static const struct line *find(struct fake_card *card, const char *command)
{
	const struct line *line = card->mode == FAKE_CARD_STRICT ? match(card, card->next, command)
								 : look_up(card, command);

	if (!line) {
		card->n_unexpected++;
		return NULL;
	}
	card->next = (size_t)(line - card->lines) + 1;
	card->is_continuing =
		line->answer.len >= 2 && line->answer.data[line->answer.len - 2] == SW1_MORE;
	return line;
}

static void note(struct fake_card *card, char *command)
{
	card->commands =
		reallocarray(card->commands, card->n_commands + 1, sizeof(*card->commands));
	must(card->commands != NULL, "out of memory");
	card->commands[card->n_commands++] = command;
}

enum kc_status fake_card_exchange(void *context, struct kc_view command, struct bytes *response)
{
	static const uint8_t unknown[] = {SW_UNKNOWN >> 8, SW_UNKNOWN & 0xff};
	struct fake_card *card = context;
	char *hex = hex_of(command);
	const struct line *line = NULL;

	note(card, hex);
	if (card->is_leaving && card->n_left-- == 0)
		return KC_ERR_TOKEN_NOT_FOUND;
	line = find(card, hex);
	must(bytes_append(response, line ? view_of(line->answer.data, line->answer.len)
					 : VIEW_OF(unknown)) == KC_OK,
	     "an answer too long");
	if (card->alter)
		card->alter(card->alter_userdata, card->n_commands - 1, response);
	return KC_OK;
}

/* --- the channel ------------------------------------------------------------------------------ */

static void *serve(void *context)
{
	struct fake_card *card = context;
	uint8_t *packet = malloc(PACKET_MAX);
	ssize_t n = 0;

	must(packet != NULL, "out of memory");
	while ((n = recv(card->fd, packet, PACKET_MAX, 0)) > 0) {
		struct bytes response = BYTES_INIT(PACKET_MAX);

		if (fake_card_exchange(card, view_of(packet, (size_t)n), &response) != KC_OK)
			break;
		if (send(card->fd, response.data, response.len, MSG_NOSIGNAL) < 0)
			break;
		bytes_done(&response);
	}
	free(packet);
	close(card->fd);
	card->fd = -1;
	return NULL;
}

int fake_card_start(struct fake_card *card)
{
	int ends[2];

	must(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == 0, "no socket pair");
	card->fd = ends[0];
	must(pthread_create(&card->thread, NULL, serve, card) == 0, "no thread");
	card->has_thread = true;
	return ends[1];
}

void fake_card_join(struct fake_card *card)
{
	if (card->has_thread)
		pthread_join(card->thread, NULL);
	card->has_thread = false;
}

/* --- what was sent ---------------------------------------------------------------------------- */

unsigned fake_card_count(const struct fake_card *card)
{
	return card->n_commands;
}

unsigned fake_card_unexpected(const struct fake_card *card)
{
	return card->n_unexpected;
}

unsigned fake_card_count_of(const struct fake_card *card, const char *prefix)
{
	unsigned n = 0;

	for (unsigned i = 0; i < card->n_commands; i++)
		n += strncasecmp(card->commands[i], prefix, strlen(prefix)) == 0;
	return n;
}

const char *fake_card_command(const struct fake_card *card, unsigned index)
{
	must(index < card->n_commands, "no such command");
	return card->commands[index];
}

bool fake_card_is_finished(const struct fake_card *card)
{
	return card->next == card->n_lines;
}
