/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef GIT_CMS_DER_H
#define GIT_CMS_DER_H

/* DER, written from the inside out. */

#include "base/bytes.h"
#include "base/try.h"

enum cms_der_tag {
	CMS_DER_INTEGER = 0x02,
	CMS_DER_OCTET_STRING = 0x04,
	CMS_DER_SEQUENCE = 0x30,
	CMS_DER_SET = 0x31,
	CMS_DER_CONTEXT_0 = 0xa0, /* constructed, as all of CMS that is wanted here */
};

enum {
	CMS_DER_MAX = 1024 * 1024,
	CMS_DER_ELEMENTS_MAX = 64,
};

/* Append the record of @tag around @value. */
KC_MUST_CHECK enum kc_status cms_der_put(struct bytes *bytes, enum cms_der_tag tag,
					 struct kc_view value);

/* What one of OpenSSL's i2d functions writes of @object: CMS_DER_PUT(&bytes, X509, certificate). */
#define CMS_DER_PUT(bytes_, type_, object_)                                                        \
	(__extension__({                                                                           \
		unsigned char *der_ = NULL;                                                        \
		int len_ = i2d_##type_((object_), &der_);                                          \
		cms_der_take((bytes_), der_, len_);                                                \
	}))
/* Behind it: appends and frees @der, which OpenSSL has made. */
KC_MUST_CHECK enum kc_status cms_der_take(struct bytes *bytes, unsigned char *der, int len);

/* Append the SET OF @elements, in the order of DER (X.690 11.6). */
KC_MUST_CHECK enum kc_status cms_der_put_set(struct bytes *bytes, enum cms_der_tag tag,
					     struct bytes *elements, size_t n);

#endif
