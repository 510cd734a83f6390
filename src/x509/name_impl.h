/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef X509_NAME_IMPL_H
#define X509_NAME_IMPL_H

/*
 * Distinguished names: their bytes for comparing, their text for people.
 *
 * The normalized form follows RFC 5280 7.1: each attribute value that is text (of whatever ASN.1
 * string type) becomes a UTF8String without leading and trailing white space, with one space for
 * each run of white space inside, and ASCII letters in lower case. Values that are not text, or
 * not valid in their type, stay as they are. The result is DER without the outer SEQUENCE.
 */

#include <openssl/x509.h>

#include "base/bytes.h"

enum {
	NAME_MAX_BYTES = 65536,
	NAME_TEXT_MAX = 512,
	NAME_SUMMARY_MAX = 128,
};

/* Append the normalized form of @name. */
KC_MUST_CHECK enum kc_status name_put_normalized(const X509_NAME *name, struct bytes *bytes);

/* Append @name as it stands, without the outer SEQUENCE. */
KC_MUST_CHECK enum kc_status name_put_raw(const X509_NAME *name, struct bytes *bytes);

/* Append the normalized form of DER @name, which may lack its outer SEQUENCE.
 * Expected: KC_ERR_DECODE */
KC_MUST_CHECK enum kc_status name_normalize(struct kc_view name, struct bytes *bytes);

/* "CN=Jo, O=Example", safe for display; the caller's to free(). NULL when out of memory. */
char *name_text(const X509_NAME *name);

/* What a person would call the subject: common name, e-mail address, unit, organization, or
 * "(no name)". Safe for display; the caller's to free(). NULL when out of memory. */
char *name_summary(const X509_NAME *name);

#endif
