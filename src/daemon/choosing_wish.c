/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What an identity is wished for, from the call's parameters. Names that nobody knows are refused
 * here, before any identity is looked at.
 */
#include "base/try.h"
#include "choice/host.h"
#include "daemon/choosing_impl.h"

enum {
	US_PER_S = 1000 * 1000,
	/* Each is held against each identity, and nobody else is served meanwhile. */
	NAMES_MAX = 256,
	ISSUERS_MAX = 4096, /* RFC 8446 4.2.4: 65535 bytes of them are the most */
};

static const char *text_at(struct json_object *list, size_t i)
{
	return json_object_get_string(json_object_array_get_idx(list, i));
}

static enum kc_status check_counts(struct json_object *parameters)
{
	static const struct {
		const char *name;
		size_t most;
	} lists[] = {{"key_types", NAMES_MAX}, {"algorithms", NAMES_MAX}, {"issuers", ISSUERS_MAX}};

	for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
		struct json_object *list = field_get(parameters, lists[i].name);

		REQUIRE(!list || json_object_array_length(list) <= lists[i].most, KC_ERR_PARAM,
			"more than %zu %s", lists[i].most, lists[i].name);
	}
	return KC_OK;
}

static enum kc_status read_limits(struct choosing *choosing, struct json_object *parameters)
{
	struct json_object *types = field_get(parameters, "key_types");
	struct json_object *algorithms = field_get(parameters, "algorithms");

	TRY(check_counts(parameters));
	for (size_t i = 0; types && i < json_object_array_length(types); i++)
		TRY(repertoire_check_key_type(text_at(types, i)));
	for (size_t i = 0; algorithms && i < json_object_array_length(algorithms); i++)
		TRY(repertoire_check_name(choosing->use, text_at(algorithms, i)));
	choosing->wish.key_types = types;
	choosing->algorithms = algorithms;
	choosing->wish.wants_algorithm = algorithms && json_object_array_length(algorithms) > 0;
	return KC_OK;
}

enum kc_status choosing_wish_read(struct choosing *choosing)
{
	struct json_object *parameters = wire_call_parameters(choosing->call);
	struct wish *wish = &choosing->wish;
	uint64_t now_us = 0;

	TRY(purpose_get(field_text(parameters, "purpose"), &wish->purpose));
	choosing->use = wish->purpose->decrypts ? REPERTOIRE_DECRYPT : REPERTOIRE_SIGN;
	wish->host = field_text(parameters, "host");
	REQUIRE(!wish->host || host_is_one(wish->host), KC_ERR_PARAM,
		"\"%.64s\" is neither a host's name nor its address", wish->host);
	REQUIRE(sd_event_now(choosing->daemon->event, CLOCK_REALTIME, &now_us) >= 0,
		KC_ERR_INTERNAL, "no clock");
	wish->now_us = (int64_t)now_us / US_PER_S * US_PER_S;
	choosing->explains = field_flag(parameters, "explain", false);
	return read_limits(choosing, parameters);
}
