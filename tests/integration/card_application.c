/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A program over keycask/smartcard.h that does what its standard input says, one call a line, and
 * prints a line for each: the status's name, and what came with it. For test_card_client.py.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <keycask/error.h>
#include <keycask/smartcard.h>
#include <keycask/text.h>

enum {
	OBJECTS = 4,
	WORDS = 8,
	LINE = 140 * 1024,
};

static struct kc_smart_card *cards[OBJECTS];
static struct kc_slot_manager *manager;
static struct kc_slot *slot;
static int mark;

static int number(const char *text)
{
	return text[0] == '-' ? -(int)strtoul(text + 1, NULL, 10) : (int)strtoul(text, NULL, 10);
}

static struct kc_view decode(const char *hex, struct kc_bytes *bytes)
{
	if (strcmp(hex, "-") != 0 && kc_text_hex_decode(hex, bytes) != KC_OK)
		exit(2);
	return (struct kc_view){bytes->data, bytes->len};
}

static void say(enum kc_status status, const char *more)
{
	if (status == KC_OK)
		printf("success%s%s\n", *more ? " " : "", more);
	else
		printf("%s %s\n", kc_status_name(status), kc_error_message(kc_error_last()));
	fflush(stdout);
}

static void say_data(enum kc_status status, struct kc_bytes *data, const char *before)
{
	char *hex = kc_text_hex((struct kc_view){data->data, data->len});
	size_t size = strlen(hex) + strlen(before) + 2;
	char *line = malloc(size);

	snprintf(line, size, "%s%s%s", before, *before && *hex ? " " : "", hex);
	say(status, line);
	free(line);
	free(hex);
	kc_bytes_free(data);
}

static void transmit(struct kc_smart_card *card, const char *hex)
{
	struct kc_bytes apdu = {NULL, 0};
	struct kc_bytes response = {NULL, 0};
	enum kc_status status = kc_smart_card_transmit(card, decode(hex, &apdu), &response);

	say_data(status, &response, "");
	kc_bytes_free(&apdu);
}

/* INS P1 P2 DATA|- LE|none */
static void send_ins(struct kc_smart_card *card, char **words)
{
	struct kc_bytes data = {NULL, 0};
	struct kc_bytes answer = {NULL, 0};
	struct kc_ins command = {.ins = (uint8_t)strtoul(words[0], NULL, 16),
				 .p1 = (uint8_t)strtoul(words[1], NULL, 16),
				 .p2 = (uint8_t)strtoul(words[2], NULL, 16),
				 .data = decode(words[3], &data),
				 .le = strcmp(words[4], "none") == 0 ? KC_LE_NONE
								     : number(words[4])};
	uint16_t sw = 0;
	char text[64];
	enum kc_status status = kc_smart_card_send_ins(card, &command, &answer, &sw);

	snprintf(text, sizeof(text), "%04X", (unsigned)sw);
	if (status == KC_OK && sw != 0x9000 &&
	    (kc_error_sw(kc_error_last()) != sw ||
	     kc_error_status(kc_error_last()) != KC_ERR_COMMUNICATION))
		snprintf(text, sizeof(text), "no record of %04X", (unsigned)sw);
	say_data(status, &answer, text);
	kc_bytes_free(&data);
}

static enum kc_status in_session(struct kc_smart_card *card, void *context)
{
	struct kc_bytes response = {NULL, 0};
	struct kc_bytes apdu = {NULL, 0};
	enum kc_status status = kc_smart_card_transmit(card, decode(context, &apdu), &response);

	kc_bytes_free(&apdu);
	kc_bytes_free(&response);
	return status;
}

static void show(struct kc_smart_card *card)
{
	char text[256];

	snprintf(text, sizeof(text),
		 "protocol=%d extended=%d chaining=%d sensitive=%d mark=%d cla=%02X",
		 (int)kc_smart_card_current_protocol(card),
		 kc_smart_card_uses_extended_length(card),
		 kc_smart_card_uses_command_chaining(card), kc_smart_card_is_sensitive(card),
		 kc_smart_card_context(card) == &mark, kc_smart_card_cla(card));
	say(KC_OK, text);
}

static void show_slot(const struct kc_slot *shown)
{
	char text[512];

	snprintf(text, sizeof(text), "%s state=%d atr=%d input=%lu output=%lu", kc_slot_name(shown),
		 (int)kc_slot_state(shown), kc_slot_atr(shown) != NULL,
		 (unsigned long)kc_slot_max_input_length(shown),
		 (unsigned long)kc_slot_max_output_length(shown));
	say(KC_OK, text);
}

