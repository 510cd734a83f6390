/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Certificates and identities: what is asked for them, what they keep, what they refuse. */
#include <string.h>

#include <keycask/daemon.h>
#include <keycask/error.h>
#include <keycask/identity.h>
#include <keycask/item.h>

#include "base/bytes.h"
#include "harness/canned_daemon.h"
#include "harness/test.h"

/* value_data "cert"; persistent references "cref" and "iref" */
#define ITEMS                                                                                      \
	"[{\"class\":\"certificate\",\"value_persistent_ref\":\"Y3JlZg==\","                       \
	"\"value_data\":\"Y2VydA==\"},"                                                            \
	"{\"class\":\"identity\",\"value_persistent_ref\":\"aXJlZg==\","                           \
	"\"value_data\":\"Y2VydA==\"}]"

static struct canned_daemon daemon;

static void start(void)
{
	daemon = canned_daemon_start(ITEMS, "[]");
}

static void stop(void)
{
	kc_daemon_disconnect();
	canned_daemon_stop(&daemon);
}

static struct kc_value *value_of(struct kc_literal literal)
{
	struct kc_value *value = NULL;

	CHECK_OK(kc_value_new(literal, &value));
	return value;
}

TEST(a_certificate_outlives_the_daemon)
{
	struct kc_certificate *certificate = NULL;
	const struct kc_dictionary *attributes = NULL;
	struct kc_key *key = NULL;

	start();
	CHECK_OK(kc_certificate_from_data(view_of_text("cert"), &certificate));
	stop();
	attributes = kc_certificate_attributes(certificate);
	CHECK_HEX(kc_certificate_data(certificate), "63657274");
	CHECK_TEXT(kc_certificate_summary(certificate), "Jo");
	CHECK_INT(kc_dictionary_date_us(attributes, KC_ATTR_NOT_VALID_AFTER, 0), 1000000);
	CHECK_TEXT(kc_value_text(
			   kc_value_at(kc_dictionary_get(attributes, KC_CERTIFICATE_KEY_USAGE), 0)),
		   "digital_signature");
	CHECK_OK(kc_certificate_copy_key(certificate, &key));
	CHECK_INT(kc_key_persistent_ref(key).len, 0); /* a public key is no item */
	kc_key_free(key);
	CHECK(!kc_certificate_free(certificate));
}

TEST(what_is_no_certificate_is_refused_with_the_reason)
{
	struct kc_certificate *certificate = NULL;

	start();
	CHECK_STATUS(kc_certificate_from_data(view_of_text("pem"), &certificate), KC_ERR_DECODE);
	CHECK_TEXT(kc_error_message(kc_error_last()), "no certificate");
	CHECK_STATUS(kc_certificate_from_data(view_of(NULL, 0), &certificate), KC_ERR_DECODE);
	CHECK(!certificate);
	stop();
}

TEST(a_key_of_an_unknown_type_is_none_to_use)
{
	struct kc_certificate *certificate = NULL;
	struct kc_key *key = NULL;

	start();
	CHECK_OK(kc_certificate_from_data(view_of_text("odd"), &certificate));
	CHECK_STATUS(kc_certificate_copy_key(certificate, &key), KC_ERR_UNIMPLEMENTED);
	CHECK(!key);
	kc_certificate_free(certificate);
	stop();
}

static void check_from(struct kc_literal literal, enum kc_status expected, int n_queries)
{
	struct kc_value *item = value_of(literal);
	struct kc_certificate *certificate = NULL;
	int before = daemon.state->n_queries;

	CHECK_STATUS(kc_certificate_from_item(item, &certificate), expected);
	CHECK_INT(daemon.state->n_queries - before, n_queries);
	CHECK((certificate != NULL) == (expected == KC_OK));
	kc_certificate_free(certificate);
	kc_value_free(item);
}

static void check_from_dictionary(struct kc_dictionary *dictionary, enum kc_status expected,
				  int n_queries)
{
	check_from(KC_NESTED(dictionary), expected, n_queries);
	kc_dictionary_free(dictionary);
}

/* The data when it is there, else it is fetched: as a certificate or an identity, never as a key.
 */
