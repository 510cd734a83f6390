/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* keycask/atr.h over codec/atr.h, which does the reading. */
#include <keycask/atr.h>

#include <stdlib.h>

#include "base/try.h"
#include "codec/atr.h"

struct kc_atr {
	struct atr atr;
	struct kc_atr_interface_group groups[ATR_GROUPS_MAX];
	struct kc_tlv records[ATR_RECORDS_MAX];
	size_t n_records;
	bool has_records;
};

/* The same things under public names. */
static void fill(struct kc_atr *atr)
{
	struct tlv records[ATR_RECORDS_MAX];

	for (size_t i = 0; i < atr->atr.n_groups; i++) {
		const struct atr_group *group = &atr->atr.groups[i];

		atr->groups[i] = (struct kc_atr_interface_group){group->ta, group->tb, group->tc,
								 group->protocol};
	}
	atr->has_records = atr_records(&atr->atr, records, &atr->n_records);
	for (size_t i = 0; atr->has_records && i < atr->n_records; i++)
		atr->records[i] =
			(struct kc_tlv){records[i].tag, records[i].value, records[i].record};
}

struct source {
	kc_atr_source_fn next;
	void *context;
};

static enum kc_status next_byte(void *context, uint8_t *ret_byte)
{
	const struct source *source = context;
	int byte = source->next(source->context);

	REQUIRE(byte >= 0 && byte <= 0xff, KC_ERR_CORRUPTED_DATA, "the ATR ends too early");
	*ret_byte = (uint8_t)byte;
	return KC_OK;
}

enum kc_status kc_atr_parse_source(kc_atr_source_fn next, void *context, struct kc_atr **ret_atr)
{
	CLEANUP(freep) struct kc_atr *atr = calloc(1, sizeof(*atr));
	struct source source = {next, context};

	error_clear();
	REQUIRE(atr, KC_ERR_ALLOCATE, "out of memory");
	if (atr_pull(next_byte, &source, &atr->atr) != KC_OK)
		return error_remap(KC_ERR_DECODE);
	fill(atr);
	*ret_atr = take(atr);
	return KC_OK;
}

enum kc_status kc_atr_parse(struct kc_view bytes, struct kc_atr **ret_atr)
{
	CLEANUP(freep) struct kc_atr *atr = calloc(1, sizeof(*atr));

	error_clear();
	REQUIRE(atr, KC_ERR_ALLOCATE, "out of memory");
	if (atr_parse(bytes, &atr->atr) != KC_OK)
		return error_remap(KC_ERR_DECODE);
	fill(atr);
	*ret_atr = take(atr);
	return KC_OK;
}

struct kc_atr *kc_atr_free(struct kc_atr *atr)
{
	free(atr);
	return NULL;
}

struct kc_view kc_atr_bytes(const struct kc_atr *atr)
{
	return view_of(atr->atr.bytes, atr->atr.len);
}

size_t kc_atr_protocol_count(const struct kc_atr *atr)
{
	return atr->atr.n_protocols;
}

int kc_atr_protocol_at(const struct kc_atr *atr, size_t i)
{
	return i < atr->atr.n_protocols ? atr->atr.protocols[i] : KC_ATR_ABSENT;
}

const struct kc_atr_interface_group *kc_atr_interface_group_at(const struct kc_atr *atr,
							       size_t index)
{
	return index >= 1 && index <= atr->atr.n_groups ? &atr->groups[index - 1] : NULL;
}

const struct kc_atr_interface_group *kc_atr_interface_group_for(const struct kc_atr *atr,
								int protocol)
{
	for (size_t i = 0; protocol >= 0 && i < atr->atr.n_groups; i++) {
		if (atr->groups[i].protocol == protocol)
			return &atr->groups[i];
	}
	return NULL;
}

struct kc_view kc_atr_historical_bytes(const struct kc_atr *atr)
{
	return atr_historical(&atr->atr);
}

const struct kc_tlv *kc_atr_historical_records(const struct kc_atr *atr, size_t *ret_n)
{
	*ret_n = atr->has_records ? atr->n_records : 0;
	return atr->has_records ? atr->records : NULL;
}

bool kc_atr_can_chain(const struct kc_atr *atr)
{
	return atr_can_chain(&atr->atr);
}

bool kc_atr_can_extend(const struct kc_atr *atr)
{
	return atr_can_extend(&atr->atr);
}
