/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One thing at a time, and again from the top after each answer of keycask-x509: the issuers that
 * are wished for, the next identity, its facts, those of its issuers, the judgement. After some
 * identities whoever else waits has a turn.
 */
#include "daemon/choosing.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/try.h"
#include "choice/host.h"
#include "choice/shortlist.h"
#include "codec/hex.h"
#include "daemon/calls.h"
#include "daemon/certificate_facts.h"
#include "daemon/choice_reply.h"
#include "daemon/issuer_pool.h"
#include "keys/repertoire.h"
#include "tokens/inspector.h"

enum {
	CERTIFICATE_MAX = 65536,
	ROWS_PER_TURN = 32,
	/* Of a message of a MiB: certificate and chain of the longest kind still fit. */
	FIT_BYTES_MAX = 640 * 1024,
	LEFT_OUT_BYTES_MAX = 160 * 1024,
	US_PER_S = 1000 * 1000,
};

enum step {
	STEP_DONE, /* it has been answered */
	STEP_GO_ON,
	STEP_WAIT, /* for an answer, or for a turn */
};

struct choosing {
	struct wire_call *call;
	struct daemon *daemon;
	struct wish wish;
	enum repertoire_use use;
	struct json_object *algorithms; /* that are wished for; borrowed, NULL */
	struct json_object *issuers;	/* owned: normalized so far */
	struct engine_cursor cursor;
	struct roster_entry entry;
	bool has_entry;
	struct json_object *facts; /* of its certificate; owned, NULL: not known yet */
	struct issuer_pool pool;
	struct shortlist fit;
	struct shortlist left_out;
	bool explains;
	struct inspection *inspection;
	sd_event_source *turn;
	size_t n_in_turn;
};

static struct choosing *choosing_free(struct choosing *choosing)
{
	if (!choosing)
		return NULL;
	inspector_cancel(choosing->inspection);
	choosing->turn = sd_event_source_disable_unref(choosing->turn);
	roster_entry_done(&choosing->entry);
	field_free(&choosing->facts);
	field_free(&choosing->issuers);
	issuer_pool_done(&choosing->pool);
	shortlist_done(&choosing->fit);
	shortlist_done(&choosing->left_out);
	free(choosing);
	return NULL;
}
DEFINE_FREEP(choosing)

static void drop_entry(struct choosing *choosing)
{
	roster_entry_done(&choosing->entry);
	field_free(&choosing->facts);
	choosing->has_entry = false;
	choosing->n_in_turn++;
}

/* --- the judgement ------------------------------------------------------------------------- */

static enum kc_status leave_out(struct choosing *choosing, const struct verdict *verdict)
{
	CLEANUP(field_free) struct json_object *left_out = NULL;
	const struct roster_entry *entry = &choosing->entry;
	struct order_rank rank = {.terms = {judge_distance(verdict)}};

	if (!choosing->explains)
		return KC_OK;
	TRY(choice_reply_left_out(entry, choosing->facts, verdict, &left_out));
	return shortlist_add(&choosing->left_out, &rank,
			     view_of(entry->reference.data, entry->reference.len), take(left_out));
}

static enum kc_status leave_out_unseen(struct choosing *choosing)
{
	CLEANUP(judge_done) struct verdict verdict = {NULL, NULL};

	if (choosing->entry.state == ROSTER_LOCKED)
		TRY(judge_unseen("locked", "the keychain is locked", &verdict));
	else
		TRY(judge_unseen("consent_needed",
				 "somebody would have to agree before it is looked at", &verdict));
	return leave_out(choosing, &verdict);
}

static bool has_ability(const struct choosing *choosing)
{
	const struct engine_key *key = &choosing->entry.key;

	return choosing->use == REPERTOIRE_SIGN ? key->can_sign : calls_may_decrypt(key);
}

static bool has_algorithm(const struct choosing *choosing, struct json_object *algorithms)
{
	size_t n =
		choosing->wish.wants_algorithm ? json_object_array_length(choosing->algorithms) : 0;

	for (size_t i = 0; i < n; i++)
		if (field_contains(algorithms, json_object_array_get_idx(choosing->algorithms, i)))
			return true;
	return n == 0 && json_object_array_length(algorithms) > 0;
}

static struct candidate candidate_of(const struct choosing *choosing, const struct chain *chain,
				     struct json_object *algorithms)
{
	const struct engine_key *key = &choosing->entry.key;

