/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Keys that are used often: when they are kept, and that being kept lets nobody in. */
#include "items/kept.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/try.h"
#include "harness/test.h"
#include "items/access_control.h"
#include "items/scene.h"

#define KEY "{\"class\":\"key\",\"label\":\"k\"}"

enum {
	USES = 3,  /* until it is kept */
	KEYS = 32, /* that are kept at most */
};

static int n_made; /* and not freed */

static void free_made(void *made)
{
	free(made);
	n_made--;
}

static void *make(void)
{
	void *made = calloc(1, 1);

	CHECK(made);
	n_made++;
	return made;
}

static void add(struct scene *scene, const char *label, const char *more)
{
	struct engine_part part = scene_key(label, label);
	CLEANUP(freep) char *dictionary = NULL;

	CHECK(asprintf(&dictionary, "{\"class\":\"key\"%s}", more) > 0);
	CHECK(!scene_add_parts(scene, KC_OK, dictionary, &part, 1));
}

static struct bytes reference_of(struct scene *scene, const char *query)
{
	CLEANUP(freep) char *text = scene_reference(scene, query);
	CLEANUP(field_free) struct json_object *item = json_tokener_parse(text);
	struct bytes reference = BYTES_INIT(1024);

	error_clear();
	CHECK_OK(field_data(item, "value_persistent_ref", &reference));
	return reference;
}

/* As daemon/software_use.c does it; @expect_made: nothing has to be opened. */
static enum kc_status use(struct scene *scene, struct kc_view reference, bool expect_made)
{
	CLEANUP(engine_key_done) struct engine_key key = {0};
	bool is_made = false;

	error_clear();
	TRY(engine_find_key(scene->engine, &scene->request, reference, ENGINE_USE_SIGN, &key));
	is_made = key.kept && kept_key_made(key.kept);
	CHECK_INT(is_made, expect_made);
	CHECK_INT(key.private_key.len > 0, !is_made);
	CHECK_TEXT(key.key_type, "ec");
	if (key.kept && !is_made)
		kept_key_put(key.kept, make(), free_made);
	return KC_OK;
}

static void use_often(struct scene *scene, struct kc_view reference)
{
	for (int i = 0; i < USES; i++)
		CHECK_OK(use(scene, reference, false));
	CHECK_OK(use(scene, reference, true));
}

TEST(kept_from_the_third_use_on)
{
	CLEANUP(scene_end) struct scene scene = scene_begin();
	CLEANUP(bytes_done) struct bytes reference = BYTES_INIT(1024);

	add(&scene, "k", "");
	reference = reference_of(&scene, KEY);
	use_often(&scene, bytes_view(&reference));
	CHECK_INT(n_made, 1);
	engine_forget_unused_keys(scene.engine);
	CHECK_OK(use(&scene, bytes_view(&reference), true));
	engine_forget_unused_keys(scene.engine);
	engine_forget_unused_keys(scene.engine);
	CHECK_INT(n_made, 0);
	use_often(&scene, bytes_view(&reference));
	engine_shrink(scene.engine);
	CHECK_INT(n_made, 0);
	use_often(&scene, bytes_view(&reference));
	scene_restart(&scene);
	CHECK_INT(n_made, 0);
}

/* Joining has opened the row before; leaks are what a sanitizer sees of it. */
TEST(kept_by_way_of_an_identity)
{
	CLEANUP(scene_end) struct scene scene = scene_begin();
	CLEANUP(bytes_done) struct bytes reference = BYTES_INIT(1024);
	struct engine_part parts[] = {scene_certificate("jo", "ca", "\x07", "k"),
				      scene_key("jo", "k")};

	CHECK(!scene_add_parts(&scene, KC_OK, "{\"class\":\"identity\"}", parts, 2));
	reference = reference_of(&scene, "{\"class\":\"identity\"}");
	use_often(&scene, bytes_view(&reference));
	engine_forget_keys(scene.engine);
	CHECK_INT(n_made, 0);
}

TEST(kept_is_not_what_was_changed_or_deleted)
{
	CLEANUP(scene_end) struct scene scene = scene_begin();
	CLEANUP(bytes_done) struct bytes reference = BYTES_INIT(1024);

	add(&scene, "k", "");
	reference = reference_of(&scene, KEY);
	use_often(&scene, bytes_view(&reference));
	scene_update(&scene, KC_OK, KEY, "{\"application_tag\":\"dGFn\"}");
	use_often(&scene, bytes_view(&reference));
	scene_delete(&scene, KC_OK, KEY);
	CHECK_STATUS(use(&scene, bytes_view(&reference), false), KC_ERR_ITEM_NOT_FOUND);
	engine_forget_keys(scene.engine);
	CHECK_INT(n_made, 0);
}

