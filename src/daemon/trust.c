/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One Evaluate at a time. When a chain lacks an issuer the keychain is looked through for it, and
 * the question put again; what was found serves the certificates that follow.
 */
#include "daemon/trust.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/try.h"
#include "codec/hex.h"
#include "codec/sha2.h"
#include "daemon/calls.h"
#include "items/policy.h"
#include "tokens/inspector.h"

enum {
	CERTIFICATE_MAX = 65536,
	CHAIN_MAX = 10, /* reference/keychain.md 2.4: "depth ≤ 10" */
	INTERMEDIATES_MAX = 32,
	ISSUERS_MAX = 8, /* certificates of one name that are tried */
};

struct trust {
	struct wire_call *call;
	struct daemon *daemon;
	struct json_object *certificates; /* owned */
	struct policy_judgements judgements;
	trust_fn on_judged;
	void *userdata;
	struct json_object *intermediates; /* owned */
	struct json_object *verdicts;	   /* owned */
	size_t i_certificate;
	size_t i_policy;
	unsigned n_missing; /* issuers that this chain has lacked */
	struct inspection *inspection;
};

struct trust *trust_free(struct trust *trust)
{
	if (!trust)
		return NULL;
	inspector_cancel(trust->inspection);
	field_free(&trust->certificates);
	field_free(&trust->intermediates);
	field_free(&trust->verdicts);
	free(trust);
	return NULL;
}

static void finish(struct trust *trust, enum kc_status status)
{
	struct json_object *verdicts = status == KC_OK ? take(trust->verdicts) : NULL;
	trust_fn on_judged = trust->on_judged;
	void *userdata = trust->userdata;

	ignore(trust_free(trust) != NULL);
	on_judged(userdata, status, verdicts);
}

static struct json_object *current(const struct trust *trust)
{
	return json_object_array_get_idx(trust->certificates, trust->i_certificate);
}

/* --- a verdict ----------------------------------------------------------------------------- */

static enum kc_status put_verdict(struct trust *trust, bool is_good)
{
	CLEANUP(bytes_done) struct bytes der = BYTES_INIT(CERTIFICATE_MAX);
	CLEANUP(freep) char *name = NULL;

	TRY(base64_decode(view_of_text(json_object_get_string(current(trust))), &der));
	name = sha2_name(bytes_view(&der));
	REQUIRE(name, KC_ERR_ALLOCATE, "out of memory");
	return field_put_flag(trust->verdicts, name, is_good);
}

/* --- intermediates ------------------------------------------------------------------------- */

static enum kc_status find_issuers(struct trust *trust, const char *subject,
				   struct json_object **ret_items)
{
	CLEANUP(field_free) struct json_object *query = NULL;
	struct engine_request request = calls_request(trust->call);
	enum kc_status status = KC_OK;

	TRY(field_new_object(&query));
	TRY(field_put_text(query, "class", "certificate"));
	TRY(field_put_text(query, "subject", subject));
	TRY(field_put_number(query, "match_limit", ISSUERS_MAX));
	TRY(field_put_flag(query, "return_data", true));
	status = engine_copy_matching(trust->daemon->engine, &request, query, ret_items);
	engine_need_done(&request.need);
	return status;
}

static bool add_intermediate(struct trust *trust, struct json_object *item)
{
	struct json_object *data = field_get(item, "value_data");

	return data && !field_contains(trust->intermediates, data) &&
	       json_object_array_length(trust->intermediates) < INTERMEDIATES_MAX &&
	       field_append(trust->intermediates, json_object_get(data)) == KC_OK;
}

/* Is there anything new? What is locked, or nobody may see, is not there. */
static bool add_issuers(struct trust *trust, const char *subject)
{
	CLEANUP(field_free) struct json_object *items = NULL;
	bool is_any = false;

	if (find_issuers(trust, subject, &items) != KC_OK)
		error_clear();
	for (size_t i = 0; items && i < json_object_array_length(items); i++)
		is_any |= add_intermediate(trust, json_object_array_get_idx(items, i));
	return is_any;
}

/* --- a question ---------------------------------------------------------------------------- */

static void go_on(struct trust *trust);

