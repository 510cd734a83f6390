/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Settings: defaults, limits at their border and one past, messages. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/try.h"
#include "daemon/config.h"
#include "harness/test.h"

TEST(defaults_have_no_infinite_deadline)
{
	struct config config;

	config_init(&config);
	CHECK(config.query_deadline_ms > 0 && config.card_deadline_ms > 0);
	CHECK(config.prompt_deadline_s > 0 && config.pin_absolute_s > 0);
	CHECK_INT(config.pin_idle_s, 600);
}

TEST(a_setting_changes_what_it_names_only)
{
	struct config config;

	config_init(&config);
	CHECK_OK(config_parse(view_of_text("{\"lease_ms\":0,\"pinentry\":\"/bin/p\"}"), &config));
	CHECK_INT(config.lease_ms, 0);
	CHECK_TEXT(config.pinentry, "/bin/p");
	CHECK_INT(config.card_deadline_ms, 30000);
}

TEST(keypads_can_be_left_alone)
{
	struct config config;

	config_init(&config);
	CHECK(config.use_keypads);
	CHECK_OK(config_parse(view_of_text("{\"use_keypads\":false}"), &config));
	CHECK(!config.use_keypads);
}

TEST(raw_access_is_everybodys_nobodys_or_of_some)
{
	struct config config;

	config_init(&config);
	CHECK_INT(config.raw_card_access, CONFIG_RAW_CARD_UNSANDBOXED);
	CHECK_OK(config_parse(view_of_text("{\"raw_card_access\":[\"/usr/bin/gpg\"]}"), &config));
	CHECK_INT(config.raw_card_access, CONFIG_RAW_CARD_PROGRAMS);
	CHECK_INT(config.n_raw_card_programs, 1);
	CHECK_TEXT(config.raw_card_programs[0], "/usr/bin/gpg");
	CHECK_OK(config_parse(view_of_text("{\"raw_card_access\":\"nobody\"}"), &config));
	CHECK_INT(config.raw_card_access, CONFIG_RAW_CARD_NOBODY);
	CHECK_INT(config.n_raw_card_programs, 0);
}

TEST(values_out_of_range_are_named)
{
	static const struct {
		const char *text;
		const char *message;
	} cases[] = {
		{"{\"card_deadline_ms\":9}", "\"card_deadline_ms\" must be a number from 10"},
		{"{\"card_deadline_ms\":600001}", "600000"},
		{"{\"card_deadline_ms\":\"30\"}", "must be a number"},
		{"{\"pin_idle_s\":-1}", "from 0 to 86400"},
		{"{\"prompt_deadline_s\":4294967297}", "from 1 to 3600"},
		{"{\"pin_cache\":\"for ever\"}", "\"pin_cache\" must be"},
		{"{\"prompt_quota\":0}", "from 1 to 1000"},
		{"{\"keychain_password_cost\":13}", "from 14 to 20"},
		{"{\"pin_cache\":5}", "\"pin_cache\" must be"},
		{"{\"pin_cache\":\"0s\"}", "\"pin_cache\" must be"},
		{"{\"pin_cache\":\"-1s\"}", "\"pin_cache\" must be"},
		{"{\"pin_cache\":\"15\"}", "\"pin_cache\" must be"},
		{"{\"pin_cache\":\"86401s\"}", "24 hours"},
		{"{\"pin_cache\":\"25h\"}", "24 hours"},
		{"{\"pin_cache\":\"99999999999999999999s\"}", "24 hours"},
		{"{\"pin_cache\":\"1000000000000000s\"}", "24 hours"},
		{"{\"pinentry\":\"pinentry\"}", "path of a program"},
		{"{\"pinentry\":3}", "path of a program"},
		{"{\"trust_store\":\"certs\"}",
		 "\"trust_store\" must be the path of a file or folder"},
		{"{\"providers\":\"pcsc\"}", "must be a list"},
		{"{\"providers\":[3]}", "must be a list"},
		{"{\"card_cache\":0}", "\"card_cache\" must be true or false"},
		{"{\"providers\":[\"usb\"]}", "no provider of slots"},
		{"{\"use_keypads\":1}", "\"use_keypads\" must be true or false"},
		{"{\"lock_keychain_with_screen\":\"no\"}",
		 "\"lock_keychain_with_screen\" must be true or false"},
		{"{\"raw_card_access\":\"everybody\"}", "\"unsandboxed\", \"nobody\" or a list"},
		{"{\"raw_card_access\":true}", "\"unsandboxed\", \"nobody\" or a list"},
		{"{\"raw_card_access\":[\"gpg\"]}", "paths of up to 8 programs"},
		{"{\"raw_card_access\":[3]}", "paths of up to 8 programs"},
		{"{\"raw_card_access\":[\"/a\",\"/a\",\"/a\",\"/a\",\"/a\",\"/a\",\"/a\",\"/a\",\"/"
		 "a\"]}",
		 "paths of up to 8 programs"},
		{"{\"card_session_idle_s\":0}", "from 1 to 3600"},
		{"{\"leese_ms\":3}", "no setting \"leese_ms\""},
		{"[]", ""},
		{"", ""},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct config config;

		config_init(&config);
		error_clear();
		CHECK_STATUS(config_parse(view_of_text(cases[i].text), &config), KC_ERR_DECODE);
		if (!strstr(error_get()->message, cases[i].message))
			test_fail(__FILE__, __LINE__, "case %zu says \"%s\"", i,
				  error_get()->message);
	}
}

