/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHOICE_HOST_H
#define CHOICE_HOST_H

/* Host names and addresses as certificates have them. */

#include <stdbool.h>

/* Can @host be looked for: an address, or a name of RFC 1123? */
bool host_is_one(const char *host);

/*
 * Is @pattern, a dNSName of a certificate, a name of @host (RFC 6125 6.4)? Letters are equal in
 * either case and a dot at the end is none. A "*" is the whole first label of a pattern with two
 * or more other ones, and stands for one label.
 */
bool host_matches_name(const char *host, const char *pattern);

/* Are both the same IP address, however written? */
bool host_matches_address(const char *host, const char *address);

/*
 * Do @host and @name share a domain: "www.example.org" with "mail.example.org", "example.org" and,
 * of an address such as "jo@example.org", what is behind its "@"? A top-level domain is none.
 */
bool host_shares_domain(const char *host, const char *name);

#endif
