/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The forms that keys and certificates come in: read, refused, and built. */
#include <stdlib.h>
#include <string.h>

#include "codec/hex.h"
#include "frontends/pkcs11/p11_application_id.h"
#include "frontends/pkcs11/p11_certificate.h"
#include "frontends/pkcs11/p11_place.h"
#include "frontends/pkcs11/p11_private_key.h"
#include "frontends/pkcs11/p11_public_key.h"
#include "harness/test.h"

enum {
	BYTES_OF_FORMS = 4096,
};

/* Ed25519, 31 December 1999 to 1 January 2050, CA:TRUE, its number 80. */
#define AUTHORITY                                                                                  \
	"3081f23081a5a00302010202020080300506032b6570300f310d300b06035504030c04526f6f743020170d39" \
	"39313233313030303030305a180f32303530303130313030303030305a300f310d300b06035504030c04526f" \
	"6f74302a300506032b657003210003a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc86641255" \
	"31b8a3233021300e0603551d0f0101ff040403020780300f0603551d130101ff040530030101ff300506032b" \
	"6570034100fe9a2df74d7c02cf33c9465ac92b3863a3e081f2e80da45f12a292a979fdaa9d80a2b6fd72e1e3" \
	"c9e4df36655547614dcc7bc73e6e320733258ae1c9e5983e07"

/* P-256, without extensions. */
#define LEAF                                                                                       \
	"3081f73081aaa003020102020101300506032b6570300f310d300b06035504030c04526f6f74301e170d3236" \
	"303130323030303030305a170d3439313233313030303030305a300d310b300906035504030c024a6f305930" \
	"1306072a8648ce3d020106082a8648ce3d0301070342000426efcebd0ee9e34a669187e18b3a9122b2f73394" \
	"5b649cc9f9f921e9f9dad81290238bde9cc7bb330d150c67704dd25ae7055205744b6f31bf4070745872d0e6" \
	"300506032b6570034100aea6392970223932ff0d0c8d7e77a88071cc7a93a86bc058307ed1acc863349d7623" \
	"f083795a24d0cc5c84fd97a05fd9075e44695a6e8310f64e11e29d8c1e0a"

#define POINT                                                                                      \
	"0426efcebd0ee9e34a669187e18b3a9122b2f733945b649cc9f9f921e9f9dad81290238bde9cc7bb330d150c" \
	"67704dd25ae7055205744b6f31bf4070745872d0e6"
#define INFO	     "3059301306072a8648ce3d020106082a8648ce3d030107034200" POINT
#define EDWARDS	     "03a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8"
#define EDWARDS_INFO "302a300506032b6570032100" EDWARDS
/* the modulus is no product of primes, and nobody here looks */
#define RSA_INFO                                                                                   \
	"302c300d06092a864886f70d0101010500031b003018021100c0ffee00c0ffee00c0ffee00c0ffee01"       \
	"0203010001"

static struct bytes bytes_of(const char *hex)
{
	struct bytes bytes = BYTES_INIT(BYTES_OF_FORMS);

	CHECK_OK(hex_decode(hex, &bytes));
	return bytes;
}

/* --- certificates ---------------------------------------------------------------------------- */

TEST(a_certificate_is_taken_apart)
{
	CLEANUP(bytes_done) struct bytes der = bytes_of(AUTHORITY);
	struct p11_certificate certificate;

	CHECK(p11_certificate_read(bytes_view(&der), &certificate));
	CHECK_HEX(certificate.serial_number, "02020080");
	CHECK_HEX(certificate.subject, "300F310D300B06035504030C04526F6F74");
	CHECK_HEX(certificate.issuer, "300F310D300B06035504030C04526F6F74");
	CHECK(certificate.public_key_info.len == 44 && certificate.public_key.len == 32);
	CHECK(certificate.has_dates && certificate.is_authority);
	CHECK(memcmp(&certificate.start, "19991231", sizeof(CK_DATE)) == 0);
	CHECK(memcmp(&certificate.end, "20500101", sizeof(CK_DATE)) == 0);
}

TEST(a_certificate_of_nobody_in_particular)
{
	CLEANUP(bytes_done) struct bytes der = bytes_of(LEAF);
	struct p11_certificate certificate;

	CHECK(p11_certificate_read(bytes_view(&der), &certificate));
	CHECK(!certificate.is_authority);
	CHECK_HEX(certificate.subject, "300D310B300906035504030C024A6F");
	CHECK(certificate.public_key.len == 65);
	CHECK(memcmp(&certificate.end, "20491231", sizeof(CK_DATE)) == 0);
}