	return (struct candidate){
		.facts = choosing->facts,
		.key_type = key->key_type,
		.key_size_in_bits = key->size_in_bits,
		.is_on_token = key->token_id != NULL,
		.needs_pin = key->constraint && strcmp(key->constraint, "none") != 0,
		.has_ability = has_ability(choosing),
		.has_algorithm = has_algorithm(choosing, algorithms),
		.issuer_depth = chain->has_issuer ? chain->depth : -1,
	};
}

static enum kc_status judge(struct choosing *choosing, const struct chain *chain)
{
	CLEANUP(judge_done) struct verdict verdict = {NULL, NULL};
	CLEANUP(field_free) struct json_object *algorithms = NULL;
	CLEANUP(field_free) struct json_object *reply = NULL;
	struct key_facts key = key_facts_of(&choosing->entry.key);
	struct kc_view reference =
		view_of(choosing->entry.reference.data, choosing->entry.reference.len);
	struct candidate candidate;
	struct order_rank rank;

	TRY(repertoire_list(&key, choosing->use, &algorithms));
	candidate = candidate_of(choosing, chain, algorithms);
	TRY(judge_candidate(&choosing->wish, &candidate, &verdict));
	if (!judge_is_fit(&verdict))
		return leave_out(choosing, &verdict);
	TRY(order_rank_of(&choosing->wish, &candidate, &rank));
	TRY(choice_reply_candidate(&choosing->entry, choosing->facts, chain, algorithms, &reply));
	return shortlist_add(&choosing->fit, &rank, reference, take(reply));
}

/* --- keycask-x509 -------------------------------------------------------------------------- */

static void go_on(struct choosing *choosing);
static void end(struct choosing *choosing, enum kc_status status);

static enum kc_status ask(struct choosing *choosing, const char *method, const char *name,
			  struct json_object *value, wire_reply_fn on_reply)
{
	CLEANUP(field_free) struct json_object *question = NULL;

	TRY(field_new_object(&question));
	TRY(field_put(question, name, json_object_get(value)));
	return inspector_ask(registry_inspector(choosing->daemon->registry), method, take(question),
			     on_reply, choosing, &choosing->inspection);
}

static void on_normalized(void *userdata, enum kc_status status, struct json_object *reply)
{
	struct choosing *choosing = userdata;

	choosing->inspection = NULL;
	if (status == KC_ERR_DECODE) {
		error_set_hint("issuers are Names in DER, as a TLS server sends them");
		status = error_remap(KC_ERR_PARAM);
	}
	if (status == KC_OK)
		status = field_append(choosing->issuers, json_object_get(field_get(reply, "name")));
	if (status == KC_OK)
		go_on(choosing);
	else
		end(choosing, status);
}

/* The certificate that facts are wanted of: one of an issuer, or that of the identity. */
static enum kc_status wanted_certificate(struct choosing *choosing, struct bytes *der)
{
	const char *issuer = NULL;

	TRY(issuer_pool_next(&choosing->pool, &issuer));
	if (issuer)
		return base64_decode(view_of_text(issuer), der);
	return bytes_append(
		der, view_of(choosing->entry.certificate.data, choosing->entry.certificate.len));
}

/* NULL: it is no certificate after all, and nothing is lost without it. */
static enum kc_status take_facts(struct choosing *choosing, struct json_object *facts)
{
	if (choosing->pool.subject)
		return issuer_pool_put(&choosing->pool, facts);
	choosing->facts = json_object_get(facts);
	if (!facts)
		drop_entry(choosing);
	return KC_OK;
}

static enum kc_status keep_facts(struct choosing *choosing, struct json_object *inspected)
{
	CLEANUP(bytes_done) struct bytes der = BYTES_INIT(CERTIFICATE_MAX);

	TRY(wanted_certificate(choosing, &der));
	TRY(certificate_facts_keep(choosing->daemon->certificate_facts, bytes_view(&der),
				   inspected));
	return take_facts(choosing, inspected);
}

static void on_inspected(void *userdata, enum kc_status status, struct json_object *reply)
{
	struct choosing *choosing = userdata;

	choosing->inspection = NULL;
	if (status == KC_ERR_DECODE) {
		error_clear();
		status = take_facts(choosing, NULL);
	} else if (status == KC_OK) {
		status = keep_facts(choosing, field_get(reply, "certificate"));
	}
	if (status == KC_OK)
		go_on(choosing);
	else
		end(choosing, status);
}

static enum kc_status ask_for_facts(struct choosing *choosing, struct kc_view der)
{
	CLEANUP(freep) char *text = base64_encode(der);
	CLEANUP(field_free) struct json_object *value = text ? json_object_new_string(text) : NULL;

