/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Parsing and applying faults; pulling, muteness and delay are carried out by link.c. */
#include "vcard/faults.h"

#include <stdlib.h>

#include "base/try.h"

enum {
	JUNK_BYTE = 0xA5,
	SLOW_MS_MAX = 600000,
	NUMBER_MAX = 1000000000,
};

/* base 0: the kind takes no argument. */
static const struct {
	const char *name;
	enum fault_kind kind;
	int base;
	unsigned max;
} kinds[] = {
	{"remove", FAULT_REMOVE, 0, 0},
	{"mute", FAULT_MUTE, 0, 0},
	{"sw", FAULT_SW, 16, 0xFFFF},
	{"slow", FAULT_SLOW, 10, SLOW_MS_MAX},
	{"truncate", FAULT_TRUNCATE, 10, 65535},
	{"extend", FAULT_EXTEND, 10, FAULTS_EXTEND_MAX},
	{"flip", FAULT_FLIP, 10, NUMBER_MAX},
};

static bool parse_number(const char *text, int base, unsigned long max, unsigned long *ret_number)
{
	char *end = NULL;
	unsigned long number = 0;
	size_t len = strlen(text);

	/* strtoul() would accept signs, blanks and 0x. */
	if (len == 0 || len > 10 || strspn(text, "0123456789abcdefABCDEF") != len)
		return false;
	number = strtoul(text, &end, base);
	if (*end != '\0' || number > max)
		return false;
	*ret_number = number;
	return true;
}

static enum kc_status parse_when(const char *text, unsigned long *ret_at)
{
	unsigned long at = 0;

	if (text && strcmp(text, "*") == 0) {
		*ret_at = 0;
		return KC_OK;
	}
	REQUIRE(text && parse_number(text, 10, NUMBER_MAX, &at) && at > 0, KC_ERR_PARAM,
		"a fault needs the number of an APDU, from 1, or *, as in mute@3");
	*ret_at = at;
	return KC_OK;
}

static enum kc_status parse_argument(size_t kind, const char *text, unsigned *ret_argument)
{
	unsigned long argument = 0;

	if (kinds[kind].base == 0) {
		REQUIRE(!text, KC_ERR_PARAM, "the fault %s takes no argument", kinds[kind].name);
		return KC_OK;
	}
	REQUIRE(text && parse_number(text, kinds[kind].base, kinds[kind].max, &argument),
		KC_ERR_PARAM, "the fault %s needs a number up to %u after a colon%s",
		kinds[kind].name, kinds[kind].max,
		kinds[kind].base == 16 ? ", in hexadecimal" : "");
	REQUIRE(kinds[kind].kind != FAULT_SW || strlen(text) == 4, KC_ERR_PARAM,
		"a status word has four digits, as in sw@5:6F00");
	*ret_argument = (unsigned)argument;
	return KC_OK;
}

enum kc_status faults_add(struct faults *faults, const char *text)
{
	CLEANUP(freep) char *copy = strdup(text);
	struct fault fault = {0};
	char *rest = copy;
	const char *name = NULL;
	const char *when = NULL;
	size_t kind = 0;

	REQUIRE(copy, KC_ERR_ALLOCATE, "out of memory");
	REQUIRE(faults->n_faults < FAULTS_MAX, KC_ERR_PARAM, "more than %d faults", FAULTS_MAX);
	name = strsep(&rest, "@");
	while (kind < ARRAY_LEN(kinds) && strcmp(kinds[kind].name, name) != 0)
		kind++;
	REQUIRE(kind < ARRAY_LEN(kinds), KC_ERR_PARAM,
		"\"%s\" is no fault; there are remove, mute, sw, slow, truncate, extend and flip",
		name);
	fault.kind = kinds[kind].kind;
	when = strsep(&rest, ":");
	TRY(parse_when(when, &fault.at));
	TRY(parse_argument(kind, rest, &fault.argument));
	faults->list[faults->n_faults++] = fault;
	return KC_OK;
}

static bool is_due(const struct fault *fault, unsigned long number)
{
	if (fault->at == 0)
		return true;
	return fault->kind == FAULT_MUTE ? number >= fault->at : number == fault->at;
}

const struct fault *faults_find(const struct faults *faults, enum fault_kind kind,
				unsigned long number)
{
	for (size_t i = 0; i < faults->n_faults; i++)
		if (faults->list[i].kind == kind && is_due(&faults->list[i], number))
			return &faults->list[i];
	return NULL;
}

static enum kc_status extend(struct bytes *answer, unsigned n)
{
	while (n-- > 0)
		TRY(bytes_append_byte(answer, JUNK_BYTE));
	return KC_OK;
}

static void flip(struct bytes *answer, unsigned bit)
{
	size_t at = answer->len > 0 ? bit % (8 * answer->len) : 0;

	if (answer->len > 0)
		answer->data[at / 8] ^= (uint8_t)(0x80 >> at % 8);
}

enum kc_status faults_spoil(const struct faults *faults, unsigned long number, struct bytes *answer)
{
	for (size_t i = 0; i < faults->n_faults; i++) {
		const struct fault *fault = &faults->list[i];

		if (!is_due(fault, number))
			continue;
		if (fault->kind == FAULT_TRUNCATE && fault->argument < answer->len)
			answer->len = fault->argument;
		if (fault->kind == FAULT_EXTEND)
			TRY(extend(answer, fault->argument));
		if (fault->kind == FAULT_FLIP)
			flip(answer, fault->argument);
	}
	return KC_OK;
}
