/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef DAEMON_IMPORT_ATTRIBUTES_H
#define DAEMON_IMPORT_ATTRIBUTES_H

/* The attributes that somebody who imports a file gives to what is in it. */

#include <stdbool.h>

#include "base/error.h"

struct json_object;

/* Are they some that items of a file can have? NULL is nothing. Expected: KC_ERR_PARAM,
 * KC_ERR_NO_SUCH_ATTR. */
KC_MUST_CHECK enum kc_status import_attributes_check(struct json_object *attributes);

/* How an item of @class_name is added. @is_main: it is what the file is about, not what comes along
 * with it. */
KC_MUST_CHECK enum kc_status import_attributes_dictionary(struct json_object *attributes,
							  const char *class_name, bool is_main,
							  struct json_object **ret_dictionary);

#endif
