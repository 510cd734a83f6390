/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef X509_ALTERNATIVE_NAMES_IMPL_H
#define X509_ALTERNATIVE_NAMES_IMPL_H

/* Whom a certificate names beside its subject, as far as choosing one by it wants to know. */

#include <openssl/x509.h>

#include "wire/field.h"

/*
 * Set dns_names, ip_addresses and principal_names from subjectAltName (RFC 5280 4.2.1.6). They are
 * safe for display. What is no name of its kind is left out; none when the extension lacks.
 */
KC_MUST_CHECK enum kc_status alternative_names_put(X509 *certificate, struct json_object *fields);

#endif
