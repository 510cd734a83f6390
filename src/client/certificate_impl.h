/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CLIENT_CERTIFICATE_IMPL_H
#define CLIENT_CERTIFICATE_IMPL_H

/* Certificates of items. */

#include <keycask/certificate.h>

/*
 * That of the item with the persistent reference @reference, of class @class_name.
 * Expected: KC_ERR_PARAM           it is of another class
 *           KC_ERR_ITEM_NOT_FOUND, and as kc_certificate_from_data()
 */
KC_MUST_CHECK enum kc_status certificate_fetch(const char *class_name, struct kc_view reference,
					       struct kc_certificate **ret_certificate);

#endif
