/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The reader's side of PC/SC part 10: which packets, which questions, which answers. */
#include "vcard/pinpad.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/try.h"
#include "codec/apdu.h"
#include "codec/vpcd.h"

enum {
	PIN_MAX = 32,
	DIGITS_MAX = 16, /* of this keypad */
	OWN_TIMEOUT_S = 30,
	MS_PER_S = 1000,
	ESCAPE = 0x1B,
	RUBOUT = 0x7F,
	SW_BAD_LENGTH = 0x6700,
	SW_NO_FEATURE = 0x6A81,
};

/* An entry on its way. */
struct entry {
	const struct pinpad *pinpad;
	const struct link *link;
	const struct transcript *transcript;
	struct part10_request request;
};

/* One PIN as it was typed. */
struct typed {
	uint8_t digits[PIN_MAX];
	size_t len;
	uint16_t sw; /* how the reader ends the whole, 0: it does not */
	enum link_event event;
};

enum kc_status pinpad_open(const char *path, struct pinpad *ret_pinpad)
{
	struct pinpad pinpad = {.fd = -1, .path = path, .is_ours = mkfifo(path, 0600) == 0};
	struct stat status;

	REQUIRE(pinpad.is_ours || errno == EEXIST, KC_ERR_PARAM, "cannot make the keypad %s: %s",
		path, strerror(errno));
	/* For reading and writing: who types may come and go. */
	pinpad.fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (pinpad.fd < 0 || fstat(pinpad.fd, &status) < 0 || !S_ISFIFO(status.st_mode)) {
		pinpad_close(&pinpad);
		return fail(KC_ERR_PARAM, "the keypad %s is no FIFO", path);
	}
	*ret_pinpad = pinpad;
	return KC_OK;
}

void pinpad_close(struct pinpad *pinpad)
{
	if (pinpad->fd >= 0)
		close(pinpad->fd);
	if (pinpad->is_ours)
		ignore(unlink(pinpad->path));
	*pinpad = PINPAD_INIT;
}

bool pinpad_is_meant(const struct pinpad *pinpad, struct kc_view packet)
{
	return pinpad->fd >= 0 && packet.len >= 4 && packet.data[0] == PART10_CLA &&
	       packet.data[1] == PART10_INS && packet.data[2] == PART10_P1;
}

enum kc_status pinpad_announce(struct bytes *message)
{
	static const uint8_t known[] = {PART10_VERIFY_PIN_DIRECT, PART10_MODIFY_PIN_DIRECT,
					PART10_TLV_PROPERTIES};
	struct part10_features features = {{0}};

	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		features.control[known[i]] = known[i];
	TRY(bytes_append(message, view_of_text(VPCD_FEATURES_MARK)));
	return part10_put_features(message, &features);
}

/* bEntryValidationCondition: the key; bMaxPINSize */
static enum kc_status tell_properties(struct bytes *answer)
{
	static const uint8_t properties[] = {0x02, 1, 0x02, 0x07, 1, DIGITS_MAX};

	return bytes_append(answer, VIEW_OF(properties));
}

static enum kc_status put_sw(struct bytes *answer, uint16_t sw)
{
	TRY(bytes_append_byte(answer, (uint8_t)(sw >> 8)));
	return bytes_append_byte(answer, (uint8_t)sw);
}

/* --- keys ------------------------------------------------------------------------------------ */

/* What was typed before anybody asked is for nobody. */
static void forget_keys(const struct pinpad *pinpad)
{
	uint8_t keys[PIN_MAX];

	while (read(pinpad->fd, keys, sizeof(keys)) > 0)
		;
	explicit_bzero(keys, sizeof(keys));
}

static bool is_digit(uint8_t key)
{
	return key >= '0' && key <= '9';
}

/* Returns true when the PIN is complete or given up. */
static bool take_key(const struct part10_request *request, uint8_t key, struct typed *typed)
{
	if (key == ESCAPE)
		typed->sw = PART10_SW_CANCELLED;
	else if (key == '\n' && (typed->len < request->min_length ||
				 typed->len > request->max_length || typed->len > DIGITS_MAX))
		typed->sw = PART10_SW_LENGTH;
	else if ((key == '\b' || key == RUBOUT) && typed->len > 0)
		typed->len--;
	else if (is_digit(key) && typed->len < PIN_MAX)
		typed->digits[typed->len++] = key;
	return typed->sw != 0 || key == '\n';
}

