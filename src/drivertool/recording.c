/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading recordings. They are written by hand and by tools: every mistake is named by its line. */
#include "drivertool/recording.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/try.h"
#include "codec/apdu.h"
#include "codec/hex.h"
#include "sys/file.h"

enum {
	RECORDING_BYTES_MAX = 8 * 1024 * 1024,
	LINES_MAX = 4096,
	WORDS_MAX = 5,
	INS_SELECT = 0xA4,
	SELECT_BY_NAME = 0x04, /* ISO 7816-4 11.2.2, P1: select by DF name */
};

#define REMARK	   "# keycask: "
#define REMARK_ATR "# ATR "

/* Where the reader is. */
struct reader {
	struct recording *recording;
	const char *path;
	unsigned number;
	bool has_command; /* its answer is still to come */
};

struct recording *recording_free(struct recording *recording)
{
	if (!recording)
		return NULL;
	for (size_t i = 0; i < recording->n_lines; i++) {
		kc_bytes_free(&recording->lines[i].command);
		kc_bytes_free(&recording->lines[i].answer);
	}
	for (size_t i = 0; i < recording->n_signings; i++) {
		kc_bytes_free(&recording->signings[i].object_id);
		kc_bytes_free(&recording->signings[i].data);
	}
	free(recording->lines);
	free(recording);
	return NULL;
}

static enum kc_status wrong(const struct reader *reader, const char *why)
{
	error_clear();
	return fail(KC_ERR_DECODE, "%.150s:%u: %s", reader->path, reader->number, why);
}

static enum kc_status read_hex(const struct reader *reader, const char *text,
			       struct kc_bytes *ret_bytes)
{
	CLEANUP(bytes_done) struct bytes bytes = BYTES_INIT(APDU_COMMAND_MAX + 2);

	if (hex_decode(text, &bytes) != KC_OK || bytes.len == 0)
		return wrong(reader, "not hexadecimal, two digits for each byte");
	*ret_bytes = bytes_take(&bytes);
	return KC_OK;
}

static enum kc_status add_command(struct reader *reader, const char *text)
{
	struct recording *recording = reader->recording;
	struct recording_line *lines = NULL;
	struct kc_bytes command = {NULL, 0};

	if (reader->has_command)
		return wrong(reader, "a command, and the one before it has no answer");
	if (recording->n_lines == LINES_MAX)
		return wrong(reader, "too many commands");
	TRY(read_hex(reader, text, &command));
	lines = reallocarray(recording->lines, recording->n_lines + 1, sizeof(*lines));
	if (!lines)
		kc_bytes_free(&command);
	REQUIRE(lines, KC_ERR_ALLOCATE, "out of memory");
	recording->lines = lines;
	lines[recording->n_lines++] = (struct recording_line){.command = command};
	reader->has_command = true;
	if (command.len < 4)
		return wrong(reader, "a command APDU has at least four bytes");
	return KC_OK;
}

static enum kc_status add_answer(struct reader *reader, const char *text)
{
	struct kc_bytes answer = {NULL, 0};

	if (!reader->has_command)
		return wrong(reader, "an answer without a command");
	TRY(read_hex(reader, text, &answer));
	reader->recording->lines[reader->recording->n_lines - 1].answer = answer;
	reader->has_command = false;
	if (answer.len < 2)
		return wrong(reader, "an answer ends with a status word");
	return KC_OK;
}

/* The words of @text, in place; one more than needed is enough to see that there are too many. */
static size_t split(char *text, char **ret_words)
{
	char *rest = NULL;
	size_t n = 0;

	for (char *word = strtok_r(text, " ", &rest); word && n < WORDS_MAX;
	     word = strtok_r(NULL, " ", &rest))
		ret_words[n++] = word;
	return n;
}

static enum kc_status add_signing(struct reader *reader, char **words)
{
	struct recording *recording = reader->recording;
	struct recording_signing *signing = &recording->signings[recording->n_signings];

