/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef ITEMS_DESCRIBE_H
#define ITEMS_DESCRIBE_H

/*
 * From what keycask-x509 says of a certificate to the attributes that engine_publish() takes: the
 * one place that knows both vocabularies.
 */

#include "base/bytes.h"
#include "wire/field.h"

/* What filters want to know beside the attributes; nobody is given it, and no query names it. */
#define DESCRIBE_EMAIL_ADDRESSES "email_addresses" /* array */
#define DESCRIBE_SUBJECT_TEXT	 "subject_text"
#define DESCRIBE_SUBJECT_SUMMARY "subject_summary"
/* What its public key is for whoever uses a certificate as a key. */
#define DESCRIBE_SUBJECT_KEY_TYPE "subject_key_type"

/* Is @name one of these? */
bool describe_is_fact(const char *name);

/*
 * Attributes of the certificate itself. @inspected is the Certificate of org.keycask.X509; @label
 * wins over its summary (NULL: the summary).
 */
KC_MUST_CHECK enum kc_status describe_certificate(struct json_object *inspected, const char *label,
						  struct json_object **ret_attributes);

struct describe_usage {
	bool can_sign;
	bool can_decrypt;
	bool can_derive;
};

/* Attributes of the private key that belongs to the certificate @inspected. */
KC_MUST_CHECK enum kc_status describe_key(struct json_object *inspected, const char *label,
					  struct describe_usage usage,
					  struct json_object **ret_attributes);

/* Append the certificate's public key: what engine_item.public_key of both items must be. */
KC_MUST_CHECK enum kc_status describe_public_key(struct json_object *inspected,
						 struct bytes *bytes);

#endif
