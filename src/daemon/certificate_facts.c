/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A JSON object as a map, which keeps the order in which things came: the oldest goes first. */
#include "daemon/certificate_facts.h"

#include <stdlib.h>

#include "base/try.h"
#include "codec/sha2.h"

enum {
	FACTS_MAX = 1024,
};

struct certificate_facts {
	struct json_object *by_hash; /* {base64 SHA-256 of the DER: facts} */
};

enum kc_status certificate_facts_new(struct certificate_facts **ret_facts)
{
	CLEANUP(certificate_facts_freep)
	struct certificate_facts *facts = calloc(1, sizeof(*facts));

	REQUIRE(facts, KC_ERR_ALLOCATE, "out of memory");
	TRY(field_new_object(&facts->by_hash));
	*ret_facts = take(facts);
	return KC_OK;
}

struct certificate_facts *certificate_facts_free(struct certificate_facts *facts)
{
	if (!facts)
		return NULL;
	field_free(&facts->by_hash);
	free(facts);
	return NULL;
}

struct json_object *certificate_facts_find(const struct certificate_facts *facts,
					   struct kc_view der)
{
	CLEANUP(freep) char *name = sha2_name(der);

	return name ? json_object_get(field_get(facts->by_hash, name)) : NULL;
}

static void drop_oldest(struct certificate_facts *facts)
{
	struct json_object_iterator first = json_object_iter_begin(facts->by_hash);

	json_object_object_del(facts->by_hash, json_object_iter_peek_name(&first));
}

static void slim(struct json_object *inspected)
{
	static const char *const names[] = {"public_key",    "subject_raw",	 "issuer_raw",
					    "serial_number", "certificate_hash", "summary"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		json_object_object_del(inspected, names[i]);
}

enum kc_status certificate_facts_keep(struct certificate_facts *facts, struct kc_view der,
				      struct json_object *inspected)
{
	CLEANUP(freep) char *name = sha2_name(der);

	REQUIRE(name, KC_ERR_ALLOCATE, "out of memory");
	slim(inspected);
	if (json_object_object_length(facts->by_hash) >= FACTS_MAX)
		drop_oldest(facts);
	return field_put(facts->by_hash, name, json_object_get(inspected));
}

void certificate_facts_forget(struct certificate_facts *facts)
{
	while (json_object_object_length(facts->by_hash) > 0)
		drop_oldest(facts);
}
