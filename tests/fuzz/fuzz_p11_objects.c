/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What objects are made of. The first byte says what the others are: a certificate, a public key,
 * an alias, or a template with any attributes, whose values lie behind it or nowhere. What is
 * accepted is what it says it is.
 */
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "frontends/pkcs11/p11_application_id.h"
#include "frontends/pkcs11/p11_attributes.h"
#include "frontends/pkcs11/p11_certificate.h"
#include "frontends/pkcs11/p11_private_key.h"
#include "frontends/pkcs11/p11_public_key.h"
#include "frontends/pkcs11/p11_template.h"

enum {
	ROWS_MAX = 12,
	TEXT_MAX = 1024,
	ROW_BYTES = 4, /* two of the type, one of the length, one of where it is */
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool is_so)
{
	if (!is_so)
		abort();
}

static bool is_within(struct kc_view part, struct kc_view whole)
{
	return part.data >= whole.data && part.len <= whole.len &&
	       (size_t)(part.data - whole.data) <= whole.len - part.len;
}

static void describe(struct kc_view info)
{
	CLEANUP(p11_attributes_freep) struct p11_attributes *attributes = p11_attributes_new();
	struct kc_view bits = {NULL, 0};
	struct kc_view point = {NULL, 0};

	p11_public_key_describe(info, attributes);
	demand(p11_attributes_are_whole(attributes));
	if (p11_public_key_bits(info, &bits))
		demand(is_within(bits, info));
	if (p11_attributes_get(attributes, CKA_EC_POINT, &point))
		demand(view_equal(p11_public_key_point(point), bits));
}

static void try_certificate(struct kc_view der)
{
	struct p11_certificate certificate;

	if (!p11_certificate_read(der, &certificate))
		return;
	demand(is_within(certificate.serial_number, der) && is_within(certificate.issuer, der) &&
	       is_within(certificate.subject, der) && is_within(certificate.public_key, der) &&
	       is_within(certificate.public_key_info, der));
	describe(certificate.public_key_info);
}

static void try_alias(struct kc_view given)
{
	CLEANUP(bytes_done) struct bytes id = BYTES_INIT(P11_APPLICATION_ID_MAX);
	CLEANUP(bytes_done) struct bytes again = BYTES_INIT(P11_APPLICATION_ID_MAX);
	CLEANUP(freep) char *alias = NULL;
	char text[TEXT_MAX];

	if (given.len >= sizeof(text))
		return;
	if (given.len > 0)
		memcpy(text, given.data, given.len);
	text[given.len] = '\0';
	if (!p11_application_id_read(text, &id))
		return;
	demand(p11_application_id_write(bytes_view(&id), &alias) == KC_OK);
	demand(p11_application_id_read(alias, &again));
	demand(view_equal(bytes_view(&id), bytes_view(&again)));
}

/* --- templates ------------------------------------------------------------------------------- */

static size_t read_template(struct kc_view input, CK_ATTRIBUTE *template, uint8_t *values)
{
	size_t n = input.len / ROW_BYTES < ROWS_MAX ? input.len / ROW_BYTES : ROWS_MAX;

	for (size_t i = 0; i < n; i++) {
		const uint8_t *row = input.data + i * ROW_BYTES;

		template[i].type = (CK_ATTRIBUTE_TYPE)(row[0] << 8 | row[1]);
		template[i].ulValueLen = row[3] & 1 ? (CK_ULONG)-1 : row[2];
		template[i].pValue = row[3] & 2 ? NULL : values + (row[3] >> 2);
	}
	return n;
}

static void build(const CK_ATTRIBUTE *template, CK_ULONG n)
{
	CLEANUP(bytes_done) struct bytes key = BYTES_INIT(P11_PRIVATE_KEY_MAX);
	CLEANUP(kc_bytes_free) struct kc_bytes info = {NULL, 0};
	CK_KEY_TYPE key_type = p11_template_number(template, n, CKA_KEY_TYPE, CKK_EC);
	struct kc_view bits = {NULL, 0};

	if (p11_template_check(template, n, CKO_PUBLIC_KEY, P11_TEMPLATE_MAKE) == CKR_OK &&
	    p11_public_key_build(template, n, key_type, &info) == CKR_OK) {
		describe(kc_view_of_bytes(&info));
		(void)p11_public_key_bits(kc_view_of_bytes(&info), &bits);
	}
	if (p11_template_check(template, n, CKO_PRIVATE_KEY, P11_TEMPLATE_MAKE) == CKR_OK)
		(void)p11_private_key_build(template, n, &key);
}

/* What a checked template says, an object can be made of and told from. */
static void keep(const CK_ATTRIBUTE *template, CK_ULONG n)
{
	CLEANUP(p11_attributes_freep) struct p11_attributes *attributes = p11_attributes_new();

	for (CK_ULONG i = 0; i < n; i++)
		p11_attributes_put(attributes, template[i].type,
				   p11_template_view(template, n, template[i].type));
	demand(p11_attributes_are_whole(attributes));
	demand(p11_attributes_match(attributes, template, n));
}

static void try_template(struct kc_view input)
{
	static const CK_OBJECT_CLASS classes[] = {
		CKO_DATA,	 CKO_CERTIFICATE, CKO_PUBLIC_KEY,
		CKO_PRIVATE_KEY, CKO_SECRET_KEY,  CKO_HW_FEATURE,
	};
	CK_ATTRIBUTE template[ROWS_MAX];
	uint8_t *values = calloc(1, 512); /* the farthest place and the longest value */
	size_t n = 0;
	struct kc_view rest = view_slice(input, (size_t)ROWS_MAX * ROW_BYTES, 512);

	if (!values)
		return;
	if (rest.len > 0)
		memcpy(values, rest.data, rest.len);
	n = read_template(input, template, values);
	for (size_t i = 0; i < ARRAY_LEN(classes); i++) {
		for (int use = P11_TEMPLATE_MAKE; use <= P11_TEMPLATE_SET; use *= 2) {
			if (p11_template_check(template, n, classes[i],
					       (enum p11_template_use)use) == CKR_OK)
				keep(template, n);
		}
	}
	build(template, n);
	free(values);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct kc_view input = view_slice(view_of(data, size), 1, size);

	if (size == 0)
		return 0;
	switch (data[0] & 3) {
	case 0:
		try_certificate(input);
		break;
	case 1:
		describe(input);
		break;
	case 2:
		try_alias(input);
		break;
	default:
		try_template(input);
	}
	return 0;
}
