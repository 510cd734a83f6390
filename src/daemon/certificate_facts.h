/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef DAEMON_CERTIFICATE_FACTS_H
#define DAEMON_CERTIFICATE_FACTS_H

/*
 * What keycask-x509 has said of certificates, so that choosing among them asks it once. Public
 * data, found by the hash of the very bytes; bounded, and given back when nothing happens.
 */

#include "base/bytes.h"
#include "wire/field.h"

struct certificate_facts;

KC_MUST_CHECK enum kc_status certificate_facts_new(struct certificate_facts **ret_facts);
struct certificate_facts *certificate_facts_free(struct certificate_facts *facts);
DEFINE_FREEP(certificate_facts)

/* A reference of the caller's to what is known of this certificate; NULL: nothing. */
struct json_object *certificate_facts_find(const struct certificate_facts *facts,
					   struct kc_view der);

/* Remember @inspected, a Certificate of org.keycask.X509 (borrowed, and rid of what choosing does
 * not look at), of this certificate. */
KC_MUST_CHECK enum kc_status certificate_facts_keep(struct certificate_facts *facts,
						    struct kc_view der,
						    struct json_object *inspected);

void certificate_facts_forget(struct certificate_facts *facts);

#endif
