/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What queries may say of policies (reference/keychain.md 2.4). */
#include "items/policy.h"

#include "base/try.h"
#include "harness/test.h"

struct scene {
	struct json_object *query;
	struct policy_judgements judgements;
};

static void scene_done(struct scene *scene)
{
	json_object_put(scene->query);
}

static enum kc_status read_query(struct scene *scene, const char *text)
{
	error_clear();
	json_object_put(scene->query);
	scene->query = json_tokener_parse(text);
	return policy_judgements(scene->query, &scene->judgements);
}

TEST(a_query_may_want_nothing)
{
	CLEANUP(scene_done) struct scene scene = {.query = NULL};

	CHECK_OK(read_query(&scene, "{\"class\": \"certificate\"}"));
	CHECK_INT(scene.judgements.n_policies, 0);
	CHECK_OK(read_query(&scene,
			    "{\"match_trusted_only\": false, \"match_valid_on_date\": null}"));
	CHECK_INT(scene.judgements.n_policies, 0);
	CHECK(!scene.judgements.at);
}

TEST(policies_have_names_and_what_goes_with_them)
{
	CLEANUP(scene_done) struct scene scene = {.query = NULL};

	CHECK_OK(read_query(&scene,
			    "{\"match_policy\": \"ssl_client\", \"match_trusted_only\": true, "
			    "\"match_valid_on_date\": \"2024-02-29T12:00:00Z\"}"));
	CHECK_INT(scene.judgements.n_policies, 2);
	CHECK_TEXT(scene.judgements.policies[0].name, "ssl_client");
	CHECK_TEXT(scene.judgements.policies[1].name, "basic_x509");
	CHECK_TEXT(scene.judgements.at, "2024-02-29T12:00:00Z");
	CHECK_OK(read_query(&scene, "{\"match_policy\": [{\"name\": \"ssl_server\", \"host\": "
				    "\"example.org\"}]}"));
	CHECK_TEXT(scene.judgements.policies[0].name, "ssl_server");
	CHECK_TEXT(scene.judgements.policies[0].host, "example.org");
	CHECK_OK(read_query(&scene, "{\"match_policy\": {\"email\": \"jo@example.org\", \"name\": "
				    "\"smime\"}}"));
	CHECK_TEXT(scene.judgements.policies[0].email, "jo@example.org");
}

TEST(what_is_no_policy_is_refused)
{
	static const char form[] = "\"match_policy\" is no policy";
	static const struct {
		const char *query;
		const char *message;
	} cases[] = {
		{"{\"match_policy\": \"any\"}", form},
		{"{\"match_policy\": null}", form},
		{"{\"match_policy\": 17}", form},
		{"{\"match_policy\": {}}", form},
		{"{\"match_policy\": {\"name\": \"ssl_server\", \"host\": 1}}", form},
		{"{\"match_policy\": []}", "\"match_policy\" is one policy, not 0"},
		{"{\"match_policy\": [\"smime\", \"smime\"]}",
		 "\"match_policy\" is one policy, not 2"},
		{"{\"match_policy\": {\"name\": \"smime\", \"host\": \"a\"}}",
		 "\"match_policy\": smime takes no \"host\""},
		{"{\"match_trusted_only\": \"yes\"}",
		 "\"match_trusted_only\" must be true or false"},
		{"{\"match_trusted_only\": null}", "\"match_trusted_only\" must be true or false"},
		{"{\"match_valid_on_date\": \"soon\"}", "not a date such as 2024-02-29T12:00:00Z"},
		{"[]", "a query must be an object"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		CLEANUP(scene_done) struct scene scene = {.query = NULL};

		CHECK_STATUS(read_query(&scene, cases[i].query), KC_ERR_PARAM);
		CHECK_TEXT(error_get()->message, cases[i].message);
	}
}
