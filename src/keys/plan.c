/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What all plans have in common, and the search for the token's operation. */
#include <stdlib.h>

#include "base/error.h"
#include "base/try.h"
#include "keys/plan_impl.h"
#include "keys/unpad_impl.h"

enum kc_status plan_new(plan_finish_fn finish, struct plan **ret_plan)
{
	struct plan *plan = calloc(1, sizeof(*plan));

	REQUIRE(plan, KC_ERR_ALLOCATE, "out of memory");
	*plan = (struct plan){
		.finish = finish,
		.input = BYTES_INIT(PLAN_INPUT_MAX),
		.kept = BYTES_INIT(PLAN_INPUT_MAX),
	};
	*ret_plan = plan;
	return KC_OK;
}

struct plan *plan_free(struct plan *plan)
{
	if (!plan)
		return NULL;
	bytes_done(&plan->input);
	bytes_done(&plan->kept);
	free(plan);
	return NULL;
}

const struct algorithm *plan_find_operation(const struct key_facts *key,
					    const struct algorithm *algorithm)
{
	while (algorithm && !key_facts_offers(key, algorithm->name))
		algorithm = algorithms_below(algorithm);
	return algorithm;
}

enum plan_kind plan_kind(const struct plan *plan)
{
	switch (plan->operation->purpose) {
	case ALGORITHM_SIGNATURE:
		return PLAN_SIGN;
	case ALGORITHM_ENCRYPTION:
		return PLAN_DECRYPT;
	case ALGORITHM_EXCHANGE:
		break;
	}
	return PLAN_EXCHANGE;
}

const char *plan_operation(const struct plan *plan)
{
	return plan->operation->name;
}

struct kc_view plan_input(const struct plan *plan)
{
	return bytes_view(&plan->input);
}

enum kc_status plan_finish(struct plan *plan, const struct key_facts *key, struct kc_view answer,
			   struct kc_bytes *ret_result)
{
	CLEANUP(bytes_done) struct bytes result = BYTES_INIT(PLAN_INPUT_MAX);

	TRY(plan->finish(plan, key, answer, &result));
	*ret_result = bytes_take(&result);
	return KC_OK;
}

/*
 * @status is a driver's, mapped: bad_parameter, corrupted_data; or a status word that means nothing
 * in particular, as the 6F00 of some cards. A card that is lost has none.
 */
static bool is_refusal(enum kc_status status)
{
	return status == KC_ERR_PARAM || status == KC_ERR_DECODE ||
	       (status == KC_ERR_INTERNAL && error_get()->sw > 0);
}

enum kc_status plan_recover(struct plan *plan, const struct key_facts *key, enum kc_status status,
			    struct kc_bytes *ret_result)
{
	CLEANUP(bytes_done) struct bytes result = BYTES_INIT(PLAN_INPUT_MAX);

	if (!plan->hides_refusal || !is_refusal(status))
		return status;
	error_clear();
	TRY(unpad_synthetic(bytes_view(&plan->input), key_facts_len(key), &result));
	*ret_result = bytes_take(&result);
	return KC_OK;
}
