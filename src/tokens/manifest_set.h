/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TOKENS_MANIFEST_SET_H
#define TOKENS_MANIFEST_SET_H

/*
 * The drivers there are: the manifests of the system's folder and of the user's, in the order in
 * which they are asked. A manifest that cannot be used is there too, with the reason, and costs
 * its own driver only.
 */

#include "tokens/driver_choices.h"
#include "tokens/manifest.h"

struct manifest_places {
	const char *system_folder; /* programs are found where keycaskd's helpers are */
	const char *user_folder;   /* programs stand beside their manifests; NULL: none */
	const char *choices;	   /* drivers.json; NULL: none */
};

struct manifest_set {
	struct list manifests;			  /* manifest::link */
	char choices_reason[MANIFEST_REASON_MAX]; /* why the choices cannot be read; or empty */
};

/*
 * A folder that is not there is empty. With choices that cannot be read all drivers are refused,
 * since one of them may be meant to be off.
 */
KC_MUST_CHECK enum kc_status manifest_set_load(const struct manifest_places *places,
					       struct manifest_set *ret_set);
void manifest_set_done(struct manifest_set *set);

/* The manifest of that class, usable or not, whichever comes first; NULL: there is none. */
struct manifest *manifest_set_find(const struct manifest_set *set, const char *class_id);

/*
 * What is wrong with the manifest in the file @path as a driver of @places, which need not have it
 * yet: its text, its program, its owner and mode; and (@notes) what is worth knowing, such as
 * another driver with the same AID. *ret_manifest may be NULL afterwards: it could not be read.
 * Expected: KC_ERR_ITEM_NOT_FOUND, KC_ERR_NOT_AVAILABLE  there is no such file
 */
KC_MUST_CHECK enum kc_status manifest_set_examine(const struct manifest_places *places,
						  const char *path,
						  struct manifest_problems *problems,
						  struct manifest_problems *notes,
						  struct manifest **ret_manifest);

#endif
