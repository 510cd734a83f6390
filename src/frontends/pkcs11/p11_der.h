/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef PKCS11_P11_DER_H
#define PKCS11_P11_DER_H

/* DER, record by record. What is written may be a private key: the buffers wipe what they leave. */

#include <stdbool.h>

#include <keycask/tlv.h>

#include "base/bytes.h"

enum p11_der_tag {
	P11_DER_BOOLEAN = 0x01,
	P11_DER_INTEGER = 0x02,
	P11_DER_BIT_STRING = 0x03,
	P11_DER_OCTET_STRING = 0x04,
	P11_DER_OBJECT_ID = 0x06,
	P11_DER_PRINTABLE_STRING = 0x13,
	P11_DER_UTC_TIME = 0x17,
	P11_DER_GENERALIZED_TIME = 0x18,
	P11_DER_SEQUENCE = 0x30,
};

/* The next record of @input, if it has @tag, and @input moves past it; else nothing changes. */
bool p11_der_next(struct kc_view *input, uint64_t tag, struct kc_tlv *ret_record);

/* The value of @input, which is one record with @tag and nothing else. */
bool p11_der_open(struct kc_view input, uint64_t tag, struct kc_view *ret_value);

KC_MUST_CHECK enum kc_status p11_der_put(struct bytes *bytes, uint64_t tag, struct kc_view value);

/* A positive INTEGER from big-endian bytes, with or without zeros before them. */
KC_MUST_CHECK enum kc_status p11_der_put_unsigned(struct bytes *bytes, struct kc_view number);

/* The other way: the bytes of an INTEGER without the zero that makes it positive. */
struct kc_view p11_der_unsigned(struct kc_view integer);

#endif
