/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef X509_USAGE_IMPL_H
#define X509_USAGE_IMPL_H

/* What a certificate says its key is for, and whom it can be written to. */

#include <openssl/x509.h>

#include "wire/field.h"

/* Append the names of RFC 5280 4.2.1.3: digital_signature, …; none when the extension lacks. */
KC_MUST_CHECK enum kc_status usage_put_key_usage(X509 *certificate, struct json_object *names);

/* Append the names of RFC 5280 4.2.1.12: client_auth, …, a dotted OID where we have none. */
KC_MUST_CHECK enum kc_status usage_put_extended(X509 *certificate, struct json_object *names);

/* Append the e-mail addresses of the subject and of its alternative names, safe for display. */
KC_MUST_CHECK enum kc_status usage_put_emails(X509 *certificate, struct json_object *addresses);

/* Which of these extensions there are, and what basicConstraints says: has_key_usage,
 * has_extended_key_usage, is_ca, path_length, is_self_signed of org.keycask.X509. */
KC_MUST_CHECK enum kc_status usage_put_flags(X509 *certificate, struct json_object *fields);

#endif
