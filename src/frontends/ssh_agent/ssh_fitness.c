/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An identity is a name; the hash of its key tells which key it is about. One certificate that lets
 * a key be used is enough. That one has expired is of no interest: SSH looks at the key alone.
 */
#include "frontends/ssh_agent/ssh_fitness.h"

#include <stdlib.h>

#include <keycask/identity.h>
#include <keycask/names.h>

#include "base/cleanup.h"
#include "base/try.h"
#include "frontends/ssh_agent/ssh_items.h"

struct ssh_fitness {
	struct ssh_items identities;
	struct kc_dictionary *choice;
};

struct ssh_fitness *ssh_fitness_free(struct ssh_fitness *fitness)
{
	if (!fitness)
		return NULL;
	ssh_items_done(&fitness->identities);
	ignore(kc_dictionary_free(fitness->choice) != NULL);
	free(fitness);
	return NULL;
}

enum kc_status ssh_fitness_new(struct ssh_fitness **ret_fitness)
{
	struct ssh_fitness *fitness = calloc(1, sizeof(*fitness));
	enum kc_status status = KC_OK;

	REQUIRE(fitness, KC_ERR_ALLOCATE, "out of memory");
	status = ssh_items_find(KC_CLASS_IDENTITY, &fitness->identities);
	if (status == KC_OK && ssh_items_at(&fitness->identities, 0))
		status = kc_identity_choose_all(KC_PURPOSE_SSH, NULL, &fitness->choice);
	if (status != KC_OK) {
		ignore(ssh_fitness_free(fitness) != NULL);
		return status;
	}
	*ret_fitness = fitness;
	return KC_OK;
}

/* The place of @reference in the array @name of the choice; -1: it is not in it. */
static int place_in(const struct ssh_fitness *fitness, const char *name, struct kc_view reference,
		    const struct kc_dictionary **ret_entry)
{
	const struct kc_value *array = kc_dictionary_get(fitness->choice, name);

	for (size_t i = 0; i < kc_value_count(array); i++) {
		const struct kc_dictionary *entry = kc_value_dictionary(kc_value_at(array, i));

		if (!view_equal(kc_dictionary_data(entry, KC_CHOICE_IDENTITY), reference))
			continue;
		*ret_entry = entry;
		return (int)i;
	}
	return -1;
}

static bool is_barred(const struct kc_dictionary *entry)
{
	const struct kc_value *codes = kc_dictionary_get(entry, KC_CHOICE_CODES);

	for (size_t i = 0; i < kc_value_count(codes); i++) {
		const char *code = kc_value_text(kc_value_at(codes, i));

		if (code &&
		    (strcmp(code, "key_usage") == 0 || strcmp(code, "extended_key_usage") == 0))
			return true;
	}
	return false;
}

/* Of one identity, as ssh_fitness_place(). */
static int judge(const struct ssh_fitness *fitness, struct kc_view reference)
{
	const struct kc_dictionary *entry = NULL;
	int place = place_in(fitness, KC_CHOICE_IDENTITIES, reference, &entry);

	if (place >= 0)
		return place < SSH_FITNESS_UNKNOWN ? place : SSH_FITNESS_UNKNOWN;
	if (place_in(fitness, KC_CHOICE_LEFT_OUT, reference, &entry) >= 0 && is_barred(entry))
		return -1;
	return SSH_FITNESS_UNKNOWN;
}

int ssh_fitness_place(const struct ssh_fitness *fitness, struct kc_view hash)
{
	int best = SSH_FITNESS_UNKNOWN + 1;

	for (size_t i = 0; ssh_items_at(&fitness->identities, i); i++) {
		const struct kc_dictionary *identity = ssh_items_at(&fitness->identities, i);
		int place = 0;

		if (!view_equal(kc_dictionary_data(identity, KC_ATTR_APPLICATION_LABEL), hash))
			continue;
		place = judge(fitness, kc_dictionary_data(identity, KC_VALUE_PERSISTENT_REF));
		if (best == SSH_FITNESS_UNKNOWN + 1 || (place >= 0 && (best < 0 || place < best)))
			best = place;
	}
	return best == SSH_FITNESS_UNKNOWN + 1 ? SSH_FITNESS_UNKNOWN : best;
}
