/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From what is known of an identity to what is said of it. */
#include "daemon/choice_reply.h"

#include <string.h>

#include "base/try.h"

static struct kc_view view_of_bytes(const struct kc_bytes *bytes)
{
	return view_of(bytes->data, bytes->len);
}

static const char *text_or_none(const char *text)
{
	return text ? text : "";
}

static enum kc_status copy_texts(struct json_object *facts, struct json_object *to)
{
	static const char *const names[][2] = {
		{"subject_text", "subject"},
		{"issuer_text", "issuer"},
		{"not_valid_before", "not_valid_before"},
		{"not_valid_after", "not_valid_after"},
	};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		TRY(field_put_text(to, names[i][1], text_or_none(field_text(facts, names[i][0]))));
	return KC_OK;
}

static enum kc_status put_name(const struct roster_entry *entry, struct json_object *to)
{
	TRY(field_put_data(to, "identity", view_of_bytes(&entry->reference)));
	TRY(field_put_text(to, "label", text_or_none(entry->label)));
	return field_put_text(to, "token_id", entry->key.token_id);
}

static bool needs_pin(const struct engine_key *key)
{
	return key->constraint && strcmp(key->constraint, "none") != 0;
}

static enum kc_status put_key(const struct roster_entry *entry, struct json_object *to)
{
	TRY(field_put_data(to, "key", view_of_bytes(&entry->key_reference)));
	TRY(field_put_text(to, "key_type", text_or_none(entry->key.key_type)));
	TRY(field_put_number(to, "key_size_in_bits", entry->key.size_in_bits));
	return field_put_flag(to, "pin_needed", needs_pin(&entry->key));
}

enum kc_status choice_reply_candidate(const struct roster_entry *entry, struct json_object *facts,
				      const struct chain *chain, struct json_object *algorithms,
				      struct json_object **ret_candidate)
{
	CLEANUP(field_free) struct json_object *candidate = NULL;

	TRY(field_new_object(&candidate));
	TRY(put_name(entry, candidate));
	TRY(put_key(entry, candidate));
	TRY(copy_texts(facts, candidate));
	TRY(field_put_data(candidate, "certificate", view_of_bytes(&entry->certificate)));
	TRY(field_put(candidate, "chain", json_object_get(chain->certificates)));
	TRY(field_put(candidate, "algorithms", json_object_get(algorithms)));
	*ret_candidate = take(candidate);
	return KC_OK;
}

enum kc_status choice_reply_left_out(const struct roster_entry *entry, struct json_object *facts,
				     const struct verdict *verdict,
				     struct json_object **ret_left_out)
{
	CLEANUP(field_free) struct json_object *left_out = NULL;
	const char *subject = facts ? field_text(facts, "subject_text") : entry->subject;

	TRY(field_new_object(&left_out));
	TRY(put_name(entry, left_out));
	TRY(field_put_text(left_out, "subject", text_or_none(subject)));
	TRY(field_put(left_out, "codes", json_object_get(verdict->codes)));
	TRY(field_put(left_out, "reasons", json_object_get(verdict->reasons)));
	*ret_left_out = take(left_out);
	return KC_OK;
}
