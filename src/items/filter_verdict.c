/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * match_policy and match_trusted_only are the confined X.509 process's to judge, which cannot be
 * waited for here: what has not been judged is asked for, and the query is repeated with verdicts.
 */
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/try.h"
#include "codec/sha2.h"
#include "items/filter_impl.h"
#include "items/result_impl.h"

enum {
	ROUND_MAX = 128, /* certificates; the daemon asks for some hundred kilobytes at once */
};

bool filter_verdict_is_full(const struct engine_request *request)
{
	struct json_object *certificates = request->need.certificates;

	return certificates && json_object_array_length(certificates) >= ROUND_MAX;
}

static enum kc_status ask_for(struct engine_request *request, struct kc_view der)
{
	if (!request->need.certificates)
		request->need.certificates = json_object_new_array();
	REQUIRE(request->need.certificates, KC_ERR_ALLOCATE, "out of memory");
	return field_append_data(request->need.certificates, der);
}

static enum kc_status judge(struct engine_request *request, struct kc_view der, bool *ret_passes)
{
	CLEANUP(freep) char *name = sha2_name(der);
	struct json_object *verdict = NULL;

	REQUIRE(name, KC_ERR_ALLOCATE, "out of memory");
	verdict = field_get(request->proof.verdicts, name);
	*ret_passes = json_object_get_boolean(verdict) != 0;
	return verdict ? KC_OK : ask_for(request, der);
}

enum kc_status filter_verdict_item(const struct filter_work *work, struct engine_request *request,
				   const struct result_item *item, bool *ret_passes)
{
	CLEANUP(bytes_done) struct bytes der = BYTES_INIT(ROW_SECRET_MAX);

	*ret_passes = true;
	if (!work->filter->policy && !work->filter->is_trusted_only)
		return KC_OK;
	*ret_passes = false;
	if (!item->row->has_secret)
		return KC_OK;
	TRY(row_open_secret(work->engine, item->row, request->proof.application_key, &der));
	return judge(request, bytes_view(&der), ret_passes);
}