TEST(what_is_cut_off_is_no_certificate)
{
	CLEANUP(bytes_done) struct bytes der = bytes_of(AUTHORITY);
	CLEANUP(bytes_done) struct bytes longer = bytes_of(AUTHORITY "00");
	struct p11_certificate certificate;

	for (size_t len = 0; len < der.len; len++)
		CHECK(!p11_certificate_read(view_of(der.data, len), &certificate));
	CHECK(!p11_certificate_read(bytes_view(&longer), &certificate));
}

/* --- public keys ----------------------------------------------------------------------------- */

static struct p11_attributes *describe(const char *hex)
{
	CLEANUP(bytes_done) struct bytes info = bytes_of(hex);
	struct p11_attributes *attributes = p11_attributes_new();

	p11_public_key_describe(bytes_view(&info), attributes);
	return attributes;
}

TEST(a_point_stands_in_an_octet_string)
{
	CLEANUP(p11_attributes_freep) struct p11_attributes *ec = describe(INFO);
	CLEANUP(p11_attributes_freep) struct p11_attributes *ed = describe(EDWARDS_INFO);
	CLEANUP(bytes_done) struct bytes expected = bytes_of("0441" POINT);

	CHECK_HEX(p11_attributes_view(ec, CKA_EC_PARAMS), "06082A8648CE3D030107");
	CHECK(view_equal(p11_attributes_view(ec, CKA_EC_POINT), bytes_view(&expected)));
	CHECK_HEX(p11_attributes_view(ed, CKA_EC_PARAMS), "06032B6570");
	CHECK(p11_attributes_view(ed, CKA_EC_POINT).len == 34);
	CHECK(p11_public_key_point(p11_attributes_view(ed, CKA_EC_POINT)).len == 32);
	CHECK(p11_public_key_point(view_of_text("raw")).len == 3);
}

TEST(an_rsa_key_is_two_numbers)
{
	CLEANUP(p11_attributes_freep) struct p11_attributes *rsa = describe(RSA_INFO);
	CK_ULONG n_bits = 128;
	const CK_ATTRIBUTE size = {CKA_MODULUS_BITS, &n_bits, sizeof(n_bits)};

	CHECK_HEX(p11_attributes_view(rsa, CKA_MODULUS), "C0FFEE00C0FFEE00C0FFEE00C0FFEE01");
	CHECK_HEX(p11_attributes_view(rsa, CKA_PUBLIC_EXPONENT), "010001");
	CHECK(p11_attributes_match(rsa, &size, 1));
}

TEST(a_key_of_another_type_is_what_it_is)
{
	CLEANUP(p11_attributes_freep)
	struct p11_attributes *other = describe("300d300606042a030405030300abcd");
	CLEANUP(p11_attributes_freep) struct p11_attributes *none = describe("3000");
	CLEANUP(bytes_done) struct bytes info = bytes_of("300d300606042a030405030300abcd");
	struct kc_view bits = {NULL, 0};

	CHECK(p11_attributes_view(other, CKA_PUBLIC_KEY_INFO).len == 15);
	CHECK(p11_attributes_view(other, CKA_EC_POINT).len == 0);
	CHECK(p11_attributes_view(none, CKA_MODULUS).len == 0);
	CHECK(p11_public_key_bits(bytes_view(&info), &bits));
	CHECK_HEX(bits, "ABCD");
	CHECK(!p11_public_key_bits(view_of_text("0"), &bits));
}

static const char *kind_of(const char *hex)
{
	CLEANUP(bytes_done) struct bytes params = bytes_of(hex);
	const struct p11_curve *curve = p11_public_key_curve(bytes_view(&params));

	return curve ? curve->kind : NULL;
}

TEST(curves_have_several_names)
{
	CLEANUP(bytes_done) struct bytes name = bytes_of("1309736563703338347231");
	const struct p11_curve *curve = p11_public_key_curve(bytes_view(&name));

	CHECK(curve && curve->size_in_bits == 384);
	CHECK_HEX(curve->params, "06052B81040022");
	CHECK_TEXT(kind_of("06032b6570"), "ed25519");
	CHECK_TEXT(kind_of("130c656477617264733235353139"), "ed25519");
	CHECK_TEXT(kind_of("06092b06010401da470f01"), "ed25519");
	CHECK_TEXT(kind_of("130a63757276653235353139"), "x25519");
	CHECK_TEXT(kind_of("130b63757276653235353139"), "x25519");
	CHECK_TEXT(kind_of("06032b6571"), "ed448");
	CHECK_TEXT(kind_of("06032b656f"), "x448");
	CHECK(!kind_of("06052b8104000a") && !kind_of("") && !kind_of("0500"));
	CHECK(p11_public_key_kind("rsa")->key_type == CKK_RSA);
	CHECK(!p11_public_key_kind("dsa") && !p11_public_key_kind(NULL));
}

static CK_ATTRIBUTE row(CK_ATTRIBUTE_TYPE type, struct bytes *value)
{
	return (CK_ATTRIBUTE){type, value->data, value->len};
}

