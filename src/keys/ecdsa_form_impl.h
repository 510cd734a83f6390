/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KEYS_ECDSA_FORM_IMPL_H
#define KEYS_ECDSA_FORM_IMPL_H

/* The two forms of an ECDSA signature: X9.62's SEQUENCE { r, s } and RFC 4754's r ‖ s. */

#include "base/bytes.h"

/* Append r ‖ s of DER @signature. Expected: KC_ERR_VERIFY_FAILED  not one of such a curve */
KC_MUST_CHECK enum kc_status ecdsa_form_put_plain(struct kc_view signature, unsigned size_in_bits,
						  struct bytes *bytes);

/* Append DER of r ‖ s. Expected: KC_ERR_VERIFY_FAILED */
KC_MUST_CHECK enum kc_status ecdsa_form_put_der(struct kc_view signature, unsigned size_in_bits,
						struct bytes *bytes);

#endif
