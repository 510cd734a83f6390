/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading config.json. */
#include "daemon/config.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/try.h"
#include "store/keybag.h"
#include "sys/file.h"
#include "sys/paths.h"
#include "wire/message.h"

enum {
	CONFIG_BYTES_MAX = 64 * 1024,
	MINUTE_S = 60,
	HOUR_S = 3600,
	PIN_TIME_MAX_S = 24 * HOUR_S,
};

/* The numbers that may be set, with their limits. None may be infinite. */
static const struct {
	const char *key;
	size_t offset;
	int64_t least;
	int64_t most;
} numbers[] = {
	{"query_deadline_ms", offsetof(struct config, query_deadline_ms), 10, 600 * 1000},
	{"card_deadline_ms", offsetof(struct config, card_deadline_ms), 10, 600 * 1000},
	{"import_deadline_ms", offsetof(struct config, import_deadline_ms), 10, 600 * 1000},
	{"generation_deadline_ms", offsetof(struct config, generation_deadline_ms), 10,
	 HOUR_S * 1000},
	{"prompt_deadline_s", offsetof(struct config, prompt_deadline_s), 1, HOUR_S},
	{"prompt_quota", offsetof(struct config, prompt_quota), 1, 1000},
	{"keychain_password_cost", offsetof(struct config, keychain_password_cost), 14,
	 KEYBAG_COST_MAX},
	{"lease_ms", offsetof(struct config, lease_ms), 0, 600 * 1000},
	{"details_after_ms", offsetof(struct config, details_after_ms), 0, HOUR_S * 1000},
	{"card_session_idle_s", offsetof(struct config, card_session_idle_s), 1, HOUR_S},
	{"card_session_absolute_s", offsetof(struct config, card_session_absolute_s), 1, HOUR_S},
	{"pin_idle_s", offsetof(struct config, pin_idle_s), 0, 24 * HOUR_S},
	{"pin_absolute_s", offsetof(struct config, pin_absolute_s), 1, 24 * HOUR_S},
};

void config_init(struct config *ret_config)
{
	*ret_config = (struct config){
		.has_embedded_slots = true,
		.has_reader_slots = true,
		.has_card_cache = true,
		.use_keypads = true,
		.lock_keychain_with_screen = true,
		.query_deadline_ms = 5000,
		.card_deadline_ms = 30000,
		.import_deadline_ms = 20000,
		.generation_deadline_ms = 180000,
		.prompt_deadline_s = 120,
		.prompt_quota = 20,
		.keychain_password_cost = 17,
		.lease_ms = 3000,
		.details_after_ms = 500,
		.card_session_idle_s = 60,
		.card_session_absolute_s = 600,
		.pin_cache = "session",
		.pin_idle_s = 600,
		.pin_absolute_s = 8 * HOUR_S,
		.pinentry = "/usr/bin/pinentry",
	};
}

static enum kc_status set_number(struct config *config, size_t i, struct json_object *value)
{
	int64_t number = json_object_get_int64(value);
	unsigned stored = (unsigned)number;

	REQUIRE(json_object_is_type(value, json_type_int) && number >= numbers[i].least &&
			number <= numbers[i].most,
		KC_ERR_DECODE, "\"%s\" must be a number from %lld to %lld", numbers[i].key,
		(long long)numbers[i].least, (long long)numbers[i].most);
	memcpy((char *)config + numbers[i].offset, &stored, sizeof(stored));
	return KC_OK;
}

static enum kc_status set_path(const char *key, const char *what, struct json_object *value,
			       char ret_path[CONFIG_PATH_MAX])
{
	const char *path = json_object_get_string(value);

	REQUIRE(json_object_is_type(value, json_type_string) && path[0] == '/' &&
			strlen(path) < CONFIG_PATH_MAX,
		KC_ERR_DECODE, "\"%s\" must be the path of a %s", key, what);
	memcpy(ret_path, path, strlen(path) + 1);
	return KC_OK;
}

