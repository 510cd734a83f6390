/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Faults: the grammar, when each is due, and what it does to an answer. */
#include "base/try.h"
#include "harness/test.h"
#include "vcard/faults.h"

TEST(each_kind_is_read)
{
	struct faults faults = {0};

	CHECK_OK(faults_add(&faults, "remove@7"));
	CHECK_OK(faults_add(&faults, "mute@3"));
	CHECK_OK(faults_add(&faults, "sw@5:6F00"));
	CHECK_OK(faults_add(&faults, "slow@*:200"));
	CHECK_OK(faults_add(&faults, "truncate@4:3"));
	CHECK_OK(faults_add(&faults, "extend@4:16"));
	CHECK_OK(faults_add(&faults, "flip@4:13"));
	CHECK_INT(faults.n_faults, 7);
	CHECK_INT(faults.list[2].argument, 0x6F00);
	CHECK_INT(faults.list[3].at, 0);
}

TEST(wrong_faults_are_refused)
{
	static const char *const wrong[] = {
		"",	     "mute",	      "mute@",	   "mute@0",	    "mute@x",
		"mute@-1",   "mute@3:1",      "burn@3",	   "sw@5",	    "sw@5:",
		"sw@5:6F",   "sw@5:6F000",    "sw@5:6FXX", "slow@1",	    "slow@1:1 ",
		"slow@1:0x", "slow@1:600001", "flip@**:1", "extend@1:4097", "remove@99999999999",
		"@3",	     "sw@5:6F00:1",
	};
	struct faults faults = {0};

	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		error_clear();
		if (faults_add(&faults, wrong[i]) != KC_ERR_PARAM)
			test_fail(__FILE__, __LINE__, "\"%s\" was taken", wrong[i]);
	}
	CHECK_INT(faults.n_faults, 0);
}

TEST(there_is_an_end_to_faults)
{
	struct faults faults = {0};

	for (int i = 0; i < FAULTS_MAX; i++)
		CHECK_OK(faults_add(&faults, "mute@3"));
	CHECK_STATUS(faults_add(&faults, "mute@3"), KC_ERR_PARAM);
}

TEST(muteness_lasts_other_faults_do_not)
{
	struct faults faults = {0};

	CHECK_OK(faults_add(&faults, "mute@3"));
	CHECK_OK(faults_add(&faults, "remove@2"));
	CHECK_OK(faults_add(&faults, "slow@*:1"));
	CHECK(!faults_find(&faults, FAULT_MUTE, 2));
	CHECK(faults_find(&faults, FAULT_MUTE, 3));
	CHECK(faults_find(&faults, FAULT_MUTE, 9));
	CHECK(!faults_find(&faults, FAULT_REMOVE, 1));
	CHECK(faults_find(&faults, FAULT_REMOVE, 2));
	CHECK(!faults_find(&faults, FAULT_REMOVE, 3));
	CHECK(faults_find(&faults, FAULT_SLOW, 77));
	CHECK(!faults_find(&faults, FAULT_SW, 1));
}

static void check_spoilt(const char *fault, const char *expected)
{
	CLEANUP(bytes_done) struct bytes answer = BYTES_INIT(64);
	struct faults faults = {0};

	CHECK_OK(bytes_append(&answer, view_of("\x01\x02\x03\x90\x00", 5)));
	CHECK_OK(faults_add(&faults, fault));
	CHECK_OK(faults_spoil(&faults, 4, &answer));
	CHECK_HEX(bytes_view(&answer), expected);
}

TEST(answers_are_spoilt_as_ordered)
{
	check_spoilt("truncate@4:3", "010203");
	check_spoilt("truncate@4:0", "");
	check_spoilt("truncate@4:99", "0102039000");
	check_spoilt("truncate@5:3", "0102039000");
	check_spoilt("extend@4:2", "0102039000A5A5");
	check_spoilt("flip@4:0", "8102039000");
	check_spoilt("flip@*:15", "0103039000");
	check_spoilt("flip@4:40", "8102039000");
	check_spoilt("sw@4:6F00", "0102039000");
}