/* Until a key is there, or something else ends the entry. */
static bool await_key(const struct entry *entry, struct typed *typed)
{
	struct pollfd fds[] = {{entry->link->stop_fd, POLLIN, 0},
			       {entry->link->fd, POLLRDHUP | POLLIN, 0},
			       {entry->pinpad->fd, POLLIN, 0}};
	unsigned limit_s = entry->request.entry.timeout_s;
	int n = 0;

	do
		n = poll(fds, ARRAY_LEN(fds), (int)(limit_s ? limit_s : OWN_TIMEOUT_S) * MS_PER_S);
	while (n < 0 && errno == EINTR);
	if (fds[0].revents)
		typed->event = LINK_STOPPED;
	else if (fds[1].revents & ~POLLIN)
		typed->event = LINK_CLOSED;
	else if (fds[1].revents)
		typed->sw =
			PART10_SW_CANCELLED; /* the host has given up and wants something else */
	else if (n <= 0)
		typed->sw = PART10_SW_TIMEOUT;
	return fds[2].revents && typed->sw == 0 && typed->event == LINK_READY;
}

static void read_pin(const struct entry *entry, const char *prompt, struct typed *ret_typed)
{
	bool is_done = false;
	uint8_t key = 0;

	*ret_typed = (struct typed){.event = LINK_READY};
	transcript_event(entry->transcript, prompt);
	while (!is_done && await_key(entry, ret_typed))
		if (read(entry->pinpad->fd, &key, 1) == 1)
			is_done = take_key(&entry->request, key, ret_typed);
	explicit_bzero(&key, sizeof(key));
}

/* --- entries --------------------------------------------------------------------------------- */

static bool is_over(const struct typed *typed)
{
	return typed->sw != 0 || typed->event != LINK_READY;
}

static void fill(const struct entry *entry, struct typed *typed, unsigned insertion_byte,
		 struct bytes *command)
{
	if (!is_over(typed) && pinpad_fill(&entry->request, view_of(typed->digits, typed->len),
					   insertion_byte, command) != KC_OK)
		typed->sw = PART10_SW_STRUCTURE;
}

static void read_again(const struct entry *entry, struct typed *first)
{
	struct typed second;

	if (is_over(first))
		return;
	read_pin(entry, "keypad: new PIN again", &second);
	if (is_over(&second))
		*first = second;
	else if (!view_equal(view_of(first->digits, first->len),
			     view_of(second.digits, second.len)))
		first->sw = PART10_SW_MISMATCH;
	explicit_bzero(second.digits, sizeof(second.digits));
}

/* @typed is the last PIN, for how it ended. */
static void ask(const struct entry *entry, struct bytes *command, struct typed *typed)
{
	const struct part10_entry *asked = &entry->request.entry;

	if (!asked->is_change || asked->asks_current) {
		read_pin(entry, "keypad: PIN", typed);
		fill(entry, typed, asked->current_byte, command);
	}
	if (!asked->is_change || is_over(typed))
		return;
	read_pin(entry, "keypad: new PIN", typed);
	if (asked->asks_twice)
		read_again(entry, typed);
	fill(entry, typed, asked->new_byte, command);
}

static enum link_event run_entry(const struct entry *entry, struct bytes *answer,
				 struct bytes *command)
{
	struct typed typed = {.event = LINK_READY};

	forget_keys(entry->pinpad);
	if (bytes_append(command, entry->request.entry.apdu) != KC_OK)
		return LINK_CLOSED;
	ask(entry, command, &typed);
	explicit_bzero(typed.digits, sizeof(typed.digits));
	if (typed.sw == 0)
		return typed.event;
	bytes_consume(command, command->len);
	transcript_event(entry->transcript, "keypad: given up");
	return put_sw(answer, typed.sw) == KC_OK ? typed.event : LINK_CLOSED;
}

enum link_event pinpad_run(const struct pinpad *pinpad, const struct link *link,
			   const struct transcript *transcript, struct kc_view packet,
			   struct bytes *answer, struct bytes *command)
{
	struct entry entry = {.pinpad = pinpad, .link = link, .transcript = transcript};
	struct apdu_command asked = {0};
	bool is_change = false;
	enum kc_status status = KC_OK;

	if (apdu_get_command(packet, &asked) != KC_OK)
		status = put_sw(answer, SW_BAD_LENGTH);
	else if (asked.p2 == PART10_TLV_PROPERTIES)
		status = tell_properties(answer);
	else if (asked.p2 != PART10_VERIFY_PIN_DIRECT && asked.p2 != PART10_MODIFY_PIN_DIRECT)
		status = put_sw(answer, SW_NO_FEATURE);
	if (status != KC_OK || answer->len > 0)
		return status == KC_OK ? LINK_READY : LINK_CLOSED;
	is_change = asked.p2 == PART10_MODIFY_PIN_DIRECT;
	if (part10_entry_get(asked.data, is_change, &entry.request) == KC_OK)
		return run_entry(&entry, answer, command);
	return put_sw(answer, PART10_SW_STRUCTURE) == KC_OK ? LINK_READY : LINK_CLOSED;
}
