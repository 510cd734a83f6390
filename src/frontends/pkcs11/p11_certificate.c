/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Certificate ::= SEQUENCE { tbsCertificate, signatureAlgorithm, signatureValue } (RFC 5280, 4.1),
 * as far as its outermost records go.
 */
#include "frontends/pkcs11/p11_certificate.h"

#include <string.h>

#include "base/bytes.h"
#include "frontends/pkcs11/p11_der.h"
#include "frontends/pkcs11/p11_public_key.h"

enum {
	VERSION = 0xA0,
	EXTENSIONS = 0xA3,
};

/* id-ce-basicConstraints, 2.5.29.19 */
static const uint8_t basic_constraints[] = {0x06, 0x03, 0x55, 0x1D, 0x13};

/* RFC 5280, 4.1.2.5: YYMMDD…, of the years 1950 to 2049, or YYYYMMDD… */
static bool read_date(struct kc_view *validity, CK_DATE *ret_date)
{
	struct kc_tlv time = {0};
	size_t n_year = 0;

	if (p11_der_next(validity, P11_DER_UTC_TIME, &time))
		n_year = 2;
	else if (p11_der_next(validity, P11_DER_GENERALIZED_TIME, &time))
		n_year = 4;
	if (n_year == 0 || time.value.len < n_year + 4)
		return false;
	for (size_t i = 0; i < n_year + 4; i++) {
		if (time.value.data[i] < '0' || time.value.data[i] > '9')
			return false;
	}
	memcpy(ret_date->year, time.value.data[0] < '5' ? "20" : "19", 2);
	memcpy(ret_date->year + (4 - n_year), time.value.data, n_year);
	memcpy(ret_date->month, time.value.data + n_year, 2);
	memcpy(ret_date->day, time.value.data + n_year + 2, 2);
	return true;
}

static void read_validity(struct kc_view validity, struct p11_certificate *certificate)
{
	certificate->has_dates = read_date(&validity, &certificate->start) &&
				 read_date(&validity, &certificate->end);
}

/* BasicConstraints ::= SEQUENCE { cA BOOLEAN DEFAULT FALSE, … } */
static bool says_authority(struct kc_view value)
{
	struct kc_tlv record = {0};

	if (!p11_der_next(&value, P11_DER_SEQUENCE, &record))
		return false;
	value = record.value;
	return p11_der_next(&value, P11_DER_BOOLEAN, &record) && record.value.len == 1 &&
	       record.value.data[0] != 0;
}

/* Extension ::= SEQUENCE { extnID, critical BOOLEAN DEFAULT FALSE, extnValue OCTET STRING } */
static bool is_authority(struct kc_view extension)
{
	struct kc_tlv record = {0};

	if (!p11_der_next(&extension, P11_DER_OBJECT_ID, &record) ||
	    !view_equal(record.record, VIEW_OF(basic_constraints)))
		return false;
	(void)p11_der_next(&extension, P11_DER_BOOLEAN, &record);
	return p11_der_next(&extension, P11_DER_OCTET_STRING, &record) &&
	       says_authority(record.value);
}

/* What follows the public key: unique identifiers, which nobody has, and extensions. */
static bool find_authority(struct kc_view rest)
{
	struct kc_tlv record = {0};
	struct kc_view extensions = {NULL, 0};

	while (rest.len > 0 && kc_tlv_read(KC_TLV_BER, &rest, &record) == KC_OK) {
		if (record.tag == EXTENSIONS)
			extensions = record.value;
	}
	if (!p11_der_next(&extensions, P11_DER_SEQUENCE, &record))
		return false;
	extensions = record.value;
	while (p11_der_next(&extensions, P11_DER_SEQUENCE, &record)) {
		if (is_authority(record.value))
			return true;
	}
	return false;
}

/* TBSCertificate, up to its public key. */
static bool read_body(struct kc_view body, struct p11_certificate *certificate)
{
	struct kc_tlv record = {0};

	(void)p11_der_next(&body, VERSION, &record);
	if (!p11_der_next(&body, P11_DER_INTEGER, &record))
		return false;
	certificate->serial_number = record.record;
	if (!p11_der_next(&body, P11_DER_SEQUENCE, &record)) /* the signature's algorithm */
		return false;
	if (!p11_der_next(&body, P11_DER_SEQUENCE, &record))
		return false;
	certificate->issuer = record.record;
	if (!p11_der_next(&body, P11_DER_SEQUENCE, &record))
		return false;
	read_validity(record.value, certificate);
	if (!p11_der_next(&body, P11_DER_SEQUENCE, &record))
		return false;
	certificate->subject = record.record;
	if (!p11_der_next(&body, P11_DER_SEQUENCE, &record))
		return false;
	certificate->public_key_info = record.record;
	certificate->is_authority = find_authority(body);
	return p11_public_key_bits(record.record, &certificate->public_key);
}

bool p11_certificate_read(struct kc_view der, struct p11_certificate *ret_certificate)
{
	struct p11_certificate certificate = {0};
	struct kc_tlv record = {0};

	if (!p11_der_open(der, P11_DER_SEQUENCE, &der))
		return false;
	if (!p11_der_next(&der, P11_DER_SEQUENCE, &record) ||
	    !read_body(record.value, &certificate))
		return false;
	*ret_certificate = certificate;
	return true;
}