	REQUIRE(value, KC_ERR_ALLOCATE, "out of memory");
	return ask(choosing, "org.keycask.X509.Inspect", "certificate", value, on_inspected);
}

static enum kc_status find_facts(struct choosing *choosing, enum step *ret_step)
{
	CLEANUP(bytes_done) struct bytes der = BYTES_INIT(CERTIFICATE_MAX);
	CLEANUP(field_free) struct json_object *facts = NULL;

	TRY(wanted_certificate(choosing, &der));
	facts = certificate_facts_find(choosing->daemon->certificate_facts, bytes_view(&der));
	*ret_step = facts ? STEP_GO_ON : STEP_WAIT;
	return facts ? take_facts(choosing, facts) : ask_for_facts(choosing, bytes_view(&der));
}

/* --- steps --------------------------------------------------------------------------------- */

static enum kc_status answer(struct choosing *choosing)
{
	CLEANUP(field_free) struct json_object *reply = NULL;
	struct json_object *identities = NULL;
	struct json_object *left_out = NULL;
	size_t n_omitted = choosing->fit.n_dropped + choosing->left_out.n_dropped;

	TRY(field_new_object(&reply));
	TRY(shortlist_take(&choosing->fit, &identities));
	TRY(field_put(reply, "identities", identities));
	TRY(shortlist_take(&choosing->left_out, &left_out));
	TRY(field_put(reply, "left_out", left_out));
	TRY(field_put_number(reply, "omitted", (int64_t)n_omitted));
	wire_call_on_gone(choosing->call, NULL, NULL);
	wire_call_reply(choosing->call, take(reply));
	ignore(choosing_free(choosing) != NULL);
	return KC_OK;
}

static int on_turn(sd_event_source *source, void *userdata)
{
	struct choosing *choosing = userdata;

	(void)source;
	choosing->turn = sd_event_source_disable_unref(choosing->turn);
	go_on(choosing);
	return 0;
}

/* Behind what has come in meanwhile. */
static enum kc_status await_turn(struct choosing *choosing)
{
	choosing->n_in_turn = 0;
	REQUIRE(sd_event_add_defer(choosing->daemon->event, &choosing->turn, on_turn, choosing) >=
			0,
		KC_ERR_ALLOCATE, "out of memory");
	REQUIRE(sd_event_source_set_priority(choosing->turn, SD_EVENT_PRIORITY_IDLE) >= 0,
		KC_ERR_INTERNAL, "no priority of an event");
	return KC_OK;
}

static enum kc_status next_entry(struct choosing *choosing)
{
	struct engine_request request = calls_request(choosing->call);
	enum kc_status status =
		roster_next(choosing->daemon->engine, &request, ROWS_PER_TURN, &choosing->cursor,
			    &choosing->entry, &choosing->has_entry);

	engine_need_done(&request.need);
	choosing->n_in_turn += choosing->has_entry ? 0 : ROWS_PER_TURN;
	return status;
}

static enum kc_status look_at_entry(struct choosing *choosing)
{
	CLEANUP(chain_done) struct chain chain = {.certificates = NULL};
	const char *missing = NULL;

	TRY(chain_find(&choosing->wish, choosing->facts, choosing->pool.pool, &chain, &missing));
	if (missing)
		return issuer_pool_load(&choosing->pool, choosing->call, missing);
	TRY(judge(choosing, &chain));
	drop_entry(choosing);
	return KC_OK;
}

static bool has_issuer_to_normalize(const struct choosing *choosing)
{
	struct json_object *wanted = field_get(wire_call_parameters(choosing->call), "issuers");

	return wanted &&
	       json_object_array_length(choosing->issuers) < json_object_array_length(wanted);
}

static enum kc_status normalize_issuer(struct choosing *choosing)
{
	struct json_object *wanted = field_get(wire_call_parameters(choosing->call), "issuers");
	size_t i = json_object_array_length(choosing->issuers);

	return ask(choosing, "org.keycask.X509.NormalizeName", "name",
		   json_object_array_get_idx(wanted, i), on_normalized);
}

static enum kc_status step(struct choosing *choosing, enum step *ret_step)
{
	const char *issuer = NULL;