static enum kc_status add_raw_card_program(struct config *config, struct json_object *value)
{
	const char *path = json_object_get_string(value);

	REQUIRE(json_object_is_type(value, json_type_string) && path[0] == '/' &&
			strlen(path) < CONFIG_PROGRAM_MAX &&
			config->n_raw_card_programs < CONFIG_RAW_CARD_PROGRAMS_MAX,
		KC_ERR_DECODE, "\"raw_card_access\" lists the paths of up to %d programs",
		CONFIG_RAW_CARD_PROGRAMS_MAX);
	memcpy(config->raw_card_programs[config->n_raw_card_programs++], path, strlen(path) + 1);
	return KC_OK;
}

static enum kc_status set_raw_card_access(struct config *config, struct json_object *value)
{
	const char *name = json_object_get_string(value);

	config->n_raw_card_programs = 0;
	config->raw_card_access = CONFIG_RAW_CARD_PROGRAMS;
	if (json_object_is_type(value, json_type_string)) {
		REQUIRE(strcmp(name, "unsandboxed") == 0 || strcmp(name, "nobody") == 0,
			KC_ERR_DECODE,
			"\"raw_card_access\" must be \"unsandboxed\", \"nobody\" or a list of "
			"programs");
		config->raw_card_access = strcmp(name, "nobody") == 0 ? CONFIG_RAW_CARD_NOBODY
								      : CONFIG_RAW_CARD_UNSANDBOXED;
		return KC_OK;
	}
	REQUIRE(json_object_is_type(value, json_type_array), KC_ERR_DECODE,
		"\"raw_card_access\" must be \"unsandboxed\", \"nobody\" or a list of programs");
	for (size_t i = 0; i < json_object_array_length(value); i++)
		TRY(add_raw_card_program(config, json_object_array_get_idx(value, i)));
	return KC_OK;
}

/* "90s", "15min" or "8h" in seconds; 0 when it is no such time. */
static unsigned seconds_of(const char *text)
{
	char *unit = NULL;
	unsigned long number = strtoul(text, &unit, 10);
	unsigned long scale = 0;

	if (text[0] < '1' || text[0] > '9' || number > PIN_TIME_MAX_S)
		return 0;
	if (strcmp(unit, "s") == 0)
		scale = 1;
	else if (strcmp(unit, "min") == 0)
		scale = MINUTE_S;
	else if (strcmp(unit, "h") == 0)
		scale = HOUR_S;
	return number * scale <= PIN_TIME_MAX_S ? (unsigned)(number * scale) : 0;
}

struct config_pin_limits config_pin_limits(const struct config *config)
{
	unsigned fixed_s = seconds_of(config->pin_cache);

	if (fixed_s > 0)
		return (struct config_pin_limits){fixed_s, fixed_s};
	if (strcmp(config->pin_cache, "per-use") == 0)
		return (struct config_pin_limits){0, 0};
	return (struct config_pin_limits){config->pin_idle_s, config->pin_absolute_s};
}

static enum kc_status set_pin_cache(struct config *config, struct json_object *value)
{
	const char *text = json_object_get_string(value);

	REQUIRE(json_object_is_type(value, json_type_string) &&
			strlen(text) < sizeof(config->pin_cache) &&
			(strcmp(text, "per-use") == 0 || strcmp(text, "session") == 0 ||
			 seconds_of(text) > 0),
		KC_ERR_DECODE,
		"\"pin_cache\" must be \"per-use\", \"session\" or a time up to 24 hours, such as "
		"\"15min\"");
	memcpy(config->pin_cache, text, strlen(text) + 1);
	return KC_OK;
}

