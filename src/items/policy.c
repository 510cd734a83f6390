/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Policies by their names. Apple's are objects; ours are text, or an object with what goes with it.
 */
#include "items/policy.h"

#include <string.h>

#include "base/try.h"
#include "codec/date.h"
#include "items/value_impl.h"

static const char *const names[] = {POLICY_CHAIN, "ssl_server",	  "ssl_client",
				    "smime",	  "code_signing", "time_stamping"};

static enum kc_status fail_form(void)
{
	error_set_hint(
		"it is one of basic_x509, ssl_server, ssl_client, smime, code_signing, "
		"time_stamping; or an object with such a \"name\" and \"host\" or \"email\"");
	return fail(KC_ERR_PARAM, "\"match_policy\" is no policy");
}

static enum kc_status read_name(struct json_object *value, struct policy *policy)
{
	const char *text = json_object_get_string(value);

	if (!json_object_is_type(value, json_type_string))
		return fail_form();
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (strcmp(names[i], text) == 0) {
			policy->name = names[i];
			return KC_OK;
		}
	}
	return fail_form();
}

static enum kc_status read_detail(struct json_object *value, const char **ret_text)
{
	if (!json_object_is_type(value, json_type_string))
		return fail_form();
	*ret_text = json_object_get_string(value);
	return KC_OK;
}

/* A host goes with a server, an address with mail. */
static enum kc_status read_entry(const char *name, struct json_object *value, struct policy *policy)
{
	if (strcmp(name, "name") == 0)
		return KC_OK;
	if (strcmp(name, "host") == 0 && strcmp(policy->name, "ssl_server") == 0)
		return read_detail(value, &policy->host);
	if (strcmp(name, "email") == 0 && strcmp(policy->name, "smime") == 0)
		return read_detail(value, &policy->email);
	return fail(KC_ERR_PARAM, "\"match_policy\": %s takes no \"%.32s\"", policy->name, name);
}

static enum kc_status read_object(struct json_object *value, struct policy *policy)
{
	TRY(read_name(field_get(value, "name"), policy));
	json_object_object_foreach(value, name, detail)
	{
		TRY(read_entry(name, detail, policy));
	}
	return KC_OK;
}

enum kc_status policy_read(struct json_object *value, struct policy *ret_policy)
{
	struct policy policy = {.name = NULL};

	/* reference/keychain.md 2.4: "array of exactly one after serialisation; otherwise −50". */
	if (json_object_is_type(value, json_type_array)) {
		REQUIRE(json_object_array_length(value) == 1, KC_ERR_PARAM,
			"\"match_policy\" is one policy, not %zu", json_object_array_length(value));
		value = json_object_array_get_idx(value, 0);
	}
	if (json_object_is_type(value, json_type_object))
		TRY(read_object(value, &policy));
	else
		TRY(read_name(value, &policy));
	*ret_policy = policy;
	return KC_OK;
}

static enum kc_status read_trusted(struct json_object *query, bool *ret_is_wanted)
{
	struct json_object *value = NULL;

	*ret_is_wanted = false;
	if (!json_object_object_get_ex(query, "match_trusted_only", &value))
		return KC_OK;
	REQUIRE(json_object_is_type(value, json_type_boolean), KC_ERR_PARAM,
		"\"match_trusted_only\" must be true or false");
	*ret_is_wanted = json_object_get_boolean(value);
	return KC_OK;
}

/* "date, or null = now". */
static enum kc_status read_date(struct json_object *query, const char **ret_at)
{
	struct json_object *value = field_get(query, "match_valid_on_date");
	int64_t date_us = 0;

	*ret_at = NULL;
	if (!value)
		return KC_OK;
	REQUIRE(json_object_is_type(value, json_type_string) &&
			date_parse(json_object_get_string(value), &date_us) == KC_OK,
		KC_ERR_PARAM,
		"\"match_valid_on_date\" must be a date such as 2024-02-29T12:00:00Z");
	*ret_at = json_object_get_string(value);
	return KC_OK;
}

enum kc_status policy_judgements(struct json_object *query,
				 struct policy_judgements *ret_judgements)
{
	struct policy_judgements judgements = {.n_policies = 0};
	struct json_object *value = NULL;
	bool is_trusted_wanted = false;

	REQUIRE(json_object_is_type(query, json_type_object), KC_ERR_PARAM,
		"a query must be an object");
	TRY(read_trusted(query, &is_trusted_wanted));
	TRY(read_date(query, &judgements.at));
	if (json_object_object_get_ex(query, "match_policy", &value))
		TRY(policy_read(value, &judgements.policies[judgements.n_policies++]));
	if (is_trusted_wanted)
		judgements.policies[judgements.n_policies++] =
			(struct policy){.name = POLICY_CHAIN};
	*ret_judgements = judgements;
	return KC_OK;
}
