/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Keys that a token makes, or is given: what is asked becomes a wish for its driver. */
#include "daemon/token_create.h"

#include <string.h>

#include "base/error.h"
#include "base/try.h"
#include "daemon/token_write.h"

enum {
	BITS_MAX = 65536,
};

/* What may be said of a key that the token keeps as it likes; saying it otherwise is an error, and
 * leaving it out silently would be a lie. */
static const struct {
	const char *name;
	bool has_value; /* it may be said, but only so */
	bool value;
} known[] = {
	{"class", false, false},
	{"key_class", false, false},
	{"key_type", false, false},
	{"key_size_in_bits", false, false},
	{"effective_key_size", false, false},
	{"can_sign", false, false},
	{"can_decrypt", false, false},
	{"can_derive", false, false},
	{"is_permanent", true, true},
	{"is_extractable", true, false},
	{"is_sensitive", true, true},
};

static enum kc_status check_attribute(const char *name, struct json_object *value)
{
	for (size_t i = 0; i < ARRAY_LEN(known); i++) {
		if (strcmp(known[i].name, name) != 0)
			continue;
		REQUIRE(!known[i].has_value ||
				(bool)json_object_get_boolean(value) == known[i].value,
			KC_ERR_PARAM, "a key of a token has \"%s\" %s", name,
			known[i].value ? "true" : "false");
		return KC_OK;
	}
	error_set_hint("a token names and protects its keys itself");
	return fail(KC_ERR_PARAM, "\"%.64s\" of a token's key cannot be chosen", name);
}

static enum kc_status check_pair(const struct key_attributes *attributes)
{
	if (attributes->is_public_permanent)
		error_set_hint(
			"its reference contains it and is good for ever; Items.Add takes it");
	REQUIRE(!attributes->is_public_permanent, KC_ERR_PARAM,
		"the public half of a token's key becomes no item of its own");
	REQUIRE(!attributes->key_class || strcmp(attributes->key_class, "private") == 0,
		KC_ERR_PARAM, "a pair is made by the attributes of its private key");
	return KC_OK;
}

static enum kc_status check_attributes(const struct key_attributes *attributes)
{
	REQUIRE(attributes->is_private_permanent, KC_ERR_PARAM, "a key of a token is permanent");
	json_object_object_foreach(attributes->private_item, name, value)
		TRY(check_attribute(name, value));
	return KC_OK;
}

enum kc_status token_create_make_wish(const struct key_attributes *attributes,
				      struct json_object **ret_wish)
{
	static const char *const uses[] = {"can_sign", "can_decrypt", "can_derive"};
	CLEANUP(field_free) struct json_object *wish = NULL;

	TRY(check_attributes(attributes));
	REQUIRE(attributes->key_type, KC_ERR_PARAM, "\"key_type\" is missing");
	REQUIRE(attributes->size_in_bits >= 0 && attributes->size_in_bits <= BITS_MAX,
		KC_ERR_KEY_SIZE_NOT_ALLOWED, "there are no keys of that size");
	TRY(field_new_object(&wish));
	TRY(field_put_text(wish, "place", attributes->token_object));
	TRY(field_put_text(wish, "key_type", attributes->key_type));
	if (attributes->size_in_bits > 0)
		TRY(field_put_number(wish, "key_size_in_bits", attributes->size_in_bits));
	for (size_t i = 0; i < ARRAY_LEN(uses); i++)
		TRY(field_put_flag(wish, uses[i],
				   field_flag(attributes->private_item, uses[i], false)));
	TRY(field_put_flag(wish, "may_replace", attributes->may_replace));
	*ret_wish = take(wish);
	return KC_OK;
}

static enum kc_status start(struct wire_call *call, const struct key_attributes *attributes)
{
	CLEANUP(field_free) struct json_object *wish = NULL;
	struct token_write_options options = {
		.token_id = attributes->token_id,
		.wish = {.kind = WRITING_GENERATE},
		.operation = "create",
	};

	TRY(check_pair(attributes));
	TRY(token_create_make_wish(attributes, &wish));
	options.wish.wish = wish;
	return token_write_start(call, &options);
}

void token_create_start(struct wire_call *call, const struct key_attributes *attributes)
{
	enum kc_status status = KC_OK;

	error_clear();
	status = start(call, attributes);
	if (status != KC_OK)
		wire_call_fail(call, status);
}
