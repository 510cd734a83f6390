/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is known of one slot. A missing one never changes again. */
#include <stdlib.h>
#include <string.h>

#include "base/try.h"
#include "client/slot_impl.h"
#include "codec/atr.h"
#include "codec/hex.h"

static enum kc_slot_state state_of(const char *name)
{
	static const char *const names[] = {
		[KC_SLOT_STATE_MISSING] = "missing",  [KC_SLOT_STATE_EMPTY] = "empty",
		[KC_SLOT_STATE_PROBING] = "probing",  [KC_SLOT_STATE_MUTE_CARD] = "mute",
		[KC_SLOT_STATE_VALID_CARD] = "valid",
	};

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (name && strcmp(name, names[i]) == 0)
			return (enum kc_slot_state)i;
	}
	return KC_SLOT_STATE_MISSING;
}

static struct kc_atr *atr_of(struct json_object *description)
{
	CLEANUP(bytes_done) struct bytes bytes = BYTES_INIT(ATR_BYTES_MAX);
	const char *text = field_text(description, "atr");
	struct kc_atr *atr = NULL;

	if (text && hex_decode(text, &bytes) == KC_OK)
		ignore(kc_atr_parse(bytes_view(&bytes), &atr));
	error_clear();
	return atr;
}

void slot_object_update(struct kc_slot *slot, struct json_object *description)
{
	if (slot->state == KC_SLOT_STATE_MISSING)
		return;
	slot->state = state_of(field_text(description, "state"));
	slot->atr = kc_atr_free(slot->atr);
	slot->atr = atr_of(description);
	slot->max_input = (size_t)field_number(description, "max_input_length", 0);
	slot->max_output = (size_t)field_number(description, "max_output_length", 0);
	slot->insertion = field_number(description, "insertion", 0);
}

void slot_object_miss(struct kc_slot *slot)
{
	slot->state = KC_SLOT_STATE_MISSING;
	slot->atr = kc_atr_free(slot->atr);
	slot->max_input = 0;
	slot->max_output = 0;
	slot->insertion = 0;
}

enum kc_status slot_object_new(struct json_object *description, struct kc_slot **ret_slot)
{
	const char *name = field_text(description, "name");
	struct kc_slot *slot = NULL;

	REQUIRE(name, KC_ERR_INTERNAL, "the daemon told of a slot without a name");
	slot = calloc(1, sizeof(*slot));
	REQUIRE(slot, KC_ERR_ALLOCATE, "out of memory");
	*slot = (struct kc_slot){
		.n_references = 1, .name = strdup(name), .state = KC_SLOT_STATE_EMPTY};
	if (!slot->name) {
		free(slot);
		return fail(KC_ERR_ALLOCATE, "out of memory");
	}
	slot_object_update(slot, description);
	*ret_slot = slot;
	return KC_OK;
}

struct kc_slot *slot_object_ref(struct kc_slot *slot)
{
	slot->n_references++;
	return slot;
}

struct kc_slot *kc_slot_free(struct kc_slot *slot)
{
	if (!slot || --slot->n_references > 0)
		return NULL;
	slot->atr = kc_atr_free(slot->atr);
	free(slot->name);
	free(slot);
	return NULL;
}

const char *kc_slot_name(const struct kc_slot *slot)
{
	return slot->name;
}

enum kc_slot_state kc_slot_state(const struct kc_slot *slot)
{
	return slot->state;
}

const struct kc_atr *kc_slot_atr(const struct kc_slot *slot)
{
	return slot->atr;
}

size_t kc_slot_max_input_length(const struct kc_slot *slot)
{
	return slot->max_input;
}

size_t kc_slot_max_output_length(const struct kc_slot *slot)
{
	return slot->max_output;
}