	if (recording->n_signings == RECORDING_SIGNINGS_MAX)
		return wrong(reader, "too many signatures");
	if (strlen(words[2]) >= sizeof(signing->algorithm))
		return wrong(reader, "there is no such algorithm");
	memcpy(signing->algorithm, words[2], strlen(words[2]) + 1);
	recording->n_signings++;
	TRY(read_hex(reader, words[1], &signing->object_id));
	return read_hex(reader, words[3], &signing->data);
}

static enum kc_status read_remark(struct reader *reader, char *text)
{
	char *words[WORDS_MAX];
	size_t n = split(text, words);

	if (n == 2 && strcmp(words[0], "pin") == 0 && strlen(words[1]) < RECORDING_PIN_MAX) {
		memcpy(reader->recording->pin, words[1], strlen(words[1]) + 1);
		return KC_OK;
	}
	if (n == 4 && strcmp(words[0], "sign") == 0)
		return add_signing(reader, words);
	return wrong(reader,
		     "after '# keycask:' comes 'pin PIN' or 'sign OBJECT-ID ALGORITHM DATA'");
}

/* What follows it, if anything, is a remark again. */
static void keep_atr(const struct reader *reader, const char *text)
{
	size_t len = strspn(text, "0123456789ABCDEF");

	if (len > 0 && len < RECORDING_ATR_MAX)
		memcpy(reader->recording->atr, text, len); /* the rest is zeros */
}

static enum kc_status read_line(struct reader *reader, char *line)
{
	if (strncmp(line, "> ", 2) == 0)
		return add_command(reader, line + 2);
	if (strncmp(line, "< ", 2) == 0)
		return add_answer(reader, line + 2);
	if (strncmp(line, REMARK, strlen(REMARK)) == 0)
		return read_remark(reader, line + strlen(REMARK));
	if (strncmp(line, REMARK_ATR, strlen(REMARK_ATR)) == 0)
		keep_atr(reader, line + strlen(REMARK_ATR));
	if (line[0] == '#' || line[0] == '\0')
		return KC_OK;
	return wrong(reader, "a line begins with '> ', '< ' or '#'");
}

static enum kc_status read_lines(struct reader *reader, char *text)
{
	while (*text) {
		char *end = text + strcspn(text, "\n");
		bool is_last = *end == '\0';

		*end = '\0';
		if (end > text && end[-1] == '\r')
			end[-1] = '\0';
		reader->number++;
		TRY(read_line(reader, text));
		text = is_last ? end : end + 1;
	}
	if (reader->has_command)
		return wrong(reader, "the last command has no answer");
	if (reader->recording->n_lines == 0)
		return wrong(reader, "no commands in it");
	return KC_OK;
}

enum kc_status recording_load(const char *path, struct recording **ret_recording)
{
	CLEANUP(recording_freep) struct recording *recording = calloc(1, sizeof(*recording));
	CLEANUP(bytes_done) struct bytes text = BYTES_INIT(RECORDING_BYTES_MAX);
	struct reader reader = {.recording = recording, .path = path};

	REQUIRE(recording, KC_ERR_ALLOCATE, "out of memory");
	TRY(file_read(path, &text));
	TRY(bytes_append_byte(&text, '\0'));
	TRY(read_lines(&reader, (char *)text.data));
	*ret_recording = take(recording);
	return KC_OK;
}

static bool is_select(const struct recording_line *line, struct apdu_command *ret_command)
{
	bool is_it = apdu_get_command(view_of(line->command.data, line->command.len),
				      ret_command) == KC_OK &&
		     ret_command->ins == INS_SELECT && ret_command->p1 == SELECT_BY_NAME;

	error_clear();
	return is_it;
}

enum kc_status recording_aid(const struct recording *recording, struct bytes *aid)
{
	for (size_t i = 0; i < recording->n_lines; i++) {
		struct apdu_command command;

		if (is_select(&recording->lines[i], &command))
			return bytes_append(aid, command.data);
	}
	return KC_OK;
}

bool recording_has_instruction(const struct recording *recording, uint8_t ins)
{
	for (size_t i = 0; i < recording->n_lines; i++) {
		if (recording->lines[i].command.data[1] == ins)
			return true;
	}
	return false;
}
