/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Certificate ::= SEQUENCE { tbsCertificate, signatureAlgorithm, signatureValue } (RFC 5280, 4.1),
 * as far as its outermost records go.
 */
#include "frontends/pkcs11/p11_certificate.h"

#include <string.h>

#include <keycask/tlv.h>

#include "base/bytes.h"

enum {
	BOOLEAN = 0x01,
	INTEGER = 0x02,
	BIT_STRING = 0x03,
	OCTET_STRING = 0x04,
	UTC_TIME = 0x17,
	GENERALIZED_TIME = 0x18,
	SEQUENCE = 0x30,
	VERSION = 0xA0,
	EXTENSIONS = 0xA3,
};

/* id-ce-basicConstraints, 2.5.29.19 */
static const uint8_t basic_constraints[] = {0x06, 0x03, 0x55, 0x1D, 0x13};

/* The next record of @input, if it has @tag. */
static bool next(struct kc_view *input, uint64_t tag, struct kc_tlv *ret_record)
{
	struct kc_view rest = *input;

	if (rest.len == 0 || kc_tlv_read(KC_TLV_BER, &rest, ret_record) != KC_OK ||
	    ret_record->tag != tag)
		return false;
	*input = rest;
	return true;
}

/* RFC 5280, 4.1.2.5: YYMMDD…, of the years 1950 to 2049, or YYYYMMDD… */
static bool read_date(struct kc_view *validity, CK_DATE *ret_date)
{
	struct kc_tlv time = {0};
	size_t n_year = 0;

	if (next(validity, UTC_TIME, &time))
		n_year = 2;
	else if (next(validity, GENERALIZED_TIME, &time))
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

	if (!next(&value, SEQUENCE, &record))
		return false;
	value = record.value;
	return next(&value, BOOLEAN, &record) && record.value.len == 1 && record.value.data[0] != 0;
}

/* Extension ::= SEQUENCE { extnID, critical BOOLEAN DEFAULT FALSE, extnValue OCTET STRING } */
static bool is_authority(struct kc_view extension)
{
	struct kc_tlv record = {0};

	if (!next(&extension, basic_constraints[0], &record) ||
	    !view_equal(record.record, VIEW_OF(basic_constraints)))
		return false;
	(void)next(&extension, BOOLEAN, &record);
	return next(&extension, OCTET_STRING, &record) && says_authority(record.value);
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
	if (!next(&extensions, SEQUENCE, &record))
		return false;
	extensions = record.value;
	while (next(&extensions, SEQUENCE, &record)) {
		if (is_authority(record.value))
			return true;
	}
	return false;
}

static bool read_public_key(struct kc_view info, struct kc_view *ret_bits)
{
	struct kc_tlv record = {0};

	if (!next(&info, SEQUENCE, &record) || !next(&info, BIT_STRING, &record) ||
	    record.value.len < 1)
		return false;
	*ret_bits = view_slice(record.value, 1, record.value.len); /* behind the unused bits */
	return true;
}

/* TBSCertificate, up to its public key. */
static bool read_body(struct kc_view body, struct p11_certificate *certificate)
{
	struct kc_tlv record = {0};

	(void)next(&body, VERSION, &record);
	if (!next(&body, INTEGER, &record))
		return false;
	certificate->serial_number = record.record;
	if (!next(&body, SEQUENCE, &record) || !next(&body, SEQUENCE, &record))
		return false;
	certificate->issuer = record.record;
	if (!next(&body, SEQUENCE, &record))
		return false;
	read_validity(record.value, certificate);
	if (!next(&body, SEQUENCE, &record))
		return false;
	certificate->subject = record.record;
	if (!next(&body, SEQUENCE, &record))
		return false;
	certificate->public_key_info = record.record;
	certificate->is_authority = find_authority(body);
	return read_public_key(record.value, &certificate->public_key);
}

bool p11_certificate_read(struct kc_view der, struct p11_certificate *ret_certificate)
{
	struct p11_certificate certificate = {0};
	struct kc_tlv record = {0};

	if (!next(&der, SEQUENCE, &record) || der.len > 0)
		return false;
	der = record.value;
	if (!next(&der, SEQUENCE, &record) || !read_body(record.value, &certificate))
		return false;
	*ret_certificate = certificate;
	return true;
}
