/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef DRIVERTOOL_ORDEAL_H
#define DRIVERTOOL_ORDEAL_H

/* Many lives of one driver: with the card as recorded, with each answer spoiled in each way, and
 * with answers changed at random. */

#include "drivertool/exercise.h"

struct ordeal {
	const struct bench_settings *settings;
	const struct recording *recording; /* NULL: an empty card */
	const char *file;		   /* its name, for findings */
	const char *aid;
	struct findings *findings;
	unsigned n_runs; /* so far */
};

/* @result gets what the driver says of the token, how many APDUs that took, and the commands that
 * were not recorded. */
KC_MUST_CHECK enum kc_status ordeal_replay(struct ordeal *ordeal, struct json_object *result);

KC_MUST_CHECK enum kc_status ordeal_hostile(struct ordeal *ordeal);

KC_MUST_CHECK enum kc_status ordeal_fuzz(struct ordeal *ordeal, unsigned seconds, uint64_t seed);

#endif
