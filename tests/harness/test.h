/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef HARNESS_TEST_H
#define HARNESS_TEST_H

/*
 * The test runner: each TEST() runs in a forked process of its own with a time limit, its open
 * descriptors are counted before and after, and the result is TAP on standard output. Link with
 * the harness library; it brings main(). Run one test: ./test_x name.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <keycask/bytes.h>
#include <keycask/status.h>

struct test_case {
	const char *name;
	const char *file;
	void (*run)(void);
	struct test_case *next;
};

void test_register(struct test_case *test);

/* End this test as failed. The expression macros below call it; use it for what they cannot say. */
_Noreturn void test_fail(const char *file, int line, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#define TEST(name_)                                                                                \
	static void test_##name_(void);                                                            \
	static struct test_case case_##name_ = {#name_, __FILE__, test_##name_, NULL};             \
	__attribute__((constructor)) static void register_##name_(void)                            \
	{                                                                                          \
		test_register(&case_##name_);                                                      \
	}                                                                                          \
	static void test_##name_(void)

#define CHECK(condition)                                                                           \
	do {                                                                                       \
		if (!(condition))                                                                  \
			test_fail(__FILE__, __LINE__, "%s", #condition);                           \
	} while (0)

/* The call's status is the expected one. */
#define CHECK_STATUS(call, expected)                                                               \
	test_check_status(__FILE__, __LINE__, #call, (call), (expected))
#define CHECK_OK(call) CHECK_STATUS(call, KC_OK)

#define CHECK_INT(actual, expected)                                                                \
	test_check_int(__FILE__, __LINE__, #actual, (long long)(actual), (long long)(expected))
#define CHECK_TEXT(actual, expected)                                                               \
	test_check_text(__FILE__, __LINE__, #actual, (actual), (expected))
/* @actual is a struct kc_view, @hex its expected content in hexadecimal. */
#define CHECK_HEX(actual, hex) test_check_hex(__FILE__, __LINE__, #actual, (actual), (hex))

void test_check_status(const char *file, int line, const char *what, enum kc_status actual,
		       enum kc_status expected);
void test_check_int(const char *file, int line, const char *what, long long actual,
		    long long expected);
void test_check_text(const char *file, int line, const char *what, const char *actual,
		     const char *expected);
void test_check_hex(const char *file, int line, const char *what, struct kc_view actual,
		    const char *hex);

/* A directory of this test's own, removed after it; the same one on each call. */
const char *test_directory(void);
/* A file, or a folder and all that is in it; there may be none. */
void test_remove(const char *path);

/* The content of a file below the source tree's tests/ folder; fails the test when unreadable. */
struct kc_bytes test_read_data(const char *path);

#endif
