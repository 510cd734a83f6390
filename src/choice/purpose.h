/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHOICE_PURPOSE_H
#define CHOICE_PURPOSE_H

/*
 * What an identity can be wanted for, and what its certificate and its key need for that: one row
 * of a table each. Usages have the names of org.keycask.X509.
 */

#include <stdbool.h>
#include <stddef.h>

#include <keycask/status.h>

enum {
	PURPOSE_USAGES_MAX = 6,
};

/* Where the hardware comes first, it is because somebody shall be there who holds it. */
struct purpose {
	const char *name;  /* "tls_client" */
	const char *doing; /* "to log in to a TLS server" */
	/* RFC 5280 4.2.1.3: one of these, when the extension is there; NULL ends them. Of a key
	 * that exchanges keys rather than decrypts the second list, when it has any. */
	const char *key_usages[PURPOSE_USAGES_MAX];
	const char *exchange_usages[PURPOSE_USAGES_MAX];
	/* RFC 5280 4.2.1.12: one of these, or "any", when the extension is there. */
	const char *exact[PURPOSE_USAGES_MAX];	 /* made for it */
	const char *related[PURPOSE_USAGES_MAX]; /* will do as well */
	bool decrypts;				 /* else it signs */
	bool wants_host;      /* the certificate must be for it, when one is given */
	bool prefers_token;   /* keys on tokens come first */
	bool prefers_consent; /* non_repudiation comes first; else last */
};

/* NULL: no such purpose. */
const struct purpose *purpose_find(const char *name);

/* Expected: KC_ERR_PARAM  no such purpose; the message names those there are */
KC_MUST_CHECK enum kc_status purpose_get(const char *name, const struct purpose **ret_purpose);

/* What a person calls an extended key usage that has no name but an OID; the others as they are. */
const char *purpose_usage_text(const char *usage);

size_t purpose_count(void);
const struct purpose *purpose_at(size_t i);

#endif
