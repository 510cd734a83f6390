/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What may leave and what comes back, without a file; records that make no sense. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/try.h"
#include "harness/test.h"
#include "items/backup.h"
#include "items/scene.h"

enum {
	RECORDS_MAX = 16,
	BYTES_MAX = 64 * 1024,
};

struct records {
	struct bytes bytes;
	struct kc_view views[RECORDS_MAX];
	size_t n;
	size_t n_left_out;
	size_t n_absent;
};

static void collect(struct scene *scene, struct records *records)
{
	CLEANUP(backup_reader_freep) struct backup_reader *reader = NULL;
	size_t lengths[RECORDS_MAX] = {0};
	enum backup_found found = BACKUP_ITEM;
	size_t at = 0;

	*records = (struct records){.bytes = BYTES_INIT(BYTES_MAX)};
	CHECK_OK(backup_reader_new(scene->engine, &reader));
	while (found != BACKUP_END) {
		size_t before = records->bytes.len;

		CHECK_OK(backup_reader_next(reader, &records->bytes, &found));
		records->n_left_out += found == BACKUP_LEFT_OUT;
		records->n_absent += found == BACKUP_ABSENT;
		if (found == BACKUP_ITEM)
			lengths[records->n++] = records->bytes.len - before;
	}
	for (size_t i = 0; i < records->n; i++) {
		records->views[i] = view_of(records->bytes.data + at, lengths[i]);
		at += lengths[i];
	}
}

static void add_password(struct scene *scene, const char *account, const char *more)
{
	char text[512];

	snprintf(text, sizeof(text),
		 "{\"class\":\"generic_password\",\"account\":\"%s\",\"service\":\"s\"%s}", account,
		 more);
	json_object_put(scene_add(scene, KC_OK, text, "value"));
}

TEST(an_item_comes_back_with_its_reference_dates_and_value)
{
	struct scene scene = scene_begin();
	struct backup_counts counts = {0};
	struct records records;
	char *before = NULL;
	char *after = NULL;

	add_password(&scene, "a", ",\"label\":\"L\"");
	before = scene_reference(&scene, "{\"class\":\"generic_password\"}");
	collect(&scene, &records);
	CHECK_INT(records.n, 1);
	scene_delete(&scene, KC_OK, "{\"class\":\"generic_password\"}");
	CHECK_OK(backup_restore(scene.engine, records.views, records.n, &counts));
	CHECK_INT(counts.n_added, 1);
	after = scene_reference(&scene, "{\"class\":\"generic_password\",\"label\":\"L\"}");
	CHECK_TEXT(after, before);
	free(after);
	after = scene_data(&scene, "{\"class\":\"generic_password\"}");
	CHECK_TEXT(after, "value");
	free(before);
	free(after);
	bytes_done(&records.bytes);
	scene_end(&scene);
}

TEST(certificates_and_keys_come_back_as_an_identity)
{
	struct scene scene = scene_begin();
	struct backup_counts counts = {0};
	struct records records;
	struct engine_part parts[2] = {scene_certificate("C", "I", "1", "k"), scene_key("K", "k")};

	json_object_put(scene_add_parts(&scene, KC_OK, "{\"class\":\"identity\"}", parts, 2));
	CHECK_INT(scene_count(&scene, "{\"class\":\"identity\"}"), 1);
	collect(&scene, &records);
	CHECK_INT(records.n, 2);
	scene_delete(&scene, KC_OK, "{\"class\":\"certificate\"}");
	scene_delete(&scene, KC_OK, "{\"class\":\"key\"}");
	CHECK_OK(backup_restore(scene.engine, records.views, records.n, &counts));
	CHECK_INT(counts.n_added, 2);
	CHECK_INT(scene_count(&scene, "{\"class\":\"identity\"}"), 1);
	bytes_done(&records.bytes);
	scene_end(&scene);
}

TEST(what_cannot_be_opened_is_absent_and_its_place_is_free)
{
	struct scene scene = scene_begin();
	struct backup_counts counts = {0};
	struct records records;
	struct records damaged;

	add_password(&scene, "a", "");
	add_password(&scene, "b", "");
	collect(&scene, &records);
	scene_run(&scene,
		  "UPDATE file.generic_passwords SET attributes = x'00' WHERE position = 1");
	collect(&scene, &damaged);
	CHECK_INT(damaged.n, 1);
	CHECK_INT(damaged.n_absent, 1);
	CHECK_OK(backup_restore(scene.engine, records.views, records.n, &counts));
	CHECK_INT(counts.n_added, 1);
	CHECK_INT(counts.n_kept, 1);
	CHECK_INT(scene_count(&scene, "{\"class\":\"generic_password\"}"), 2);
	bytes_done(&records.bytes);
	bytes_done(&damaged.bytes);
	scene_end(&scene);
}

