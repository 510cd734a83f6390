/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef DRIVERKIT_PUBLISH_H
#define DRIVERKIT_PUBLISH_H

/* Contents as the reply to Enumerate. */

#include "driverkit/contents.h"
#include "wire/field.h"

/* Put "objects" into @reply. */
KC_MUST_CHECK enum kc_status publish_contents(const struct kc_contents *contents,
					      struct json_object *reply);

#endif