static enum kc_status add_provider(struct config *config, const char *name, size_t len)
{
	if (len == strlen("embedded") && memcmp(name, "embedded", len) == 0)
		config->has_embedded_slots = true;
	else if (len == strlen("pcsc") && memcmp(name, "pcsc", len) == 0)
		config->has_reader_slots = true;
	else
		return fail(KC_ERR_PARAM, "\"%.*s\" is no provider of slots: embedded, pcsc",
			    len < 40 ? (int)len : 40, name);
	return KC_OK;
}

enum kc_status config_choose_providers(const char *names, struct config *config)
{
	struct config chosen = *config;

	chosen.has_embedded_slots = false;
	chosen.has_reader_slots = false;
	while (*names) {
		size_t len = strcspn(names, ",");

		TRY(add_provider(&chosen, names, len));
		names += len + (names[len] == ',');
	}
	*config = chosen;
	return KC_OK;
}

static enum kc_status set_providers(struct config *config, struct json_object *value)
{
	REQUIRE(json_object_is_type(value, json_type_array), KC_ERR_DECODE,
		"\"providers\" must be a list of \"embedded\" and \"pcsc\"");
	config->has_embedded_slots = false;
	config->has_reader_slots = false;
	for (size_t i = 0; i < json_object_array_length(value); i++) {
		struct json_object *name = json_object_array_get_idx(value, i);
		const char *text = json_object_get_string(name);

		REQUIRE(json_object_is_type(name, json_type_string) &&
				add_provider(config, text, strlen(text)) == KC_OK,
			KC_ERR_DECODE, "\"providers\" must be a list of \"embedded\" and \"pcsc\"");
	}
	return KC_OK;
}

static enum kc_status set_flag(const char *key, struct json_object *value, bool *ret_flag)
{
	REQUIRE(json_object_is_type(value, json_type_boolean), KC_ERR_DECODE,
		"\"%s\" must be true or false", key);
	*ret_flag = json_object_get_boolean(value);
	return KC_OK;
}

static enum kc_status set_value(struct config *config, const char *key, struct json_object *value)
{
	for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
		if (strcmp(key, numbers[i].key) == 0)
			return set_number(config, i, value);
	}
	if (strcmp(key, "pinentry") == 0)
		return set_path(key, "program", value, config->pinentry);
	if (strcmp(key, "trust_store") == 0)
		return set_path(key, "file or folder", value, config->trust_store);
	if (strcmp(key, "pin_cache") == 0)
		return set_pin_cache(config, value);
	if (strcmp(key, "raw_card_access") == 0)
		return set_raw_card_access(config, value);
	if (strcmp(key, "providers") == 0)
		return set_providers(config, value);
	if (strcmp(key, "use_keypads") == 0)
		return set_flag(key, value, &config->use_keypads);
	if (strcmp(key, "lock_keychain_with_screen") == 0)
		return set_flag(key, value, &config->lock_keychain_with_screen);
	if (strcmp(key, "card_cache") == 0)
		return set_flag(key, value, &config->has_card_cache);
	return fail(KC_ERR_DECODE, "there is no setting \"%.40s\"", key);
}

enum kc_status config_parse(struct kc_view text, struct config *config)
{
	CLEANUP(field_free) struct json_object *object = NULL;

	TRY(message_parse(text, &object));
	json_object_object_foreach(object, key, value) TRY(set_value(config, key, value));
	return KC_OK;
}

enum kc_status config_load(struct config *ret_config)
{
	CLEANUP(bytes_done) struct bytes text = BYTES_INIT(CONFIG_BYTES_MAX);
	char path[PATHS_MAX];
	enum kc_status status = KC_OK;

	config_init(ret_config);
	TRY(paths_config("config.json", path, sizeof(path)));
	status = file_read(path, &text);
	if (status == KC_ERR_ITEM_NOT_FOUND) {
		error_clear();
		return KC_OK;
	}
	TRY(status);
	error_set_hint("correct %s", path);
	TRY(config_parse(bytes_view(&text), ret_config));
	error_clear(); /* the hint is for no other failure */
	return KC_OK;
}
