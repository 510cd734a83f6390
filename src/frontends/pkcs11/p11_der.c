/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* DER, record by record, by the library's own reader and writer. */
#include "frontends/pkcs11/p11_der.h"

#include "base/try.h"

bool p11_der_next(struct kc_view *input, uint64_t tag, struct kc_tlv *ret_record)
{
	struct kc_view rest = *input;
	struct kc_tlv record = {0};

	if (rest.len == 0 || kc_tlv_read(KC_TLV_BER, &rest, &record) != KC_OK || record.tag != tag)
		return false;
	*input = rest;
	*ret_record = record;
	return true;
}

bool p11_der_open(struct kc_view input, uint64_t tag, struct kc_view *ret_value)
{
	struct kc_tlv record = {0};

	if (!p11_der_next(&input, tag, &record) || input.len > 0)
		return false;
	*ret_value = record.value;
	return true;
}

enum kc_status p11_der_put(struct bytes *bytes, uint64_t tag, struct kc_view value)
{
	CLEANUP(kc_bytes_free) struct kc_bytes record = {NULL, 0};

	TRY(kc_tlv_write(KC_TLV_BER, tag, value, &record));
	return bytes_append(bytes, kc_view_of_bytes(&record));
}

struct kc_view p11_der_unsigned(struct kc_view integer)
{
	while (integer.len > 1 && integer.data[0] == 0)
		integer = view_slice(integer, 1, integer.len);
	return integer;
}

enum kc_status p11_der_put_unsigned(struct bytes *bytes, struct kc_view number)
{
	CLEANUP(bytes_done) struct bytes value = BYTES_INIT(64 * 1024);

	number = p11_der_unsigned(number);
	if (number.len == 0 || number.data[0] & 0x80)
		TRY(bytes_append_byte(&value, 0));
	TRY(bytes_append(&value, number));
	return p11_der_put(bytes, P11_DER_INTEGER, bytes_view(&value));
}
