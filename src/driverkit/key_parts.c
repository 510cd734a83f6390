/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * RFC 8017 A.1.2: RSAPrivateKey ::= SEQUENCE { version, n, e, d, p, q, dP, dQ, qInv }. Whether the
 * numbers belong together the daemon has checked; here they only get their names.
 */
#include "driverkit/key_parts.h"

#include "base/cleanup.h"
#include "base/try.h"
#include "codec/tlv.h"

enum {
	DER_SEQUENCE = 0x30,
	DER_INTEGER = 0x02,
};

static enum kc_status fail_form(void)
{
	return fail(KC_ERR_BAD_PARAMETER, "a private key of a wrong form");
}

static bool take_number(struct kc_view *rest, struct kc_view *ret_number)
{
	struct kc_view number = {NULL, 0};

	if (!tlv_take(rest, DER_INTEGER, &number))
		return false;
	while (number.len > 0 && number.data[0] == 0)
		number = view_slice(number, 1, number.len);
	*ret_number = number;
	return true;
}

static enum kc_status read_rsa(struct kc_view data, struct kc_private_key *key)
{
	struct kc_view version = {NULL, 0};
	struct kc_view private_exponent = {NULL, 0};
	struct kc_view *const places[] = {&version,	     &key->modulus,   &key->public_exponent,
					  &private_exponent, &key->prime1,    &key->prime2,
					  &key->exponent1,   &key->exponent2, &key->coefficient};
	struct kc_view rest = {NULL, 0};

	if (!tlv_take(&data, DER_SEQUENCE, &rest) || data.len > 0)
		return fail_form();
	for (size_t i = 0; i < ARRAY_LEN(places); i++) {
		if (!take_number(&rest, places[i]))
			return fail_form();
	}
	/* Other primes would follow here, which cards cannot take. */
	if (version.len > 0 || rest.len > 0 || key->prime1.len == 0 || key->prime2.len == 0)
		return fail_form();
	return KC_OK;
}

static enum kc_status read_point(struct kc_view data, struct kc_private_key *key)
{
	size_t width = ((size_t)key->size_in_bits + 7) / 8;

	if (width == 0 || data.len != 1 + 3 * width)
		return fail_form();
	key->scalar = view_slice(data, 1 + 2 * width, width);
	return KC_OK;
}

enum kc_status key_parts_read(struct kc_view data, struct kc_private_key *key)
{
	if (key->type == KC_KEY_TYPE_RSA)
		return read_rsa(data, key);
	if (key->type == KC_KEY_TYPE_EC)
		return read_point(data, key);
	if (data.len != key->size_in_bits / 8)
		return fail_form();
	key->scalar = data;
	return KC_OK;
}
