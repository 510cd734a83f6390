/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef DRIVERKIT_PUBLISH_H
#define DRIVERKIT_PUBLISH_H

/* Contents as the reply to Enumerate, and one object of them. */

#include "driverkit/contents.h"
#include "wire/field.h"

/* Put "objects" into @reply. */
KC_MUST_CHECK enum kc_status publish_contents(const struct kc_contents *contents,
					      struct json_object *reply);

/* Fill @out, an object as Driver.varlink has it. */
KC_MUST_CHECK enum kc_status publish_object(const struct contents_object *object,
					    struct json_object *out);

#endif
