/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The identity that choosing is at becomes a candidate, and its verdict a place among the fit ones
 * or, when somebody wants to know, among those that are left out. The rules are choice/'s.
 */
#include <string.h>

#include "base/try.h"
#include "daemon/choice_reply.h"
#include "daemon/choosing_impl.h"

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

enum kc_status choosing_judgement_unseen(struct choosing *choosing)
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

enum kc_status choosing_judgement_pass(struct choosing *choosing, const struct chain *chain)
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
