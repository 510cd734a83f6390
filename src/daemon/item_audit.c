/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Listing is done all the time and tells of no secret, nor does a certificate: only what reads the
 * content of passwords and keys, changes something or is refused for want of a group is written
 * down. Attributes are not: a label may say as much as a password.
 */
#include "daemon/item_audit.h"

#include <string.h>

#include "base/try.h"
#include "daemon/calls.h"

enum {
	TEXT_MAX = 2048, /* the longest reference, in base64, is shorter */
};

static const char *operation_of(const struct item_call *call)
{
	static const struct {
		const char *method;
		const char *operation;
	} operations[] = {
		{"org.keycask.Items.Add", "add"},
		{"org.keycask.Items.CopyMatching", "read"},
		{"org.keycask.Items.Update", "update"},
		{"org.keycask.Items.Delete", "delete"},
	};
	const char *method = wire_call_method(call->call);

	for (size_t i = 0; i < ARRAY_LEN(operations); i++) {
		if (strcmp(operations[i].method, method) == 0)
			return operations[i].operation;
	}
	return "items";
}

static bool is_reading(const struct item_call *call)
{
	return call->verb->result && strcmp(call->verb->result, "items") == 0;
}

/* A certificate is public, and an identity's data is its certificate. The class may be the
 * reference's; then nothing is known of it, and it is written down. */
static bool is_public(const struct item_call *call)
{
	const char *item_class = field_text(call->dictionary, "class");

	return item_class &&
	       (strcmp(item_class, "certificate") == 0 || strcmp(item_class, "identity") == 0);
}

/* What was not there, or was asked for in a wrong way, has told nobody anything. */
static bool is_worth_it(const struct item_call *call, enum kc_status status)
{
	if (status == KC_ERR_MISSING_ENTITLEMENT)
		return true;
	if (status == KC_ERR_PARAM || status == KC_ERR_NO_SUCH_ATTR ||
	    status == KC_ERR_NO_SUCH_CLASS)
		return false;
	if (is_reading(call)) /* a number is a flag to the engine too */
		return json_object_get_boolean(field_get(call->dictionary, "return_data")) &&
		       !is_public(call) && status != KC_ERR_ITEM_NOT_FOUND;
	return true;
}

/* The reference that was asked with, or that the one item has which came of it. */
static const char *reference_of(const struct item_call *call)
{
	const char *asked = field_text(call->dictionary, "value_persistent_ref");
	struct json_object *found = call->result;

	if (asked) /* whatever it is */
		return strlen(asked) < TEXT_MAX ? asked : NULL;
	if (json_object_is_type(found, json_type_array))
		found = json_object_array_length(found) == 1 ? json_object_array_get_idx(found, 0)
							     : NULL;
	return json_object_is_type(found, json_type_object)
		       ? field_text(found, "value_persistent_ref")
		       : NULL;
}

void item_audit_write(const struct item_call *call, enum kc_status status)
{
	struct audit_entry entry = calls_audit_entry(call->call);

	if (!is_worth_it(call, status))
		return;
	entry.operation = operation_of(call);
	entry.item_class = field_text(call->dictionary, "class");
	entry.persistent_ref = reference_of(call);
	entry.result = status;
	if (entry.item_class && strlen(entry.item_class) > TEXT_MAX)
		entry.item_class = NULL;
	if (is_reading(call))
		entry.n_items = call->cursor.n_items;
	audit_write(call->daemon->audit, &entry);
}
