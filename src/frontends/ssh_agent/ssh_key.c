/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Keys that are held: the last holder of one that ssh-add brought has the daemon forget it. */
#include "frontends/ssh_agent/ssh_key.h"

#include <stdlib.h>

#include "base/try.h"
#include "sys/worker.h"

enum kc_status ssh_key_new(struct kc_key *key, sd_event *event, struct ssh_key **ret_key)
{
	struct ssh_key *held = calloc(1, sizeof(*held));

	if (!held)
		ignore(kc_key_free(key) != NULL);
	REQUIRE(held, KC_ERR_ALLOCATE, "out of memory");
	*held = (struct ssh_key){.n_holders = 1, .key = key, .event = event};
	*ret_key = held;
	return KC_OK;
}

struct ssh_key *ssh_key_hold(struct ssh_key *key)
{
	key->n_holders++;
	return key;
}

/* In a thread: the connection may be waiting for a person who is asked about another key. That the
 * key has ended with its daemon is as good. */
static enum kc_status run_forget(void *work)
{
	return kc_key_forget(work);
}

static void on_forgotten(void *work, enum kc_status status)
{
	(void)status;
	error_clear();
	ignore(kc_key_free(work) != NULL);
}

struct ssh_key *ssh_key_free(struct ssh_key *key)
{
	struct worker *worker = NULL;

	if (!key || --key->n_holders > 0)
		return NULL;
	if (!key->event ||
	    worker_start(key->event, run_forget, key->key, on_forgotten, &worker) != KC_OK)
		ignore(kc_key_free(key->key) != NULL);
	free(key);
	return NULL;
}
