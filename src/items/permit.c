/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Access control at the moment of use (reference/keychain.md 4.6). "It takes more" is an answer
 * that never leaves the daemon: it asks and repeats, unless the caller wants nobody to be asked.
 */
#include "items/permit_impl.h"

#include <stdio.h>

#include "base/try.h"

/* What people call the item, for the question. */
static void put_label(struct json_object *attributes, struct engine_need *need)
{
	static const char *const names[] = {"label", "service", "server", "account"};
	const char *text = NULL;

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		text = field_text(attributes, names[i]);
		if (text && text[0] != '\0')
			break;
	}
	(void)snprintf(need->label, sizeof(need->label), "%s", text ? text : "");
}

enum kc_status permit_check_access(struct engine_request *request, enum query_ui ui,
				   struct json_object *attributes,
				   const struct access_control *access,
				   enum access_control_operation operation)
{
	enum kc_status status =
		access_control_check(access, operation, &request->proof, &request->need);

	if (status != KC_ERR_AUTHENTICATION_NEEDED)
		return status;
	if (ui == QUERY_UI_FAIL) {
		error_clear();
		return fail(KC_ERR_INTERACTION_NOT_ALLOWED,
			    "somebody would have to be asked, which \"use_authentication_ui\" does "
			    "not allow");
	}
	put_label(attributes, &request->need);
	return status;
}

enum kc_status permit_access_of(const struct row *row, struct access_control *ret_access)
{
	struct access_control access = {.accessible = row->protection};
	struct json_object *value = field_get(row->attributes, "access_control");

	if (value)
		TRY(access_control_parse(value, &access));
	*ret_access = access;
	return KC_OK;
}

enum kc_status permit_check(struct engine_request *request, enum query_ui ui, const struct row *row,
			    enum access_control_operation operation)
{
	struct access_control access = {.flags = 0};

	if (row->place == SCHEMA_MAIN)
		return KC_OK;
	TRY(permit_access_of(row, &access));
	return permit_check_access(request, ui, row->attributes, &access, operation);
}
