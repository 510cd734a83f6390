/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * RFC 6125 6.4, in the strict reading that TLS clients have arrived at (RFC 9525): wildcards are a
 * whole label, and the common name is not looked at.
 */
#include "choice/host.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

#include "base/bytes.h"

enum {
	LABEL_MAX = 63,
	NAME_MAX_LEN = 253, /* RFC 1035 2.3.4 without the length bytes */
};

/* --- addresses ----------------------------------------------------------------------------- */

struct address {
	int family; /* AF_UNSPEC: none */
	uint8_t bytes[16];
};

static struct address read_address(const char *text)
{
	struct address address = {.family = AF_UNSPEC};

	if (inet_pton(AF_INET, text, address.bytes) == 1)
		address.family = AF_INET;
	else if (inet_pton(AF_INET6, text, address.bytes) == 1)
		address.family = AF_INET6;
	return address;
}

bool host_matches_address(const char *host, const char *address)
{
	struct address a = read_address(host);
	struct address b = read_address(address);

	return a.family != AF_UNSPEC && a.family == b.family &&
	       view_equal(VIEW_OF(a.bytes), VIEW_OF(b.bytes));
}

/* --- names --------------------------------------------------------------------------------- */

/* "Fully qualified" and not are the same name. */
static struct kc_view without_root(const char *name)
{
	struct kc_view view = view_of_text(name);

	if (view.len > 1 && view.data[view.len - 1] == '.')
		view.len--;
	return view;
}

static bool is_letter(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* RFC 1123 2.1, and the underscore that there is in names of services. */
static bool is_label(struct kc_view label)
{
	if (label.len == 0 || label.len > LABEL_MAX || label.data[0] == '-' ||
	    label.data[label.len - 1] == '-')
		return false;
	for (size_t i = 0; i < label.len; i++) {
		uint8_t c = label.data[i];

		if (!is_letter(c) && !(c >= '0' && c <= '9') && c != '-' && c != '_')
			return false;
	}
	return true;
}

/* Up to the first dot. */
static struct kc_view first_label(struct kc_view name)
{
	const uint8_t *dot = name.len ? memchr(name.data, '.', name.len) : NULL;

	return view_slice(name, 0, dot ? (size_t)(dot - name.data) : name.len);
}

/* Behind the first dot; empty when there is none. */
static struct kc_view other_labels(struct kc_view name)
{
	return view_slice(name, first_label(name).len + 1, SIZE_MAX);
}

static bool is_number(struct kc_view label)
{
	for (size_t i = 0; i < label.len; i++)
		if (label.data[i] < '0' || label.data[i] > '9')
			return false;
	return true;
}

/* The number of its labels; 0 when it is no name, as what ends in a number is none: it looks like
 * an address to people and other programs (RFC 1123 2.1). */
static size_t count_labels(struct kc_view name)
{
	size_t n = 0;

	if (name.len > NAME_MAX_LEN || name.len == 0 || name.data[name.len - 1] == '.')
		return 0;
	for (; name.len > 0; name = other_labels(name), n++) {
		bool is_last = first_label(name).len == name.len;

		if (!is_label(first_label(name)) || (is_last && is_number(name)))
			return 0;
	}
	return n;
}

static bool equal_names(struct kc_view a, struct kc_view b)
{
	return a.len == b.len &&
	       (a.len == 0 || strncasecmp((const char *)a.data, (const char *)b.data, a.len) == 0);
}

bool host_is_one(const char *host)
{
	return read_address(host).family != AF_UNSPEC || count_labels(without_root(host)) > 0;
}

bool host_matches_name(const char *host, const char *pattern)
{
	struct kc_view name = without_root(host);
	struct kc_view wanted = without_root(pattern);

	if (count_labels(name) == 0 || read_address(host).family != AF_UNSPEC)
		return false;
	if (!view_equal(first_label(wanted), view_of_text("*")))
		return count_labels(wanted) > 0 && equal_names(name, wanted);
	return count_labels(other_labels(wanted)) >= 2 &&
	       equal_names(other_labels(name), other_labels(wanted));
}

/* --- domains ------------------------------------------------------------------------------- */

/* The last two labels: not the registered domain everywhere, but this only breaks ties. */
static struct kc_view domain_of(struct kc_view name)
{
	while (other_labels(other_labels(name)).len > 0)
		name = other_labels(name);
	return name;
}

bool host_shares_domain(const char *host, const char *name)
{
	const char *at = strrchr(name, '@');
	struct kc_view a = domain_of(without_root(host));
	struct kc_view b = domain_of(without_root(at ? at + 1 : name));

	return host_is_one(host) && read_address(host).family == AF_UNSPEC &&
	       count_labels(a) == 2 && equal_names(a, b);
}
