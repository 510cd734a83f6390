/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef ITEMS_SCENE_H
#define ITEMS_SCENE_H

/*
 * An engine over a real file in the test's own directory, and a caller with two groups, "own" and
 * "other". For tests; what goes wrong fails the test at the line that is named.
 */

#include "items/engine.h"

struct scene {
	struct engine *engine;
	struct engine_request request;
	char path[512];
};

struct scene scene_begin(void);
void scene_end(struct scene *scene);
/* The daemon ends and begins again. */
void scene_restart(struct scene *scene);

/* Each verb with the status it shall have; error_get() is of this call. */

#define scene_copy(scene, expected, query)                                                         \
	scene_copy_at(__FILE__, __LINE__, (scene), (expected), (query))
#define scene_add(scene, expected, dictionary, data)                                               \
	scene_add_at(__FILE__, __LINE__, (scene), (expected), (dictionary), (data))
#define scene_update(scene, expected, query, changes)                                              \
	scene_update_at(__FILE__, __LINE__, (scene), (expected), (query), (changes), NULL)
#define scene_update_data(scene, expected, query, changes, data)                                   \
	scene_update_at(__FILE__, __LINE__, (scene), (expected), (query), (changes), (data))
#define scene_delete(scene, expected, query)                                                       \
	scene_delete_at(__FILE__, __LINE__, (scene), (expected), (query))

/* An array of items, to be released; NULL unless KC_OK is expected. */
struct json_object *scene_copy_at(const char *file, int line, struct scene *scene,
				  enum kc_status expected, const char *query);
/* The item, to be released, or NULL. @data is the value of a password; NULL: none. */
struct json_object *scene_add_at(const char *file, int line, struct scene *scene,
				 enum kc_status expected, const char *dictionary, const char *data);
void scene_update_at(const char *file, int line, struct scene *scene, enum kc_status expected,
		     const char *query, const char *changes, const char *data);
void scene_delete_at(const char *file, int line, struct scene *scene, enum kc_status expected,
		     const char *query);

/* The last failure said so. */
#define scene_said(text) scene_said_at(__FILE__, __LINE__, (text))
void scene_said_at(const char *file, int line, const char *text);

/* What one of the following has given, which is released. */
#define scene_same(actual, expected) scene_same_at(__FILE__, __LINE__, (actual), (expected))
void scene_same_at(const char *file, int line, char *actual, const char *expected);

/* How many match; @query has no limit of its own. */
size_t scene_count(struct scene *scene, const char *query);
/* A text attribute of the one item that matches. */
char *scene_text(struct scene *scene, const char *query, const char *name);
/* value_data of the one item that matches, decoded. */
char *scene_data(struct scene *scene, const char *query);
/* {"value_persistent_ref": …} of the one item that matches. */
char *scene_reference(struct scene *scene, const char *query);

/* Damage: SQL on the tables, in "file". */
void scene_run(struct scene *scene, const char *sql);

void scene_set_password(struct scene *scene, const char *password);
void scene_lock(struct scene *scene);
void scene_unlock(struct scene *scene, const char *password);

/* A certificate and a key of a software identity: @key names the pair, as in sample.h. They
 * last until scene_end(). */
struct engine_part scene_certificate(const char *name, const char *issuer, const char *serial,
				     const char *key);
struct engine_part scene_key(const char *name, const char *key);

/* Add the item of these parts. */
#define scene_add_parts(scene, expected, dictionary, parts, n_parts)                               \
	scene_add_parts_at(__FILE__, __LINE__, (scene), (expected), (dictionary), (parts),         \
			   (n_parts))
struct json_object *scene_add_parts_at(const char *file, int line, struct scene *scene,
				       enum kc_status expected, const char *dictionary,
				       const struct engine_part *parts, size_t n_parts);

#endif