/* What no longer opens is not there, whatever it was a moment ago. */
TEST(kept_is_not_what_was_tampered_with)
{
	static const char *const tamperings[] = {
		"UPDATE file.keys SET access_group = (SELECT label FROM file.keys)",
		"UPDATE file.keys SET revision = item_id",
		"UPDATE file.keys SET secret = attributes",
		"UPDATE file.keys SET attributes = secret",
		"UPDATE file.keys SET protection = 3",
	};

	for (size_t i = 0; i < ARRAY_LEN(tamperings); i++) {
		CLEANUP(scene_end) struct scene scene = scene_begin();
		CLEANUP(bytes_done) struct bytes reference = BYTES_INIT(1024);

		add(&scene, "k", "");
		reference = reference_of(&scene, KEY);
		use_often(&scene, bytes_view(&reference));
		scene_run(&scene, tamperings[i]);
		CHECK_STATUS(use(&scene, bytes_view(&reference), false), KC_ERR_ITEM_NOT_FOUND);
	}
	CHECK_INT(n_made, 0);
}

TEST(kept_keys_are_locked_as_others)
{
	CLEANUP(scene_end) struct scene scene = scene_begin();
	CLEANUP(bytes_done) struct bytes reference = BYTES_INIT(1024);

	scene_set_password(&scene, "password");
	add(&scene, "k", ",\"accessible\":\"when_unlocked\"");
	reference = reference_of(&scene, KEY);
	use_often(&scene, bytes_view(&reference));
	scene_lock(&scene);
	CHECK_STATUS(use(&scene, bytes_view(&reference), false), KC_ERR_INTERACTION_NOT_ALLOWED);
	CHECK_TEXT(error_get()->hint, "keycask unlock");
}

TEST(kept_keys_are_of_their_groups)
{
	CLEANUP(scene_end) struct scene scene = scene_begin();
	CLEANUP(bytes_done) struct bytes reference = BYTES_INIT(1024);
	const char *const stranger[] = {"stranger"};

	add(&scene, "k", "");
	reference = reference_of(&scene, KEY);
	use_often(&scene, bytes_view(&reference));
	scene.request.caller.groups = stranger;
	scene.request.caller.n_groups = 1;
	CHECK_STATUS(use(&scene, bytes_view(&reference), false), KC_ERR_ITEM_NOT_FOUND);
}

TEST(kept_is_no_key_that_somebody_has_to_agree_to)
{
	CLEANUP(scene_end) struct scene scene = scene_begin();
	CLEANUP(bytes_done) struct bytes reference = BYTES_INIT(1024);

	add(&scene, "k",
	    ",\"access_control\":{\"accessible\":\"when_unlocked\",\"flags\":"
	    "[\"user_presence\",\"private_key_usage\"]}");
	reference = reference_of(&scene, KEY);
	scene.request.proof.has_presence = true;
	for (int i = 0; i < 2 * USES; i++)
		CHECK_OK(use(&scene, bytes_view(&reference), false));
	scene.request.proof.has_presence = false;
	CHECK_STATUS(use(&scene, bytes_view(&reference), false), KC_ERR_AUTHENTICATION_NEEDED);
	CHECK_INT(n_made, 0);
}

TEST(kept_are_only_so_many)
{
	CLEANUP(scene_end) struct scene scene = scene_begin();
	struct bytes references[KEYS + 1];
	char label[16];
	char query[64];

	for (int i = 0; i <= KEYS; i++) {
		(void)snprintf(label, sizeof(label), "k%d", i);
		(void)snprintf(query, sizeof(query), "{\"class\":\"key\",\"label\":\"%s\"}", label);
		add(&scene, label, "");
		references[i] = reference_of(&scene, query);
		use_often(&scene, bytes_view(&references[i]));
	}
	CHECK_INT(n_made, KEYS);
	CHECK_OK(use(&scene, bytes_view(&references[1]), true));
	CHECK_OK(use(&scene, bytes_view(&references[0]), false)); /* it has made room */
	CHECK_INT(n_made, KEYS - 1);				  /* as the second one has now */
	CHECK_OK(use(&scene, bytes_view(&references[1]), true));
	CHECK_OK(use(&scene, bytes_view(&references[2]), false));
	for (int i = 0; i <= KEYS; i++)
		bytes_done(&references[i]);
}
