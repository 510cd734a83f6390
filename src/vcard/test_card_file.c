/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The card on disk: what is written comes back, damage is refused and left alone, one owner. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/try.h"
#include "harness/test.h"
#include "vcard/card_file.h"
#include "vcard/card_json.h"
#include "vcard/profile.h"

enum {
	PATH_BYTES = 128,
	TEXT_BYTES = 256,
};

static void path_of(const char *name, char path[PATH_BYTES])
{
	snprintf(path, PATH_BYTES, "%s/%s", test_directory(), name);
}

static void write_text(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	CHECK(file && fputs(text, file) >= 0 && fclose(file) == 0);
}

static void read_text(const char *path, char text[TEXT_BYTES])
{
	FILE *file = fopen(path, "r");

	CHECK(file);
	text[fread(text, 1, TEXT_BYTES - 1, file)] = '\0';
	fclose(file);
}

/* A card with a key in 9E and one in 82. */
static void personalise(struct card_state *state)
{
	struct profile profile;

	CHECK_OK(card_state_init(state));
	CHECK_OK(profile_parse("piv:9e=p256,82=p384", &profile));
	CHECK_OK(profile_apply(&profile, state, NULL));
}

TEST(what_is_written_comes_back)
{
	CLEANUP(card_state_done) struct card_state state = {0};
	CLEANUP(card_state_done) struct card_state again = {0};
	CLEANUP(freep) char *text = NULL;
	CLEANUP(freep) char *text_again = NULL;

	personalise(&state);
	state.pin.tries_left = 1;
	state.manner = (struct card_manner){PIV_USAGE_BOTH, true, 1340, true, true};
	CHECK_OK(card_json_write(&state, &text));
	CHECK_OK(card_json_read(view_of_text(text), &again));
	CHECK_INT(again.pin.tries_left, 1);
	CHECK_INT(again.manner.pin_usage, PIV_USAGE_BOTH);
	CHECK(again.manner.is_strict);
	CHECK_INT(again.manner.extended_max, 1340);
	CHECK(again.manner.hides_extended);
	CHECK(again.manner.moves_keys);
	CHECK(card_state_pin_is(&again.global_pin, CARD_DEFAULT_GLOBAL_PIN));
	CHECK(EVP_PKEY_eq(card_state_find_key(&again, 0x82)->pkey,
			  card_state_find_key(&state, 0x82)->pkey) == 1);
	CHECK_OK(card_json_write(&again, &text_again));
	CHECK_TEXT(text_again, text);
}

/* New text: @text with the first @from replaced by @to. */
static char *replaced(const char *text, const char *from, const char *to)
{
	const char *at = strstr(text, from);
	char *result = NULL;

	CHECK(at);
	CHECK(asprintf(&result, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from)) > 0);
	return result;
}

/* Cards of before there were manners. */
TEST(older_files_are_usual_cards)
{
	CLEANUP(card_state_done) struct card_state state = {0};
	CLEANUP(card_state_done) struct card_state again = {0};
	CLEANUP(freep) char *text = NULL;
	CLEANUP(freep) char *older = NULL;

	personalise(&state);
	CHECK_OK(card_json_write(&state, &text));
	older = replaced(text, "\"manner\"", "\"ignored\"");
	CHECK_OK(card_json_read(view_of_text(older), &again));
	CHECK_INT(again.manner.extended_max, CARD_EXTENDED_MAX);
	CHECK(card_state_pin_is(&again.global_pin, CARD_DEFAULT_GLOBAL_PIN));
}

static void check_refused(const char *from, const char *to, enum kc_status expected)
{
	CLEANUP(card_state_done) struct card_state state = {0};
	CLEANUP(card_state_done) struct card_state again = {0};
	CLEANUP(freep) char *text = NULL;
	CLEANUP(freep) char *damaged = NULL;

	personalise(&state);
	CHECK_OK(card_json_write(&state, &text));
	damaged = replaced(text, from, to);
	CHECK_STATUS(card_json_read(view_of_text(damaged), &again), expected);
}

TEST(each_kind_of_damage_is_refused)
{
	check_refused("keycask-vcard", "keycask-other", KC_ERR_PARAM);
	check_refused("\"version\":1", "\"version\":2", KC_ERR_PARAM);
	check_refused("\"version\":1", "\"version\":1.5", KC_ERR_DECODE);
	check_refused("\"tries_left\":3", "\"tries_left\":4", KC_ERR_DECODE);
	check_refused("\"tries_left\":3", "\"tries_left\":-1", KC_ERR_DECODE);
	check_refused("\"puk\"", "\"pok\"", KC_ERR_DECODE);
	check_refused("313233343536ffff", "313233343536fff", KC_ERR_DECODE);
	check_refused("\"3des\"", "\"4des\"", KC_ERR_DECODE);
	check_refused("\"slot\":\"9e\"", "\"slot\":\"9b\"", KC_ERR_DECODE);
	check_refused("\"slot\":\"9e\"", "\"slot\":\"82\"", KC_ERR_DECODE);
	check_refused("\"p256\"", "\"p384\"", KC_ERR_DECODE);
	check_refused("\"never\"", "\"nevar\"", KC_ERR_DECODE);
	check_refused("\"origin\":1", "\"origin\":0", KC_ERR_DECODE);
	check_refused("\"private_key\":\"MIG", "\"private_key\":\"MIH", KC_ERR_DECODE);
	check_refused("\"tag\":\"5fc102\"", "\"tag\":\"7fc102\"", KC_ERR_DECODE);
	check_refused("\"application\"", "\"applicator\"", KC_ERR_DECODE);
	check_refused("\"is_strict\":false", "\"is_strict\":0", KC_ERR_DECODE);
	check_refused("\"moves_keys\":false", "\"moves_keys\":0", KC_ERR_DECODE);
	check_refused("65535", "65536", KC_ERR_DECODE);
	check_refused("\"global_pin\"", "\"local_pin\"", KC_ERR_DECODE);
	check_refused("\"objects\":[", "\"objects\":[1,", KC_ERR_DECODE);
}

