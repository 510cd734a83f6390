/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The card's log. Each line is one write() to a file opened for appending, so that a reader never
 * sees half of one; a log that cannot be written disturbs no card.
 */
#include "vcard/transcript.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/try.h"
#include "codec/apdu.h"
#include "codec/hex.h"
#include "vcard/openpgp.h"
#include "vcard/piv.h"

enum {
	SHOWN_SHORT = 5,    /* header and Lc */
	SHOWN_EXTENDED = 7, /* header, 00 and Lc */
	TAG_LIST = 0x5C,
	LINE_MAX_BYTES = 2 * APDU_COMMAND_MAX + 4,
};

enum kc_status transcript_open(const char *path, struct transcript *ret_transcript)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

	REQUIRE(fd >= 0, KC_ERR_PARAM, "cannot write the log %s: %s", path, strerror(errno));
	ret_transcript->fd = fd;
	return KC_OK;
}

void transcript_close(struct transcript *transcript)
{
	if (transcript->fd >= 0)
		close(transcript->fd);
	transcript->fd = -1;
}

static enum kc_status append_line(struct bytes *line, const char *mark, const char *text)
{
	TRY(bytes_append(line, view_of_text(mark)));
	TRY(bytes_append(line, view_of_text(text)));
	return bytes_append_byte(line, '\n');
}

static void write_line(const struct transcript *transcript, const char *mark, const char *text)
{
	CLEANUP(bytes_done) struct bytes line = BYTES_INIT(LINE_MAX_BYTES);

	if (append_line(&line, mark, text) == KC_OK)
		ignore(write(transcript->fd, line.data, line.len));
}

/*
 * OpenPGP's PUT DATA: the resetting code and the initial passwords of a KDF-DO. A key comes with
 * the instruction of PIV's PUT DATA, which begins with a tag list; what does not may be part of a
 * key.
 */
static bool puts_secret(struct kc_view command)
{
	const uint8_t *bytes = command.data;
	size_t start = bytes[4] == 0 ? SHOWN_EXTENDED : SHOWN_SHORT;

	if (bytes[1] == INS_PUT_SIMPLE_DATA)
		return bytes[2] == 0 && (bytes[3] == OPENPGP_RESET_CODE || bytes[3] == OPENPGP_KDF);
	return bytes[1] == INS_PUT_DATA && command.len > start && bytes[start] != TAG_LIST;
}

static bool carries_secret(struct kc_view command)
{
	uint8_t ins = command.data[1];

	return puts_secret(command) || ins == INS_VERIFY || ins == INS_CHANGE_REFERENCE_DATA ||
	       ins == INS_RESET_RETRY_COUNTER || ins == INS_IMPORT_KEY ||
	       ins == INS_SET_MANAGEMENT_KEY;
}

/* How many bytes of @command may be read by anyone. */
static size_t shown_bytes(struct kc_view command)
{
	if (command.len <= SHOWN_SHORT || !carries_secret(command))
		return command.len;
	return command.data[4] == 0 ? SHOWN_EXTENDED : SHOWN_SHORT;
}

void transcript_command(const struct transcript *transcript, struct kc_view command)
{
	CLEANUP(freep) char *text = NULL;

	if (transcript->fd < 0)
		return;
	text = hex_encode(command, HEX_UPPER);
	if (!text)
		return;
	for (size_t i = shown_bytes(command); i < command.len; i++)
		memset(text + 2 * i, '*', 2);
	write_line(transcript, "> ", text);
}

void transcript_answer(const struct transcript *transcript, struct kc_view answer)
{
	CLEANUP(freep) char *text = NULL;

	if (transcript->fd < 0)
		return;
	text = hex_encode(answer, HEX_UPPER);
	if (text)
		write_line(transcript, "< ", text);
}

void transcript_event(const struct transcript *transcript, const char *event)
{
	if (transcript->fd >= 0)
		write_line(transcript, "# ", event);
}
