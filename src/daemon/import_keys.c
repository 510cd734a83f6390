/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* To check an RSA key takes a tenth of a second, and a file may have dozens. */
#include "daemon/import_keys.h"

#include <stdlib.h>

#include "base/try.h"
#include "sys/worker.h"

enum {
	KEY_MAX = 64 * 1024, /* bytes of PKCS#8 */
};

/* The thread's alone, until it is done. */
struct work {
	struct import_keys *keys; /* looked at on the loop only */
	struct bytes *ders;
	struct private_key *read;
	size_t n;
};

struct import_keys {
	struct work *work;
	struct worker *worker;
	import_keys_fn on_read;
	void *userdata;
};

static void work_free(void *userdata)
{
	struct work *work = userdata;

	if (!work)
		return;
	for (size_t i = 0; i < work->n; i++) {
		bytes_done(&work->ders[i]);
		private_key_done(&work->read[i]);
	}
	free(work->ders);
	free(work->read);
	free(work);
}

static void work_freep(struct work **work)
{
	work_free(*work);
	*work = NULL;
}

/* In the thread. */
static enum kc_status run(void *userdata)
{
	struct work *work = userdata;

	for (size_t i = 0; i < work->n; i++) {
		enum kc_status status =
			private_key_import(bytes_view(&work->ders[i]), &work->read[i]);

		if (status != KC_OK && work->n > 1)
			error_set_hint("it is private key %zu of the %zu in the file", i + 1,
				       work->n);
		TRY(status);
	}
	return KC_OK;
}

static void on_done(void *userdata, enum kc_status status)
{
	CLEANUP(work_freep) struct work *work = userdata;
	struct import_keys *keys = work->keys;
	import_keys_fn on_read = keys->on_read;
	void *details = keys->userdata;

	free(keys);
	on_read(details, status, status == KC_OK ? work->read : NULL,
		status == KC_OK ? work->n : 0);
}

static enum kc_status make_work(struct json_object *contained, struct work **ret_work)
{
	CLEANUP(work_freep) struct work *work = calloc(1, sizeof(*work));
	size_t n = json_object_array_length(contained);

	REQUIRE(work, KC_ERR_ALLOCATE, "out of memory");
	work->ders = calloc(n + 1, sizeof(*work->ders)); /* of none as well */
	work->read = calloc(n + 1, sizeof(*work->read));
	REQUIRE(work->ders && work->read, KC_ERR_ALLOCATE, "out of memory");
	for (size_t i = 0; i < n; i++) {
		work->ders[work->n++] = BYTES_INIT(KEY_MAX);
		TRY(field_data(json_object_array_get_idx(contained, i), "data", &work->ders[i]));
	}
	*ret_work = take(work);
	return KC_OK;
}

enum kc_status import_keys_start(sd_event *event, struct json_object *contained,
				 import_keys_fn on_read, void *userdata,
				 struct import_keys **ret_keys)
{
	CLEANUP(work_freep) struct work *work = NULL;
	CLEANUP(freep) struct import_keys *keys = calloc(1, sizeof(*keys));

	REQUIRE(keys, KC_ERR_ALLOCATE, "out of memory");
	TRY(make_work(contained, &work));
	*keys = (struct import_keys){.work = work, .on_read = on_read, .userdata = userdata};
	work->keys = keys;
	TRY(worker_start(event, run, work, on_done, &keys->worker));
	take(work);
	*ret_keys = take(keys);
	return KC_OK;
}

void import_keys_abandon(struct import_keys *keys)
{
	if (!keys)
		return;
	worker_abandon(keys->worker, work_free);
	free(keys);
}