TEST(half_a_file_and_no_json_are_refused)
{
	CLEANUP(card_state_done) struct card_state state = {0};
	CLEANUP(card_state_done) struct card_state again = {0};
	CLEANUP(freep) char *text = NULL;
	size_t len = 0;

	personalise(&state);
	CHECK_OK(card_json_write(&state, &text));
	len = strlen(text);
	for (size_t part = 0; part < len; part += 97)
		CHECK_STATUS(card_json_read(view_of(text, part), &again), KC_ERR_DECODE);
	CHECK_STATUS(card_json_read(view_of_text("[]"), &again), KC_ERR_PARAM);
	CHECK_STATUS(card_json_read(view_of_text("{} {}"), &again), KC_ERR_DECODE);
	CHECK_STATUS(card_json_read(view_of_text("[[[[[[[[[[[[]]]]]]]]]]]]"), &again),
		     KC_ERR_DECODE);
}

TEST(a_foreign_file_stays_as_it_was)
{
	CLEANUP(card_file_close) struct card_file file = CARD_FILE_INIT;
	CLEANUP(card_state_done) struct card_state state = {0};
	char path[PATH_BYTES];
	char text[TEXT_BYTES];

	path_of("letter", path);
	write_text(path, "Dear card,\n");
	CHECK_STATUS(card_file_open(path, &file, &state), KC_ERR_DECODE);
	CHECK(strstr(error_get()->message, "refused"));
	CHECK_OK(card_state_init(&state));
	CHECK_STATUS(card_file_create(path, &state, &file), KC_ERR_DUPLICATE_ITEM);
	read_text(path, text);
	CHECK_TEXT(text, "Dear card,\n");
	error_clear();
	CHECK_STATUS(card_file_open(test_directory(), &file, &state), KC_ERR_DECODE);
}

TEST(a_file_is_created_private_and_saved_in_place)
{
	CLEANUP(card_file_close) struct card_file file = CARD_FILE_INIT;
	CLEANUP(card_state_done) struct card_state state = {0};
	CLEANUP(card_state_done) struct card_state again = {0};
	struct stat info;
	char path[PATH_BYTES];

	path_of("card", path);
	CHECK_STATUS(card_file_open(path, &file, &again), KC_ERR_ITEM_NOT_FOUND);
	personalise(&state);
	CHECK_OK(card_file_create(path, &state, &file));
	CHECK(stat(path, &info) == 0 && (info.st_mode & 0777) == 0600);
	state.puk.tries_left = 2;
	CHECK_OK(card_file_save(&file, &state));
	CHECK(stat(path, &info) == 0 && (info.st_mode & 0777) == 0600);
	card_file_close(&file);
	CHECK_OK(card_file_open(path, &file, &again));
	CHECK_INT(again.puk.tries_left, 2);
}

TEST(a_card_has_one_owner_also_after_it_was_saved)
{
	CLEANUP(card_file_close) struct card_file file = CARD_FILE_INIT;
	CLEANUP(card_file_close) struct card_file second = CARD_FILE_INIT;
	CLEANUP(card_state_done) struct card_state state = {0};
	CLEANUP(card_state_done) struct card_state again = {0};
	char path[PATH_BYTES];

	path_of("card", path);
	CHECK_OK(card_state_init(&state));
	CHECK_OK(card_file_create(path, &state, &file));
	CHECK_STATUS(card_file_open(path, &second, &again), KC_ERR_NOT_AVAILABLE);
	CHECK_OK(card_file_save(&file, &state));
	error_clear();
	CHECK_STATUS(card_file_open(path, &second, &again), KC_ERR_NOT_AVAILABLE);
	CHECK(strstr(error_get()->message, "in use"));
	card_file_close(&file);
	CHECK_OK(card_file_open(path, &second, &again));
}

TEST(a_symbolic_link_stays_one)
{
	CLEANUP(card_file_close) struct card_file file = CARD_FILE_INIT;
	CLEANUP(card_state_done) struct card_state state = {0};
	CLEANUP(card_state_done) struct card_state again = {0};
	char path[PATH_BYTES];
	char name[PATH_BYTES];
	struct stat info;

	path_of("card", path);
	path_of("name", name);
	CHECK_OK(card_state_init(&state));
	CHECK_OK(card_file_create(path, &state, &file));
	card_file_close(&file);
	CHECK(symlink(path, name) == 0);
	CHECK_OK(card_file_open(name, &file, &again));
	CHECK_OK(card_file_save(&file, &again));
	CHECK(lstat(name, &info) == 0 && S_ISLNK(info.st_mode));
}
