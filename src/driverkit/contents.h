/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef DRIVERKIT_CONTENTS_H
#define DRIVERKIT_CONTENTS_H

/*
 * What enumerate() found: copies of the driver's descriptions, in the order of publication. The
 * kit keeps the last complete one, because the rules of session.h depend on it.
 */

#include <stdbool.h>

#include <keycask/driver.h>

#include "base/bytes.h"

enum {
	CONTENTS_OBJECTS_MAX = 128,
	CONTENTS_BYTES_MAX = 512 * 1024, /* of certificates: base64 of it fits one message */
	CONTENTS_ID_MAX = 64,
	CONTENTS_LABEL_MAX = 128,
	CONTENTS_ALGORITHMS_MAX = 16,
	CONTENTS_PUBLIC_KEY_MAX = 4096,
	CONTENTS_PINS_MAX = 8,
	CONTENTS_UNBLOCKERS_MAX = 4,
};

struct contents_object {
	bool is_key;
	struct kc_bytes object_id;
	char *label;
	struct kc_bytes data;		/* certificate: DER */
	struct kc_bytes certificate_id; /* key */
	struct kc_bytes public_key;	/* key without certificate */
	enum kc_key_type type;
	unsigned size_in_bits;
	enum kc_constraint constraint;
	unsigned pin_scope;
	char *algorithms[CONTENTS_ALGORITHMS_MAX];
	size_t n_algorithms;
	bool can_sign;
	bool can_decrypt;
	bool can_derive;
	bool needs_touch;
};

struct contents_pin {
	char *pin_id;
	char *label;
	enum kc_pin_role role;
	unsigned min_length;
	unsigned max_length;
	bool is_numeric;
	char *unblocked_by[CONTENTS_UNBLOCKERS_MAX];
	size_t n_unblocked_by;
};

struct kc_contents {
	struct contents_object *objects;
	size_t n_objects;
	size_t n_bytes;
	struct contents_pin pins[CONTENTS_PINS_MAX];
	size_t n_pins;
};

void contents_done(struct kc_contents *contents);

/* The key @object_id, NULL when there is none. */
const struct contents_object *contents_find_key(const struct kc_contents *contents,
						struct kc_view object_id);
const struct contents_object *contents_find_certificate(const struct kc_contents *contents,
							struct kc_view object_id);
/* NULL when there is none. */
const struct contents_pin *contents_find_pin(const struct kc_contents *contents,
					     const char *pin_id);
bool contents_is_unblocked_by(const struct contents_pin *pin, const char *pin_id);
bool contents_has_algorithm(const struct contents_object *key, const char *algorithm);

#endif
