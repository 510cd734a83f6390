/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Records of DER, by the library's own writer, whose lengths are as short as DER wants them. */
#include "frontends/git/cms_der.h"

#include <stdlib.h>

#include <keycask/tlv.h>
#include <openssl/crypto.h>

enum kc_status cms_der_put(struct bytes *bytes, enum cms_der_tag tag, struct kc_view value)
{
	CLEANUP(kc_bytes_free) struct kc_bytes record = {NULL, 0};

	TRY(kc_tlv_write(KC_TLV_BER, tag, value, &record));
	return bytes_append(bytes, kc_view_of_bytes(&record));
}

enum kc_status cms_der_take(struct bytes *bytes, unsigned char *der, int len)
{
	enum kc_status status = KC_OK;

	REQUIRE(der && len > 0, KC_ERR_ALLOCATE, "OpenSSL cannot encode this");
	status = bytes_append(bytes, view_of(der, (size_t)len));
	OPENSSL_free(der);
	return status;
}

/* "The encodings of the component values of a set-of value shall appear in ascending order, the
 * encodings being compared as octet strings" */
static int compare(const void *a, const void *b)
{
	const struct bytes *left = a;
	const struct bytes *right = b;
	size_t len = left->len < right->len ? left->len : right->len;
	int order = len > 0 ? memcmp(left->data, right->data, len) : 0;

	if (order != 0)
		return order;
	return left->len < right->len ? -1 : left->len > right->len;
}

enum kc_status cms_der_put_set(struct bytes *bytes, enum cms_der_tag tag, struct bytes *elements,
			       size_t n)
{
	CLEANUP(bytes_done) struct bytes all = BYTES_INIT(CMS_DER_MAX);

	qsort(elements, n, sizeof(*elements), compare);
	for (size_t i = 0; i < n; i++)
		TRY(bytes_append(&all, bytes_view(&elements[i])));
	return cms_der_put(bytes, tag, bytes_view(&all));
}