static enum kc_status next_policy(struct trust *trust, bool is_valid)
{
	trust->n_missing = 0;
	trust->i_policy++;
	if (is_valid && trust->i_policy < trust->judgements.n_policies)
		return KC_OK;
	TRY(put_verdict(trust, is_valid));
	trust->i_policy = 0;
	trust->i_certificate++;
	return KC_OK;
}

static enum kc_status take_reply(struct trust *trust, struct json_object *reply)
{
	const char *missing = field_text(reply, "missing_issuer");
	bool is_valid = field_flag(reply, "is_valid", false);

	if (!is_valid && missing && trust->n_missing++ < CHAIN_MAX && add_issuers(trust, missing))
		return KC_OK; /* once more */
	if (!is_valid)
		log_debug("req=%llu stage=trust %s", (unsigned long long)wire_call_id(trust->call),
			  field_text(reply, "reason"));
	return next_policy(trust, is_valid);
}

static enum kc_status take_failure(struct trust *trust, enum kc_status status)
{
	if (status == KC_ERR_DECODE) { /* of this certificate, not of the others */
		error_clear();
		return next_policy(trust, false);
	}
	if (status == KC_ERR_ITEM_NOT_FOUND) {
		error_set_hint("\"trust_store\" in config.json says where they are");
		return error_remap(KC_ERR_NOT_AVAILABLE);
	}
	return status;
}

static void on_evaluated(void *userdata, enum kc_status status, struct json_object *reply)
{
	struct trust *trust = userdata;

	trust->inspection = NULL;
	status = status == KC_OK ? take_reply(trust, reply) : take_failure(trust, status);
	if (status == KC_OK)
		go_on(trust);
	else
		finish(trust, status);
}

static enum kc_status make_question(const struct trust *trust, struct json_object **ret_question)
{
	const struct policy *policy = &trust->judgements.policies[trust->i_policy];
	CLEANUP(field_free) struct json_object *question = NULL;

	TRY(field_new_object(&question));
	TRY(field_put(question, "certificate", json_object_get(current(trust))));
	TRY(field_put_text(question, "policy", policy->name));
	TRY(field_put_text(question, "host", policy->host));
	TRY(field_put_text(question, "email", policy->email));
	TRY(field_put_text(question, "at", trust->judgements.at));
	TRY(field_put(question, "intermediates", json_object_get(trust->intermediates)));
	*ret_question = take(question);
	return KC_OK;
}

static struct inspector *judge_of(const struct trust *trust)
{
	const char *name = trust->judgements.policies[trust->i_policy].name;

	return strcmp(name, POLICY_CHAIN) == 0 ? trust->daemon->judge
					       : registry_inspector(trust->daemon->registry);
}

static enum kc_status ask(struct trust *trust)
{
	struct json_object *question = NULL;

	TRY(make_question(trust, &question));
	return inspector_ask(judge_of(trust), "org.keycask.X509.Evaluate", question, on_evaluated,
			     trust, &trust->inspection);
}

static void go_on(struct trust *trust)
{
	enum kc_status status = KC_OK;

	if (trust->i_certificate == json_object_array_length(trust->certificates)) {
		finish(trust, KC_OK);
		return;
	}
	status = ask(trust);
	if (status != KC_OK)
		finish(trust, status);
}

enum kc_status trust_start(struct wire_call *call, struct json_object *query,
			   struct json_object *certificates, trust_fn on_judged, void *userdata,
			   struct trust **ret_trust)
{
	CLEANUP(trust_freep) struct trust *trust = calloc(1, sizeof(*trust));

	REQUIRE(trust, KC_ERR_ALLOCATE, "out of memory");
	*trust = (struct trust){.call = call,
				.daemon = wire_call_context(call),
				.on_judged = on_judged,
				.userdata = userdata};
	TRY(policy_judgements(query, &trust->judgements));
	REQUIRE(trust->judgements.n_policies > 0 && json_object_array_length(certificates) > 0,
		KC_ERR_INTERNAL, "nothing to judge by, or nothing to judge");
	trust->certificates = json_object_get(certificates);
	trust->intermediates = json_object_new_array();
	REQUIRE(trust->intermediates, KC_ERR_ALLOCATE, "out of memory");
	TRY(field_new_object(&trust->verdicts));
	TRY(ask(trust));
	*ret_trust = take(trust);
	return KC_OK;
}