/* --- records that make no sense ----------------------------------------------------------------
 */

static void restores(struct scene *scene, const char *attributes, bool is_good)
{
	CLEANUP(bytes_done) struct bytes bytes = BYTES_INIT(BYTES_MAX);
	struct backup_record record = {.item_class = VOCABULARY_GENERIC_PASSWORD,
				       .item_id = {1},
				       .has_secret = true,
				       .attributes = view_of_text(attributes),
				       .secret = view_of_text("s")};
	struct backup_counts counts = {0};
	struct kc_view view;

	CHECK_OK(backup_record_put(&record, &bytes));
	view = bytes_view(&bytes);
	CHECK_OK(backup_restore(scene->engine, &view, 1, &counts));
	if (counts.n_added != is_good || counts.n_failed == is_good)
		test_fail(__FILE__, __LINE__, "%s", attributes);
}

#define RIGHT "\"access_group\":\"own\",\"accessible\":\"always\",\"account\":\"a\""

TEST(an_item_that_makes_no_sense_stops_no_other)
{
	struct scene scene = scene_begin();

	restores(&scene, "", false);
	restores(&scene, "[]", false);
	restores(&scene, "{}", false);
	restores(&scene, "{\"access_group\":\"\",\"accessible\":\"always\"}", false);
	restores(&scene, "{\"access_group\":\"org.keycask.token\",\"accessible\":\"always\"}",
		 false);
	restores(&scene, "{\"access_group\":\"own\",\"accessible\":\"always_this_device_only\"}",
		 false);
	restores(&scene, "{" RIGHT ",\"token_id\":\"org.keycask.piv:1\"}", false);
	restores(&scene, "{" RIGHT ",\"account\":{}}", false);
	restores(&scene, "{" RIGHT ",\"no_such\":1}", false);
	restores(&scene, "{" RIGHT ",\"server\":\"of another class\"}", false);
	restores(&scene, "{" RIGHT ",\"content\":[7]}", false);
	restores(&scene, "{" RIGHT ",\"has_no_data\":1}", false);
	restores(&scene, "{" RIGHT ",\"creation_date\":\"yesterday\"}", false);
	restores(&scene,
		 "{" RIGHT ",\"access_control\":{\"accessible\":\"always\","
		 "\"flags\":[\"user_presence\"]}}",
		 false);
	restores(&scene, "{" RIGHT "}", true);
	scene_end(&scene);
}

TEST(bytes_that_are_no_record_are_refused)
{
	uint8_t bytes[32] = {1, 1};
	struct backup_record record;

	for (size_t len = 0; len < 22; len++)
		CHECK_STATUS(backup_record_get(view_of(bytes, len), &record), KC_ERR_DECODE);
	CHECK_OK(backup_record_get(view_of(bytes, 22), &record));
	bytes[21] = 11;
	CHECK_STATUS(backup_record_get(view_of(bytes, 32), &record), KC_ERR_DECODE);
	bytes[21] = 10;
	CHECK_OK(backup_record_get(view_of(bytes, 32), &record));
	bytes[0] = 0;
	CHECK_STATUS(backup_record_get(view_of(bytes, 32), &record), KC_ERR_DECODE);
	bytes[0] = 5;
	CHECK_STATUS(backup_record_get(view_of(bytes, 32), &record), KC_ERR_DECODE);
	bytes[0] = 4;
	bytes[1] = 2;
	CHECK_STATUS(backup_record_get(view_of(bytes, 32), &record), KC_ERR_DECODE);
	bytes[1] = 0;
	bytes[21] = 9; /* no secret, and yet something follows */
	CHECK_STATUS(backup_record_get(view_of(bytes, 32), &record), KC_ERR_DECODE);
}

TEST(a_locked_keychain_gives_and_takes_nothing)
{
	struct scene scene = scene_begin();
	struct backup_reader *reader = NULL;
	struct backup_counts counts = {0};
	struct records records;

	add_password(&scene, "a", "");
	collect(&scene, &records);
	scene_set_password(&scene, "p");
	scene_lock(&scene);
	error_clear();
	CHECK_STATUS(backup_reader_new(scene.engine, &reader), KC_ERR_INTERACTION_NOT_ALLOWED);
	CHECK_STATUS(backup_restore(scene.engine, records.views, 1, &counts),
		     KC_ERR_INTERACTION_NOT_ALLOWED);
	scene_unlock(&scene, "p");
	bytes_done(&records.bytes);
	scene_end(&scene);
}