TEST(an_item_gives_its_certificate)
{
	struct kc_literal data = KC_DATA(view_of_text("cert"));
	struct kc_literal reference = KC_DATA(view_of_text("iref"));

	start();
	check_from_dictionary(KC_DICTIONARY({KC_VALUE_DATA, data}), KC_OK, 0);
	check_from_dictionary(
		KC_DICTIONARY({KC_CLASS, KC_TEXT(KC_CLASS_IDENTITY)}, {KC_VALUE_REF, reference}),
		KC_OK, 1);
	CHECK(strstr(daemon.state->parameters, "\"return_data\":true"));
	check_from(KC_DATA(view_of_text("cref")), KC_OK, 1);
	check_from_dictionary(
		KC_DICTIONARY({KC_CLASS, KC_TEXT(KC_CLASS_KEY)}, {KC_VALUE_DATA, data}),
		KC_ERR_PARAM, 0);
	CHECK_TEXT(kc_error_message(kc_error_last()), "an item of class key has no certificate");
	check_from_dictionary(KC_DICTIONARY({KC_ATTR_LABEL, KC_TEXT("L")}), KC_ERR_PARAM, 0);
	check_from(KC_NUMBER(1), KC_ERR_PARAM, 0);
	stop();
}

TEST(an_identity_is_found_by_its_certificate)
{
	struct kc_certificate *certificate = NULL;
	struct kc_identity *identity = NULL;

	start();
	CHECK_OK(kc_certificate_from_data(view_of_text("cert"), &certificate));
	CHECK_OK(kc_identity_from_certificate(certificate, &identity));
	CHECK_HEX(kc_identity_persistent_ref(identity), "69726566");
	CHECK(strstr(daemon.state->parameters,
		     "{\"query\":{\"class\":\"identity\",\"return_persistent_ref\":true,"
		     "\"issuer\":\"aXNz\",\"serial_number\":\"AQ==\","
		     "\"public_key_hash\":\"aGFzaA==\"}"));
	kc_identity_free(identity);
	kc_certificate_free(certificate);
	stop();
}

TEST(an_identity_gives_its_parts)
{
	struct kc_value *item = value_of(KC_DATA(view_of_text("iref")));
	struct kc_certificate *certificate = NULL;
	struct kc_identity *identity = NULL;
	struct kc_key *key = NULL;

	start();
	CHECK_OK(kc_identity_from_item(item, &identity));
	CHECK_INT(daemon.state->n_connections, 0);
	CHECK_OK(kc_identity_copy_certificate(identity, &certificate));
	CHECK_HEX(kc_certificate_data(certificate), "63657274");
	CHECK_OK(kc_identity_copy_key(identity, &key));
	CHECK_HEX(kc_key_persistent_ref(key), "69726566");
	kc_key_free(key);
	kc_certificate_free(certificate);
	kc_identity_free(identity);
	kc_value_free(item);
	stop();
}

TEST(nothing_is_refused_and_freed)
{
	struct kc_certificate *certificate = NULL;
	struct kc_identity *identity = NULL;
	struct kc_key *key = NULL;

	CHECK_STATUS(kc_certificate_from_item(NULL, &certificate), KC_ERR_PARAM);
	CHECK_STATUS(kc_certificate_copy_key(NULL, &key), KC_ERR_PARAM);
	CHECK_INT(kc_certificate_data(NULL).len, 0);
	CHECK_TEXT(kc_certificate_summary(NULL), "");
	CHECK(!kc_certificate_attributes(NULL));
	CHECK_STATUS(kc_identity_from_item(NULL, &identity), KC_ERR_PARAM);
	CHECK_TEXT(kc_error_message(kc_error_last()),
		   "this item holds no reference to an identity");
	CHECK_STATUS(kc_identity_from_persistent_ref(view_of(NULL, 0), &identity), KC_ERR_PARAM);
	CHECK_STATUS(kc_identity_from_certificate(NULL, &identity), KC_ERR_PARAM);
	CHECK_STATUS(kc_identity_copy_certificate(NULL, &certificate), KC_ERR_PARAM);
	CHECK_STATUS(kc_identity_copy_key(NULL, &key), KC_ERR_PARAM);
	CHECK_INT(kc_identity_persistent_ref(NULL).len, 0);
	CHECK(!kc_identity_free(NULL));
	CHECK(!kc_certificate_free(NULL));
}
