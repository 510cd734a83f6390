/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Profiles: the grammar, and what a personalised card holds. */
#define ZLIB_CONST
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <zlib.h>

#include "base/try.h"
#include "codec/tlv.h"
#include "harness/test.h"
#include "vcard/profile.h"

enum {
	CERTIFICATE_MAX = 2048,
};

TEST(piv_alone_is_the_usual_four)
{
	struct profile profile;

	CHECK_OK(profile_parse("piv", &profile));
	CHECK_INT(profile.n_keys, 4);
	CHECK_INT(profile.keys[0].slot->reference, 0x9A);
	CHECK_TEXT(profile.keys[0].algorithm->type->name, "rsa2048");
	CHECK_INT(profile.keys[1].pin_policy, PIV_PIN_ALWAYS);
	CHECK_INT(profile.keys[3].pin_policy, PIV_PIN_NEVER);
}

TEST(options_follow_the_algorithm)
{
	struct profile profile;

	CHECK_OK(profile_parse("piv:9A=p384+gzip+never,95=rsa4096,82=p256", &profile));
	CHECK_INT(profile.n_keys, 3);
	CHECK(profile.keys[0].is_compressed);
	CHECK_INT(profile.keys[0].pin_policy, PIV_PIN_NEVER);
	CHECK(!profile.keys[1].is_compressed);
	CHECK_INT(profile.keys[1].slot->certificate_tag, 0x5FC120);
}

TEST(keys_without_a_slot_take_the_usual_ones_in_turn)
{
	struct profile profile;

	CHECK_OK(profile_parse("piv:rsa2048,9d=p384,p256+gzip,p256", &profile));
	CHECK_INT(profile.n_keys, 4);
	CHECK_INT(profile.keys[0].slot->reference, 0x9A);
	CHECK_TEXT(profile.keys[0].algorithm->type->name, "rsa2048");
	CHECK_INT(profile.keys[2].slot->reference, 0x9C);
	CHECK(profile.keys[2].is_compressed);
	CHECK_INT(profile.keys[3].slot->reference, 0x9E);
	CHECK_STATUS(profile_parse("piv:p256,p256,p256,p256,p384", &profile), KC_ERR_PARAM);
	CHECK_TEXT(error_get()->message, "\"p384\" has no slot left; name one, as in 82=p384");
}

TEST(a_profile_tells_the_cards_manner)
{
	struct profile profile;

	CHECK_OK(profile_parse("piv", &profile));
	CHECK_INT(profile.manner.pin_usage, PIV_USAGE_APPLICATION);
	CHECK_INT(profile.manner.extended_max, CARD_EXTENDED_MAX);
	CHECK(!profile.manner.is_strict);
	CHECK_OK(profile_parse("piv:pin=global,9a=p256+touch,extended=1340,strict=yes,"
			       "9c=p256+touch-cached+never",
			       &profile));
	CHECK_INT(profile.n_keys, 2);
	CHECK_INT(profile.keys[0].touch_policy, PIV_TOUCH_ALWAYS);
	CHECK_INT(profile.keys[1].touch_policy, PIV_TOUCH_CACHED);
	CHECK_INT(profile.manner.pin_usage, PIV_USAGE_GLOBAL);
	CHECK_INT(profile.manner.extended_max, 1340);
	CHECK(profile.manner.is_strict);
	CHECK(!profile.manner.moves_keys);
	CHECK_OK(profile_parse("piv:firmware=5.7", &profile));
	CHECK(profile.manner.moves_keys);
	CHECK_OK(profile_parse("piv:extended=none", &profile));
	CHECK_INT(profile.manner.extended_max, 0);
	CHECK(profile.manner.hides_extended);
	CHECK_OK(profile_parse("piv:extended=0", &profile));
	CHECK_INT(profile.manner.extended_max, 0);
	CHECK(!profile.manner.hides_extended);
}

TEST(wrong_profiles_are_refused)
{
	static const char *const wrong[] = {
		"",
		"pivot",
		"piv:",
		"piv:9a",
		"piv:9a=",
		"piv:9a=p521",
		"piv:9b=p256",
		"piv:96=p256",
		"piv:9=p256",
		"piv:9a=p256,",
		"piv:=p256",
		"piv:09a=p256",
		"piv:9a=p256+",
		"piv:9a=p256+zip",
		"piv:zz=p256",
		"piv:9a=p256,9a=p384",
		"openpgp:9a=p256",
		"piv:9a=p256 ",
		"piv:+9=p256",
		"piv:pin=local",
		"piv:pin",
		"piv:extended=",
		"piv:extended=0x10",
		"piv:extended=65536",
		"piv:strict=no",
		"piv:firmware=5.4",
		"piv:9a=p256+touched",
	};
	struct profile profile;

	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		error_clear();
		if (profile_parse(wrong[i], &profile) != KC_ERR_PARAM)
			test_fail(__FILE__, __LINE__, "\"%s\" was taken", wrong[i]);
	}
}