TEST(a_public_key_is_built)
{
	CLEANUP(bytes_done) struct bytes params = bytes_of("06082a8648ce3d030107");
	CLEANUP(bytes_done) struct bytes name = bytes_of("1309736563703235367231");
	CLEANUP(bytes_done) struct bytes point = bytes_of("0441" POINT);
	CLEANUP(bytes_done) struct bytes bare = bytes_of(POINT);
	CLEANUP(bytes_done) struct bytes expected = bytes_of(INFO);
	const CK_ATTRIBUTE usual[] = {row(CKA_EC_PARAMS, &params), row(CKA_EC_POINT, &point)};
	const CK_ATTRIBUTE odd[] = {row(CKA_EC_PARAMS, &name), row(CKA_EC_POINT, &bare)};
	CLEANUP(kc_bytes_free) struct kc_bytes info = {NULL, 0};
	CLEANUP(kc_bytes_free) struct kc_bytes other = {NULL, 0};

	CHECK(p11_public_key_build(usual, 2, CKK_EC, &info) == CKR_OK);
	CHECK(view_equal(kc_view_of_bytes(&info), bytes_view(&expected)));
	CHECK(p11_public_key_build(odd, 2, CKK_EC, &other) == CKR_OK);
	CHECK(view_equal(kc_view_of_bytes(&other), bytes_view(&expected)));
	CHECK(p11_public_key_build(usual, 1, CKK_EC, &other) == CKR_TEMPLATE_INCOMPLETE);
	CHECK(p11_public_key_build(usual, 2, CKK_RSA, &other) == CKR_TEMPLATE_INCOMPLETE);
	CHECK(p11_public_key_build(usual, 2, CKK_DSA, &other) == CKR_ATTRIBUTE_VALUE_INVALID);
}

TEST(public_keys_of_other_types_are_built)
{
	CLEANUP(bytes_done) struct bytes params = bytes_of("130c656477617264733235353139");
	CLEANUP(bytes_done) struct bytes point = bytes_of("0420" EDWARDS);
	CLEANUP(bytes_done) struct bytes modulus = bytes_of("00c0ffee00c0ffee00c0ffee00c0ffee01");
	CLEANUP(bytes_done) struct bytes exponent = bytes_of("010001");
	CLEANUP(bytes_done) struct bytes edwards = bytes_of(EDWARDS_INFO);
	CLEANUP(bytes_done) struct bytes rsa = bytes_of(RSA_INFO);
	const CK_ATTRIBUTE of_edwards[] = {row(CKA_EC_PARAMS, &params), row(CKA_EC_POINT, &point)};
	const CK_ATTRIBUTE of_rsa[] = {row(CKA_MODULUS, &modulus),
				       row(CKA_PUBLIC_EXPONENT, &exponent)};
	CLEANUP(kc_bytes_free) struct kc_bytes info = {NULL, 0};
	CLEANUP(kc_bytes_free) struct kc_bytes other = {NULL, 0};

	CHECK(p11_public_key_build(of_edwards, 2, CKK_EC_EDWARDS, &info) == CKR_OK);
	CHECK(view_equal(kc_view_of_bytes(&info), bytes_view(&edwards)));
	CHECK(p11_public_key_build(of_rsa, 2, CKK_RSA, &other) == CKR_OK);
	CHECK(view_equal(kc_view_of_bytes(&other), bytes_view(&rsa)));
}

/* --- private keys ---------------------------------------------------------------------------- */

TEST(a_private_key_on_a_curve_is_built)
{
	CK_KEY_TYPE ec = CKK_EC;
	CLEANUP(bytes_done) struct bytes params = bytes_of("06082a8648ce3d030107");
	CLEANUP(bytes_done) struct bytes value = bytes_of("3039");
	CLEANUP(bytes_done)
	struct bytes huge =
		bytes_of("010000000000000000000000000000000000000000000000000000000000000000");
	CK_ATTRIBUTE template[] = {{CKA_KEY_TYPE, &ec, sizeof(ec)},
				   row(CKA_EC_PARAMS, &params),
				   row(CKA_VALUE, &value)};
	CLEANUP(bytes_done) struct bytes key = BYTES_INIT(P11_PRIVATE_KEY_MAX);

	CHECK(p11_private_key_build(template, 3, &key) == CKR_OK);
	CHECK_HEX(bytes_view(&key),
		  "3041020100301306072A8648CE3D020106082A8648CE3D0301070427302502010104200000000000"
		  "000000000000000000000000000000000000000000000000003039");
	template[2] = row(CKA_VALUE, &huge);
	CHECK(p11_private_key_build(template, 3, &key) == CKR_ATTRIBUTE_VALUE_INVALID);
	CHECK(p11_private_key_build(template, 2, &key) == CKR_TEMPLATE_INCOMPLETE);
	CHECK(p11_private_key_build(template, 0, &key) == CKR_TEMPLATE_INCOMPLETE);
	ec = CKK_EC_EDWARDS; /* of another curve */
	CHECK(p11_private_key_build(template, 3, &key) == CKR_ATTRIBUTE_VALUE_INVALID);
	ec = CKK_DSA;
	CHECK(p11_private_key_build(template, 3, &key) == CKR_ATTRIBUTE_VALUE_INVALID);
}

