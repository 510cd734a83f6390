/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The slots of the daemon and news of them, over a connection of its own. A slot that is missing
 * leaves the manager; the application may keep its object, which never comes back to life.
 */
#include <stdlib.h>
#include <string.h>

#include "base/try.h"
#include "client/line.h"
#include "client/slot_impl.h"

enum {
	SLOTS_MAX = 256,
};

struct kc_slot_manager {
	struct wire_client *client;
	struct kc_slot *slots[SLOTS_MAX];
	size_t n_slots;
};

struct kc_slot_manager *kc_slot_manager_free(struct kc_slot_manager *manager)
{
	if (!manager)
		return NULL;
	manager->client = wire_client_free(manager->client);
	for (size_t i = 0; i < manager->n_slots; i++)
		ignore(kc_slot_free(manager->slots[i]) != NULL);
	free(manager);
	return NULL;
}

static void manager_freep(struct kc_slot_manager **manager)
{
	*manager = kc_slot_manager_free(*manager);
}

static struct kc_slot *find(const struct kc_slot_manager *manager, const char *name)
{
	for (size_t i = 0; i < manager->n_slots; i++) {
		if (name && strcmp(manager->slots[i]->name, name) == 0)
			return manager->slots[i];
	}
	return NULL;
}

static void forget(struct kc_slot_manager *manager, struct kc_slot *slot)
{
	size_t i = 0;

	while (manager->slots[i] != slot)
		i++;
	manager->n_slots--;
	for (; i < manager->n_slots; i++)
		manager->slots[i] = manager->slots[i + 1];
	ignore(kc_slot_free(slot) != NULL);
}

static enum kc_status add(struct kc_slot_manager *manager, struct json_object *description,
			  struct kc_slot **ret_slot)
{
	REQUIRE(manager->n_slots < SLOTS_MAX, KC_ERR_INTERNAL, "more than %d slots", SLOTS_MAX);
	TRY(slot_object_new(description, &manager->slots[manager->n_slots]));
	*ret_slot = manager->slots[manager->n_slots++];
	return KC_OK;
}

/* *ret_slot is the caller's. */
static enum kc_status note(struct kc_slot_manager *manager, struct json_object *description,
			   struct kc_slot **ret_slot)
{
	struct kc_slot *slot = find(manager, field_text(description, "name"));

	if (slot)
		slot_object_update(slot, description);
	else
		TRY(add(manager, description, &slot));
	*ret_slot = slot_object_ref(slot);
	if (slot->state == KC_SLOT_STATE_MISSING)
		forget(manager, slot);
	return KC_OK;
}

static void lose_daemon(struct kc_slot_manager *manager)
{
	manager->client = wire_client_free(manager->client);
	while (manager->n_slots > 0) {
		slot_object_miss(manager->slots[0]);
		forget(manager, manager->slots[0]);
	}
}

enum kc_status kc_slot_manager_next(struct kc_slot_manager *manager, int timeout_ms,
				    struct kc_slot **ret_slot)
{
	CLEANUP(field_free) struct json_object *event = NULL;
	bool continues = false;
	enum kc_status status = KC_OK;

	error_clear();
	REQUIRE(manager->client, KC_ERR_NOT_AVAILABLE, "the daemon has left");
	status = wire_client_next(manager->client, timeout_ms, &event, &continues);
	if (status == KC_ERR_COMMUNICATION) {
		error_clear();
		*ret_slot = NULL;
		return KC_OK;
	}
	if (status != KC_OK) {
		lose_daemon(manager);
		return status;
	}
	return note(manager, field_get(event, "slot"), ret_slot);
}

static bool knows_all(const struct kc_slot_manager *manager, struct json_object *slots)
{
	for (size_t i = 0; slots && i < json_object_array_length(slots); i++) {
		if (!find(manager, field_text(json_object_array_get_idx(slots, i), "name")))
			return false;
	}
	return true;
}

/* The stream begins with the slots that are there; the list says which these are. */
static enum kc_status read_present(struct kc_slot_manager *manager)
{
	CLEANUP(field_free) struct json_object *answer = NULL;
	struct line_call call = {.method = "org.keycask.Slots.List",
				 .descriptor = -1,
				 .timeout_ms = LINE_QUERY_MS,
				 .is_repeatable = true};

	TRY(line_call(&call, &answer));
	while (!knows_all(manager, field_get(answer, "slots"))) {
		struct kc_slot *slot = NULL;

		TRY(kc_slot_manager_next(manager, LINE_QUERY_MS, &slot));
		REQUIRE(slot, KC_ERR_NOT_AVAILABLE, "the daemon does not tell of its slots");
		ignore(kc_slot_free(slot) != NULL);
	}
	return KC_OK;
}

enum kc_status kc_slot_manager_new(struct kc_slot_manager **ret_manager)
{
	CLEANUP(manager_freep) struct kc_slot_manager *manager = calloc(1, sizeof(*manager));

	error_clear();
	REQUIRE(manager, KC_ERR_ALLOCATE, "out of memory");
	TRY(line_open(true, &manager->client));
	TRY(wire_client_start(manager->client, "org.keycask.Slots.Watch", NULL));
	TRY(read_present(manager));
	*ret_manager = take(manager);
	return KC_OK;
}

size_t kc_slot_manager_count(const struct kc_slot_manager *manager)
{
	return manager->n_slots;
}

const char *kc_slot_manager_name_at(const struct kc_slot_manager *manager, size_t i)
{
	return i < manager->n_slots ? manager->slots[i]->name : NULL;
}

enum kc_status kc_slot_manager_slot_named(struct kc_slot_manager *manager, const char *name,
					  struct kc_slot **ret_slot)
{
	struct kc_slot *slot = find(manager, name);

	error_clear();
	REQUIRE(slot, KC_ERR_ITEM_NOT_FOUND, "there is no slot %.100s", name ? name : "");
	*ret_slot = slot_object_ref(slot);
	return KC_OK;
}

int kc_slot_manager_fd(const struct kc_slot_manager *manager)
{
	return manager->client ? wire_client_fd(manager->client) : -1;
}
