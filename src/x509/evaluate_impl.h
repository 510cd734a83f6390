/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef X509_EVALUATE_IMPL_H
#define X509_EVALUATE_IMPL_H

/* Verdicts on certificates (reference/keychain.md 2.4). */

#include <openssl/x509.h>

#include "base/error.h"
#include "wire/field.h"

/*
 * Answer Evaluate of org.keycask.X509. @store is what is trusted; NULL: nothing could be read, and
 * policies that need it fail with what is in @why.
 * Expected: KC_ERR_DECODE, KC_ERR_PARAM, KC_ERR_ITEM_NOT_FOUND
 */
KC_MUST_CHECK enum kc_status evaluate_certificate(struct json_object *parameters, X509_STORE *store,
						  const struct error_record *why,
						  struct json_object **ret_reply);

#endif