TEST(an_rsa_private_key_has_all_of_its_parts)
{
	static const CK_ATTRIBUTE_TYPE types[] = {
		CKA_MODULUS, CKA_PUBLIC_EXPONENT, CKA_PRIVATE_EXPONENT, CKA_PRIME_1,
		CKA_PRIME_2, CKA_EXPONENT_1,	  CKA_EXPONENT_2,	CKA_COEFFICIENT,
	};
	CK_KEY_TYPE rsa = CKK_RSA;
	CLEANUP(bytes_done) struct bytes number = bytes_of("81");
	CK_ATTRIBUTE template[1 + ARRAY_LEN(types)] = {{CKA_KEY_TYPE, &rsa, sizeof(rsa)}};
	CLEANUP(bytes_done) struct bytes key = BYTES_INIT(P11_PRIVATE_KEY_MAX);

	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		CHECK(p11_private_key_build(template, 1 + i, &key) == CKR_TEMPLATE_INCOMPLETE);
		template[1 + i] = row(types[i], &number);
	}
	CHECK(p11_private_key_build(template, ARRAY_LEN(template), &key) == CKR_OK);
	CHECK_HEX(bytes_view(&key), "3039020100300D06092A864886F70D01010105000425302302010002020081"
				    "0202008102020081020200810202008102020081020200810202008"
				    "1");
}

/* --- names ----------------------------------------------------------------------------------- */

TEST(an_application_s_id_goes_there_and_back)
{
	static const uint8_t id[] = {0x00, 0x01, 0xFE};
	CLEANUP(freep) char *alias = NULL;
	CLEANUP(bytes_done) struct bytes read = BYTES_INIT(P11_APPLICATION_ID_MAX);
	CLEANUP(freep) char *longest = calloc(1, P11_APPLICATION_ID_MAX + 1);

	CHECK_OK(p11_application_id_write(VIEW_OF(id), &alias));
	CHECK_TEXT(alias, "pkcs11:id=%00%01%FE");
	CHECK(p11_application_id_read(alias, &read));
	CHECK_HEX(bytes_view(&read), "0001FE");
	CHECK_STATUS(p11_application_id_write(view_of(NULL, 0), &alias), KC_ERR_PARAM);
	CHECK_STATUS(p11_application_id_write(view_of(longest, P11_APPLICATION_ID_MAX + 1), &alias),
		     KC_ERR_PARAM);
}

TEST(other_aliases_are_no_ids)
{
	static const char *const others[] = {
		NULL,
		"",
		"x",
		"pkcs11:id=",
		"pkcs11:id=%0",
		"pkcs11:id=a",
		"pkcs11:id=abc",
		"pkcs11:id=%zz",
		"pkcs11:id=%01%",
		"PKCS11:id=%01",
	};
	CLEANUP(bytes_done) struct bytes id = BYTES_INIT(P11_APPLICATION_ID_MAX);

	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		CHECK(!p11_application_id_read(others[i], &id));
}

static const char *place_of(const char *token_id, const char *hex)
{
	CLEANUP(bytes_done) struct bytes id = bytes_of(hex);

	return p11_place_find(token_id, bytes_view(&id));
}

TEST(places_have_the_numbers_that_programs_know)
{
	CHECK_TEXT(place_of("org.keycask.piv:01", "01"), "9a");
	CHECK_TEXT(place_of("org.keycask.piv:01", "04"), "9e");
	CHECK_TEXT(place_of("org.keycask.piv:01", "05"), "82");
	CHECK_TEXT(place_of("org.keycask.piv:01", "18"), "95");
	CHECK_TEXT(place_of("org.keycask.piv:01", "9c"), "9c");
	CHECK_TEXT(place_of("org.keycask.piv:01", "95"), "95");
	CHECK_TEXT(place_of("org.keycask.openpgp:01", "03"), "authenticate");
	CHECK(!place_of("org.keycask.openpgp:01", "04") && !place_of("org.keycask.piv:01", "00"));
	CHECK(!place_of("org.keycask.piv:01", "19") && !place_of("org.keycask.piv:01", "9b"));
	CHECK(!place_of("org.keycask.piv:01", "0101") && !place_of("org.example:1", "01"));
	CHECK(!place_of("org.keycask.piv:01", ""));
}
