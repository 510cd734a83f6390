/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The catalogue, include/keycask/names.h and docs/vocabulary.md say the same: each algorithm has
 * its constant and its row, and there are no others. Apple's name of one is ours in Apple's
 * spelling.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/try.h"
#include "harness/test.h"
#include "keys/algorithms_impl.h"

enum {
	FILE_MAX = 256 * 1024,
	NAME_MAX_BYTES = 128,
};

static const char constant[] = "KC_ALGORITHM_";
static const char apple[] = "kSecKeyAlgorithm";

static void file_done(FILE **file)
{
	if (*file)
		CHECK_INT(fclose(*file), 0);
}

/* A file of the source tree, to be freed. */
static char *read_source(const char *name)
{
	const char *tests = secure_getenv("KEYCASK_TESTS");
	char path[4096];
	char *text = calloc(1, FILE_MAX);
	CLEANUP(file_done) FILE *file = NULL;

	CHECK(tests && text);
	(void)snprintf(path, sizeof(path), "%s/../%s", tests, name);
	file = fopen(path, "re");
	CHECK(file);
	CHECK(fread(text, 1, FILE_MAX - 1, file) < FILE_MAX - 1);
	return text;
}

/* Copy from @text while @accepts, in lower case. */
static void copy_name(const char *text, int (*accepts)(int), char ret_name[NAME_MAX_BYTES])
{
	size_t len = 0;

	for (; len + 1 < NAME_MAX_BYTES && (text[len] == '_' || accepts(text[len])); len++)
		ret_name[len] = (char)tolower(text[len]);
	ret_name[len] = '\0';
}

/* #define KC_ALGORITHM_X "x", where the text may stand in the next line. */
TEST(each_has_its_constant)
{
	CLEANUP(freep) char *header = read_source("include/keycask/names.h");
	size_t n = 0;

	for (const char *at = strstr(header, constant); at; at = strstr(at + 1, constant)) {
		char name[NAME_MAX_BYTES];
		char value[NAME_MAX_BYTES];
		const char *quote = strchr(at, '"');

		copy_name(at + strlen(constant), isalnum, name);
		CHECK(quote);
		copy_name(quote + 1, isalnum, value);
		CHECK_TEXT(value, name);
		if (!algorithms_find(name))
			printf("# %s is no algorithm\n", name);
		CHECK(algorithms_find(name));
		n++;
	}
	CHECK_INT(n, algorithms_count());
}

/* rsa_encryption_pkcs1 and RSAEncryptionPKCS1. */
static bool is_same_name(const char *ours, const char *theirs)
{
	for (; *ours; ours++) {
		if (*ours == '_')
			continue;
		if (tolower(*theirs++) != *ours)
			return false;
	}
	return *theirs == '\0';
}

/* Apple names the curve and the hash of these. */
static const char *expected_apple(const char *name)
{
	if (strcmp(name, "eddsa_signature_message_ed25519") == 0)
		return "eddsa_signature_message_curve25519_sha512";
	if (strcmp(name, "eddsa_signature_message_ed448") == 0)
		return "eddsa_signature_message_curve448_shake256";
	return name;
}

/* A row: | `ours` | `kSecKeyAlgorithmTheirs` | */
TEST(each_has_its_row)
{
	CLEANUP(freep) char *text = read_source("docs/vocabulary.md");
	size_t n = 0;

	for (const char *at = strstr(text, apple); at; at = strstr(at + 1, apple)) {
		char theirs[NAME_MAX_BYTES];
		char ours[NAME_MAX_BYTES];
		const char *row = at;

		while (row > text && row[-1] != '\n')
			row--;
		CHECK(strncmp(row, "| `", 3) == 0);
		copy_name(row + 3, isalnum, ours);
		copy_name(at + strlen(apple), isalnum, theirs);
		CHECK(algorithms_find(ours));
		if (!is_same_name(expected_apple(ours), theirs))
			printf("# %s is not %s\n", ours, theirs);
		CHECK(is_same_name(expected_apple(ours), theirs));
		n++;
	}
	CHECK_INT(n, algorithms_count());
}