TEST(the_policy_says_how_long_a_pin_is_kept)
{
	static const struct {
		const char *text;
		unsigned idle_s;
		unsigned absolute_s;
	} cases[] = {
		{"{}", 600, 28800},
		{"{\"pin_cache\":\"session\",\"pin_idle_s\":5,\"pin_absolute_s\":7}", 5, 7},
		{"{\"pin_cache\":\"per-use\",\"pin_idle_s\":5}", 0, 0},
		{"{\"pin_cache\":\"90s\"}", 90, 90},
		{"{\"pin_cache\":\"15min\"}", 900, 900},
		{"{\"pin_cache\":\"24h\"}", 86400, 86400},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct config config;

		config_init(&config);
		CHECK_OK(config_parse(view_of_text(cases[i].text), &config));
		CHECK_INT(config_pin_limits(&config).idle_s, cases[i].idle_s);
		CHECK_INT(config_pin_limits(&config).absolute_s, cases[i].absolute_s);
	}
}

TEST(providers_are_those_named_and_no_others)
{
	struct config config;

	config_init(&config);
	CHECK(config.has_embedded_slots && config.has_reader_slots);
	CHECK_OK(config_parse(view_of_text("{\"providers\":[\"pcsc\"]}"), &config));
	CHECK(!config.has_embedded_slots && config.has_reader_slots);
	CHECK_OK(config_choose_providers("embedded", &config));
	CHECK(config.has_embedded_slots && !config.has_reader_slots);
	CHECK_OK(config_choose_providers("embedded,pcsc", &config));
	CHECK(config.has_embedded_slots && config.has_reader_slots);
	CHECK_OK(config_parse(view_of_text("{\"providers\":[]}"), &config));
	CHECK(!config.has_embedded_slots && !config.has_reader_slots);
}

TEST(an_unknown_provider_is_named_and_changes_nothing)
{
	struct config config;

	config_init(&config);
	error_clear();
	CHECK_STATUS(config_choose_providers("pcsc,usb", &config), KC_ERR_PARAM);
	CHECK(strstr(error_get()->message, "\"usb\""));
	CHECK(config.has_embedded_slots);
	CHECK_STATUS(config_choose_providers("pcsc,,embedded", &config), KC_ERR_PARAM);
}

TEST(no_file_means_defaults_and_a_bad_one_is_named)
{
	struct config config;
	char path[512];
	FILE *file = NULL;

	setenv("KEYCASK_CONFIG_DIR", test_directory(), 1);
	CHECK_OK(config_load(&config));
	snprintf(path, sizeof(path), "%s/config.json", test_directory());
	file = fopen(path, "w");
	CHECK(file && fputs("{", file) >= 0 && fclose(file) == 0);
	error_clear();
	CHECK_STATUS(config_load(&config), KC_ERR_DECODE);
	CHECK(strstr(error_get()->hint, path));
}
