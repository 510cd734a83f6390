/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef X509_INSPECT_H
#define X509_INSPECT_H

/* A certificate's DER in, what keycask wants to know of it out. Runs confined. */

#include "base/bytes.h"
#include "wire/field.h"

enum {
	INSPECT_MAX = 65536, /* bytes of a certificate */
};

/* *ret_certificate is a Certificate of org.keycask.X509. Expected: KC_ERR_DECODE, saying why */
KC_MUST_CHECK enum kc_status inspect_certificate(struct kc_view der,
						 struct json_object **ret_certificate);

#endif