static void next_slot(int timeout_ms)
{
	struct kc_slot *changed = NULL;
	enum kc_status status = kc_slot_manager_next(manager, timeout_ms, &changed);

	if (status == KC_OK && changed)
		show_slot(changed);
	else
		say(status, "none");
	kc_slot_free(changed);
}

static bool about_slots(char **words)
{
	if (strcmp(words[0], "manager") == 0) {
		say(kc_slot_manager_new(&manager), "");
	} else if (strcmp(words[0], "count") == 0) {
		char text[32];

		snprintf(text, sizeof(text), "%lu", (unsigned long)kc_slot_manager_count(manager));
		say(KC_OK, text);
	} else if (strcmp(words[0], "slot") == 0) {
		slot = kc_slot_free(slot);
		say(kc_slot_manager_slot_named(manager, words[1], &slot), "");
	} else if (strcmp(words[0], "next") == 0) {
		next_slot(number(words[1]));
	} else if (strcmp(words[0], "show-slot") == 0) {
		show_slot(slot);
	} else {
		return false;
	}
	return true;
}

/* OBJECT VERB … */
static void about_card(char **words)
{
	size_t i = (size_t)words[0][0] - '0';
	const char *verb = words[1];

	if (i >= OBJECTS || !verb)
		exit(2);
	if (strcmp(verb, "new") == 0)
		say(kc_smart_card_new(words[2], &cards[i]), "");
	else if (strcmp(verb, "make") == 0)
		say(kc_slot_make_smart_card(slot, &cards[i]), "");
	else if (strcmp(verb, "begin") == 0)
		say(kc_smart_card_begin_session(cards[i], words[2] ? number(words[2]) : -1), "");
	else if (strcmp(verb, "end") == 0)
		kc_smart_card_end_session(cards[i]), say(KC_OK, "");
	else if (strcmp(verb, "within") == 0)
		say(kc_smart_card_in_session(cards[i], -1, in_session, words[2]), "");
	else if (strcmp(verb, "transmit") == 0)
		transmit(cards[i], words[2]);
	else if (strcmp(verb, "send") == 0)
		send_ins(cards[i], words + 2);
	else if (strcmp(verb, "mark") == 0)
		kc_smart_card_set_context(cards[i], &mark), say(KC_OK, "");
	else if (strcmp(verb, "sensitive") == 0)
		kc_smart_card_set_sensitive(cards[i], words[2][0] == '1'), say(KC_OK, "");
	else if (strcmp(verb, "extended") == 0)
		kc_smart_card_set_extended_length(cards[i], words[2][0] == '1'), say(KC_OK, "");
	else if (strcmp(verb, "chaining") == 0)
		kc_smart_card_set_command_chaining(cards[i], words[2][0] == '1'), say(KC_OK, "");
	else if (strcmp(verb, "cla") == 0)
		kc_smart_card_set_cla(cards[i], (uint8_t)strtoul(words[2], NULL, 16)),
			say(KC_OK, "");
	else if (strcmp(verb, "allow") == 0)
		kc_smart_card_set_allowed_protocols(cards[i], (unsigned)number(words[2])),
			say(KC_OK, "");
	else if (strcmp(verb, "valid") == 0)
		say(KC_OK, kc_smart_card_is_valid(cards[i]) ? "yes" : "no");
	else if (strcmp(verb, "show") == 0)
		show(cards[i]);
	else if (strcmp(verb, "free") == 0)
		cards[i] = kc_smart_card_free(cards[i]), say(KC_OK, "");
	else
		exit(2);
}

int main(void)
{
	char *line = malloc(LINE);

	while (line && fgets(line, LINE, stdin)) {
		char *words[WORDS] = {NULL};
		char *rest = line;

		line[strcspn(line, "\n")] = '\0';
		for (size_t n = 0; n < WORDS - 1 && rest; n++)
			words[n] = strsep(&rest, "\t");
		if (!about_slots(words))
			about_card(words);
	}
	for (size_t i = 0; i < OBJECTS; i++)
		kc_smart_card_free(cards[i]);
	kc_slot_free(slot);
	kc_slot_manager_free(manager);
	free(line);
	return 0;
}
