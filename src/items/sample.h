/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef ITEMS_SAMPLE_H
#define ITEMS_SAMPLE_H

/*
 * Items for tests and fuzz targets: certificates and keys whose bytes say what they are. A pair
 * with the same @key name forms an identity. Failure ends the process.
 */

#include "items/engine.h"

/* Token items only, in memory; and a caller with one group of its own who sees tokens. */
extern const struct engine_settings sample_settings;
extern struct engine_request sample_request;

enum {
	SAMPLE_MAX = 16,
};

struct sample {
	struct engine_item items[SAMPLE_MAX];
	size_t n;
};

/*
 * A certificate named @id with label @id, subject "S:<id>", issuer "I:<issuer>", serial number
 * @serial, public key "P:<key>" with hash "H:<key>"; raw names are the same in capitals.
 */
void sample_add_certificate(struct sample *sample, const char *id, const char *issuer,
			    const char *serial, const char *key);

/* A P-256 key named @id, label "key <id>", that signs with ecdsa_signature_digest_x962. */
void sample_add_key(struct sample *sample, const char *id, const char *key, const char *constraint);

void sample_done(struct sample *sample);

#endif
