/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TOKENS_MANIFEST_H
#define TOKENS_MANIFEST_H

/*
 * A driver's manifest: the JSON file that, dropped into the driver folder, makes keycaskd know
 * the driver. {"class_id": "org.keycask.piv", "name": "PIV", "type": "smartcard",
 * "executable": "keycask-driver-piv", "aids": ["A00000030800001000"]}
 */

#include <stdbool.h>

#include "base/bytes.h"
#include "base/list.h"

enum {
	MANIFEST_BYTES_MAX = 64 * 1024,
	MANIFEST_AIDS_MAX = 16,
	MANIFEST_NAME_MAX = 64,
	MANIFEST_REASON_MAX = 256,
};

struct manifest {
	struct list link; /* manifest_set::manifests */
	char class_id[MANIFEST_NAME_MAX];
	char name[MANIFEST_NAME_MAX];
	char type[MANIFEST_NAME_MAX];
	char executable[MANIFEST_NAME_MAX];
	char *aids[MANIFEST_AIDS_MAX]; /* upper-case hexadecimal */
	size_t n_aids;
	char *path;
	bool is_enabled;
	char reason[MANIFEST_REASON_MAX]; /* why it is not enabled */
};

/*
 * Read @text strictly: all keys there, none unknown, all values sane.
 * Expected: KC_ERR_DECODE  with a reason that tells the author what to change
 */
KC_MUST_CHECK enum kc_status manifest_parse(struct kc_view text, struct manifest **ret_manifest);
struct manifest *manifest_free(struct manifest *manifest);
DEFINE_FREEP(manifest)

/* All manifests of one folder, by file name; broken ones are there too, disabled, with a reason.
 * A folder that is not there is an empty set. */
struct manifest_set {
	struct list manifests;
};

KC_MUST_CHECK enum kc_status manifest_set_load(const char *folder, struct manifest_set *ret_set);
void manifest_set_done(struct manifest_set *set);

#endif
