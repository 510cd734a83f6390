/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Places of the tokens whose places other modules have numbers for. */
#include "frontends/pkcs11/p11_place.h"

#include <stdbool.h>
#include <string.h>

#include "base/cleanup.h"

static const char *const of_piv[] = {
	"9a", "9c", "9d", "9e", "82", "83", "84", "85", "86", "87", "88", "89",
	"8a", "8b", "8c", "8d", "8e", "8f", "90", "91", "92", "93", "94", "95",
};

static const char *const of_openpgp[] = {"sign", "decrypt", "authenticate"};

static const struct {
	const char *driver; /* as token IDs begin */
	const char *const *places;
	size_t n;
	bool has_references; /* @id may be the number that a place is called by */
} drivers[] = {
	{"org.keycask.piv:", of_piv, ARRAY_LEN(of_piv), true},
	{"org.keycask.openpgp:", of_openpgp, ARRAY_LEN(of_openpgp), false},
};

/* "9a" is 9A. */
static unsigned number_of(const char *place)
{
	static const char digits[] = "0123456789abcdef";

	return (unsigned)(strchr(digits, place[0]) - digits) * 16 +
	       (unsigned)(strchr(digits, place[1]) - digits);
}

const char *p11_place_find(const char *token_id, struct kc_view id)
{
	size_t i = 0;

	while (i < ARRAY_LEN(drivers) &&
	       strncmp(token_id, drivers[i].driver, strlen(drivers[i].driver)) != 0)
		i++;
	if (i == ARRAY_LEN(drivers) || id.len != 1)
		return NULL;
	if (id.data[0] >= 1 && id.data[0] <= drivers[i].n)
		return drivers[i].places[id.data[0] - 1];
	for (size_t j = 0; drivers[i].has_references && j < drivers[i].n; j++) {
		if (number_of(drivers[i].places[j]) == id.data[0])
			return drivers[i].places[j];
	}
	return NULL;
}