static void make_card(const char *text, struct card_state *state, struct bytes *ca_pem)
{
	struct profile profile;

	CHECK_OK(profile_parse(text, &profile));
	CHECK_OK(card_state_init(state));
	CHECK_OK(profile_apply(&profile, state, ca_pem));
}

static X509 *certificate_in(const struct card_state *state, uint32_t tag, uint8_t expected_info)
{
	struct kc_view object = {0};
	struct kc_view der = {0};
	struct kc_view info = {0};
	uint8_t plain[CERTIFICATE_MAX];
	const uint8_t *cursor = plain;
	z_stream stream = {0};

	CHECK(card_state_find_object(state, tag, &object));
	CHECK_OK(tlv_find(object, 0x70, &der));
	CHECK_OK(tlv_find(object, 0x71, &info));
	CHECK_INT(info.data[0], expected_info);
	CHECK(der.len <= sizeof(plain));
	memcpy(plain, der.data, der.len);
	if (!expected_info)
		return d2i_X509(NULL, &cursor, (long)der.len);
	CHECK(inflateInit2(&stream, 15 + 16) == Z_OK);
	stream.next_in = der.data;
	stream.avail_in = (uInt)der.len;
	stream.next_out = plain;
	stream.avail_out = sizeof(plain);
	CHECK(inflate(&stream, Z_FINISH) == Z_STREAM_END);
	inflateEnd(&stream);
	return d2i_X509(NULL, &cursor, (long)(sizeof(plain) - stream.avail_out));
}

static X509 *read_ca(const struct bytes *pem)
{
	BIO *bio = BIO_new_mem_buf(pem->data, (int)pem->len);
	X509 *ca = PEM_read_bio_X509(bio, NULL, NULL, NULL);

	BIO_free(bio);
	CHECK(ca);
	return ca;
}

static void check_certificate(struct card_state *state, unsigned slot, X509 *ca, X509 *certificate)
{
	X509_NAME *subject = X509_get_subject_name(certificate);
	char name[64] = "";
	char expected[64];

	CHECK(certificate);
	CHECK(X509_verify(certificate, X509_get0_pubkey(ca)) == 1);
	CHECK(X509_check_issued(ca, certificate) == X509_V_OK);
	CHECK(EVP_PKEY_eq(X509_get0_pubkey(certificate), card_state_find_key(state, slot)->pkey) ==
	      1);
	CHECK(X509_NAME_get_text_by_NID(subject, NID_commonName, name, sizeof(name)) > 0);
	snprintf(expected, sizeof(expected), "keycask PIV %02X %u", slot, state->serial);
	CHECK_TEXT(name, expected);
	CHECK(X509_get0_subject_key_id(certificate) && X509_get0_authority_key_id(certificate));
	snprintf(expected, sizeof(expected), "piv-%02x@keycask.example", slot);
	CHECK(X509_check_email(certificate, expected, 0, 0) == 1);
}

TEST(certificates_belong_to_their_keys_and_to_the_test_ca)
{
	CLEANUP(card_state_done) struct card_state state = {0};
	CLEANUP(bytes_done) struct bytes pem = BYTES_INIT(CERTIFICATE_MAX);
	X509 *plain = NULL;
	X509 *compressed = NULL;
	X509 *ca = NULL;

	make_card("piv:9c=p256,9d=rsa2048+gzip", &state, &pem);
	ca = read_ca(&pem);
	plain = certificate_in(&state, PIV_SIGNATURE_CERTIFICATE, 0);
	check_certificate(&state, 0x9C, ca, plain);
	CHECK_INT(X509_get_key_usage(plain), KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION);
	CHECK_INT(X509_get_extended_key_usage(plain), XKU_SSL_CLIENT | XKU_SMIME);
	compressed = certificate_in(&state, PIV_KEY_MANAGEMENT_CERTIFICATE, 1);
	check_certificate(&state, 0x9D, ca, compressed);
	CHECK_INT(X509_get_key_usage(compressed), KU_KEY_ENCIPHERMENT);
	X509_free(plain);
	X509_free(compressed);
	X509_free(ca);
}

TEST(retired_keys_are_in_the_key_history)
{
	CLEANUP(card_state_done) struct card_state state = {0};
	struct kc_view history = {0};

	make_card("piv:9a=p256,82=p256,83=p256", &state, NULL);
	CHECK(card_state_find_object(&state, PIV_KEY_HISTORY, &history));
	CHECK_HEX(history, "C10102C20100FE00");
}

TEST(without_retired_keys_there_is_no_key_history)
{
	CLEANUP(card_state_done) struct card_state state = {0};
	struct kc_view history = {0};

	make_card("piv:9a=p256", &state, NULL);
	CHECK(!card_state_find_object(&state, PIV_KEY_HISTORY, &history));
}
