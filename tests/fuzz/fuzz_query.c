/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A dictionary as any client may send it, over an engine with a few items. Either there are
 * items, or one of the documented statuses; never a failure of ours.
 */
#include <stdlib.h>

#include "base/error.h"
#include "items/engine.h"
#include "items/sample.h"
#include "wire/message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
	if (!condition)
		abort();
}

static struct engine *new_engine(void)
{
	CLEANUP(sample_done) struct sample sample = {.n = 0};
	struct engine *engine = NULL;

	sample_add_certificate(&sample, "c-auth", "ca", "\x01", "auth");
	sample_add_certificate(&sample, "c-sign", "ca", "\x02", "sign");
	sample_add_key(&sample, "k-auth", "auth", "pin");
	sample_add_key(&sample, "k-sign", "sign", "none");
	require(engine_new(&sample_settings, &engine) == KC_OK);
	require(engine_publish(engine, "org.keycask.test:A", sample.items, sample.n) == KC_OK);
	return engine;
}

static bool is_documented(enum kc_status status)
{
	return status == KC_ERR_ITEM_NOT_FOUND || status == KC_ERR_NO_SUCH_ATTR ||
	       status == KC_ERR_NO_SUCH_CLASS || status == KC_ERR_PARAM ||
	       status == KC_ERR_UNIMPLEMENTED;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct engine *engine;
	CLEANUP(field_free) struct json_object *query = NULL;
	CLEANUP(field_free) struct json_object *items = NULL;
	enum kc_status status = KC_OK;

	if (!engine)
		engine = new_engine();
	error_clear();
	if (message_parse(view_of(data, size), &query) != KC_OK)
		return 0;
	error_clear();
	status = engine_copy_matching(engine, &sample_request, query, &items);
	if (status == KC_OK)
		require(json_object_array_length(items) > 0);
	else
		require(is_documented(status) && error_get()->status == status);
	return 0;
}
