/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* DER is looked at two levels deep; keys that are their bytes have to be announced. */
#include "keys/key_form.h"

#include "base/try.h"
#include "codec/tlv.h"

/* X.690: universal tags. */
enum {
	TAG_INTEGER = 0x02,
	TAG_SEQUENCE = 0x30,
};

static const struct {
	const char *key_type;
	size_t len;
} raw[] = {{"ed25519", 32}, {"x25519", 32}, {"ed448", 57}, {"x448", 56}};

bool key_form_is_raw(struct private_key_claim claim, struct kc_view data)
{
	for (size_t i = 0; claim.key_type && i < ARRAY_LEN(raw); i++)
		if (strcmp(raw[i].key_type, claim.key_type) == 0)
			return data.len == raw[i].len;
	return false;
}

/* RFC 8017 A.1: numbers, one after the other. All others have something else at the second place.
 */
static bool is_pkcs1(struct kc_view data)
{
	struct kc_view content;
	struct kc_view number;

	return tlv_take(&data, TAG_SEQUENCE, &content) &&
	       tlv_take(&content, TAG_INTEGER, &number) && tlv_take(&content, TAG_INTEGER, &number);
}

static bool is_pem(struct kc_view data)
{
	static const char begin[] = "-----BEGIN ";
	size_t len = strlen(begin);

	for (size_t i = 0; i + len <= data.len; i++)
		if (memcmp(data.data + i, begin, len) == 0)
			return true;
	return false;
}

bool key_form_is_external(struct private_key_claim claim, struct kc_view data)
{
	struct error_record before = *error_get();
	bool is_external = false;

	if (key_form_is_raw(claim, data))
		return true;
	if (data.len == 0 || data.data[0] != TAG_SEQUENCE)
		return !is_pem(data);
	is_external = is_pkcs1(data);
	error_adopt(&before);
	return is_external;
}
