/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TOKENS_MANIFEST_H
#define TOKENS_MANIFEST_H

/*
 * A driver's manifest: the JSON file that, dropped into a driver folder, makes keycaskd know the
 * driver. {"class_id": "org.keycask.piv", "name": "PIV", "type": "smartcard",
 * "executable": "keycask-driver-piv", "aids": ["A00000030800001000"]}
 * An empty list of AIDs is a driver that wants to see cards which no other driver knows.
 */

#include <stdbool.h>

#include "base/bytes.h"
#include "base/list.h"

enum {
	MANIFEST_BYTES_MAX = 64 * 1024,
	MANIFEST_AIDS_MAX = 16,
	MANIFEST_NAME_MAX = 64,
	MANIFEST_REASON_MAX = 256,
	MANIFEST_PROBLEMS_MAX = 16,
};

struct manifest {
	struct list link; /* manifest_set::manifests */
	unsigned n_references;
	char class_id[MANIFEST_NAME_MAX];
	char name[MANIFEST_NAME_MAX];
	char type[MANIFEST_NAME_MAX];
	char executable[MANIFEST_NAME_MAX];
	char *aids[MANIFEST_AIDS_MAX]; /* upper-case hexadecimal */
	size_t n_aids;
	char *path;	/* of the manifest */
	char *program;	/* of the executable */
	uint64_t stamp; /* another one when the program has been replaced */
	bool is_enabled;
	bool is_switched_off;		  /* by the user: nothing is wrong with it */
	bool is_unreadable;		  /* no manifest yet: perhaps half written */
	char reason[MANIFEST_REASON_MAX]; /* why it cannot be used, or empty */
};

/* What is wrong with a manifest, all of it. */
struct manifest_problems {
	char texts[MANIFEST_PROBLEMS_MAX][MANIFEST_REASON_MAX];
	size_t n;
};

/* One more; what does not fit is left out. */
void manifest_add_problem(struct manifest_problems *problems, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * Read @text strictly: all keys there, none unknown, all values sane. @problems may be NULL.
 * Expected: KC_ERR_DECODE  with the first of @problems as the reason, which tells the author what
 *                          to change
 */
KC_MUST_CHECK enum kc_status manifest_parse(struct kc_view text, struct manifest_problems *problems,
					    struct manifest **ret_manifest);

/* One reference more or less; the last one frees. */
struct manifest *manifest_ref(struct manifest *manifest);
struct manifest *manifest_free(struct manifest *manifest);
DEFINE_FREEP(manifest)

bool manifest_has_aid(const struct manifest *manifest, const char *aid);

#endif
