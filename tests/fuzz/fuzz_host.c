/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A host, a line break, and what a certificate may call it. A match is never wider than one label,
 * and whoever is matched is a host.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "choice/host.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
	if (!condition)
		abort();
}

static size_t count_dots(const char *name)
{
	size_t len = strlen(name);
	size_t n = 0;

	for (size_t i = 0; i + 1 < len; i++)
		n += name[i] == '.';
	return n;
}

static void check_match(const char *host, const char *pattern)
{
	require(host_is_one(host));
	require(count_dots(host) == count_dots(pattern));
	require(!strchr(host, '*') && (!strchr(pattern, '*') || pattern[0] == '*'));
	if (pattern[0] != '*')
		require(host_matches_name(pattern, host));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *host = malloc(size + 1);
	char *pattern = NULL;

	require(host);
	if (size > 0)
		memcpy(host, data, size);
	host[size] = '\0';
	pattern = strchr(host, '\n');
	if (pattern) {
		*pattern++ = '\0';
		if (host_matches_name(host, pattern))
			check_match(host, pattern);
		if (host_matches_address(host, pattern))
			require(host_matches_address(pattern, host) && host_is_one(host));
		if (host_shares_domain(host, pattern))
			require(host_is_one(host) && count_dots(host) >= 1);
	}
	free(host);
	return 0;
}