	*ret_step = STEP_WAIT;
	if (has_issuer_to_normalize(choosing))
		return normalize_issuer(choosing);
	if (choosing->n_in_turn >= ROWS_PER_TURN)
		return await_turn(choosing);
	if (!choosing->has_entry && choosing->cursor.is_at_end) {
		*ret_step = STEP_DONE;
		return answer(choosing);
	}
	*ret_step = STEP_GO_ON;
	if (!choosing->has_entry)
		return next_entry(choosing);
	if (choosing->entry.state != ROSTER_OPEN) {
		TRY(leave_out_unseen(choosing));
		drop_entry(choosing);
		return KC_OK;
	}
	TRY(issuer_pool_next(&choosing->pool, &issuer));
	if (issuer || !choosing->facts)
		return find_facts(choosing, ret_step);
	return look_at_entry(choosing);
}

static void go_on(struct choosing *choosing)
{
	enum kc_status status = KC_OK;
	enum step next = STEP_GO_ON;

	error_clear();
	while (status == KC_OK && next == STEP_GO_ON)
		status = step(choosing, &next);
	if (status != KC_OK)
		end(choosing, status);
}

/* --- the call ------------------------------------------------------------------------------ */

static void end(struct choosing *choosing, enum kc_status status)
{
	struct wire_call *call = choosing->call;

	wire_call_on_gone(call, NULL, NULL);
	ignore(choosing_free(choosing) != NULL);
	wire_call_fail(call, status);
}

static void on_gone(void *userdata)
{
	struct choosing *choosing = userdata;
	struct wire_call *call = choosing->call;

	wire_call_on_gone(call, NULL, NULL);
	ignore(choosing_free(choosing) != NULL);
	wire_call_drop(call);
}

static const char *text_at(struct json_object *list, size_t i)
{
	return json_object_get_string(json_object_array_get_idx(list, i));
}

static enum kc_status read_limits(struct choosing *choosing, struct json_object *parameters)
{
	struct json_object *types = field_get(parameters, "key_types");
	struct json_object *algorithms = field_get(parameters, "algorithms");

	for (size_t i = 0; types && i < json_object_array_length(types); i++)
		TRY(repertoire_check_key_type(text_at(types, i)));
	for (size_t i = 0; algorithms && i < json_object_array_length(algorithms); i++)
		TRY(repertoire_check_name(choosing->use, text_at(algorithms, i)));
	choosing->wish.key_types = types;
	choosing->algorithms = algorithms;
	choosing->wish.wants_algorithm = algorithms && json_object_array_length(algorithms) > 0;
	return KC_OK;
}

static enum kc_status read_wish(struct choosing *choosing)
{
	struct json_object *parameters = wire_call_parameters(choosing->call);
	struct wish *wish = &choosing->wish;
	uint64_t now_us = 0;

	TRY(purpose_get(field_text(parameters, "purpose"), &wish->purpose));
	choosing->use = wish->purpose->decrypts ? REPERTOIRE_DECRYPT : REPERTOIRE_SIGN;
	wish->host = field_text(parameters, "host");
	REQUIRE(!wish->host || host_is_one(wish->host), KC_ERR_PARAM,
		"\"%.64s\" is neither a host's name nor its address", wish->host);
	REQUIRE(sd_event_now(choosing->daemon->event, CLOCK_REALTIME, &now_us) >= 0,
		KC_ERR_INTERNAL, "no clock");
	wish->now_us = (int64_t)now_us / US_PER_S * US_PER_S;
	choosing->explains = field_flag(parameters, "explain", false);
	return read_limits(choosing, parameters);
}

static enum kc_status start(struct wire_call *call, struct choosing **ret_choosing)
{
	CLEANUP(choosing_freep) struct choosing *choosing = calloc(1, sizeof(*choosing));

	REQUIRE(choosing, KC_ERR_ALLOCATE, "out of memory");
	choosing->call = call;
	choosing->daemon = wire_call_context(call);
	choosing->fit = SHORTLIST_INIT(FIT_BYTES_MAX);
	choosing->left_out = SHORTLIST_INIT(LEFT_OUT_BYTES_MAX);
	TRY(read_wish(choosing));
	TRY(issuer_pool_init(&choosing->pool));
	choosing->issuers = json_object_new_array();
	REQUIRE(choosing->issuers, KC_ERR_ALLOCATE, "out of memory");
	choosing->wish.issuers = choosing->issuers;
	*ret_choosing = take(choosing);
	return KC_OK;
}

void choosing_begin(struct wire_call *call)
{
	struct choosing *choosing = NULL;
	enum kc_status status = KC_OK;

	error_clear();
	status = start(call, &choosing);
	if (status != KC_OK) {
		wire_call_fail(call, status);
		return;
	}
	wire_call_on_gone(call, on_gone, choosing);
	go_on(choosing);
}
