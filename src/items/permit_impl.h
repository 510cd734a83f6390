/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef ITEMS_PERMIT_IMPL_H
#define ITEMS_PERMIT_IMPL_H

/* What has to be proved for one row, and whether anybody may be asked for it. */

#include "items/access_control.h"
#include "items/query_impl.h"
#include "items/row_impl.h"

/*
 * May @operation be done to the open @row? Rows of tokens have their own ways.
 * Expected: KC_ERR_AUTHENTICATION_NEEDED    @request->need says what, and of which item
 *           KC_ERR_INTERACTION_NOT_ALLOWED  the same, but @ui is "fail"
 *           KC_ERR_AUTH_FAILED              never
 */
KC_MUST_CHECK enum kc_status permit_check(struct engine_request *request, enum query_ui ui,
					  const struct row *row,
					  enum access_control_operation operation);

/* The same for an item that is being made or changed: its access control is @access. */
KC_MUST_CHECK enum kc_status permit_check_access(struct engine_request *request, enum query_ui ui,
						 struct json_object *attributes,
						 const struct access_control *access,
						 enum access_control_operation operation);

/* The access control of an open row of the file; without any, one that wants nothing. */
KC_MUST_CHECK enum kc_status permit_access_of(const struct row *row,
					      struct access_control *ret_access);

#endif
