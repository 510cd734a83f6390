/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What goes out when a token is written to, and what comes back. */
#include <string.h>

#include <keycask/daemon.h>
#include <keycask/dictionary.h>
#include <keycask/error.h>
#include <keycask/names.h>
#include <keycask/token.h>

#include "base/bytes.h"
#include "harness/canned_daemon.h"
#include "harness/test.h"

static struct canned_daemon canned;

static void stop(void)
{
	kc_daemon_disconnect();
	canned_daemon_stop(&canned);
}

static bool has_sent(const char *text)
{
	return strstr(canned.state->parameters, text) != NULL;
}

TEST(a_certificate_is_put)
{
	struct kc_token_place place = KC_TOKEN_PLACE_INIT;
	struct kc_options options = KC_OPTIONS_INIT;
	struct kc_bytes reference = {NULL, 0};

	canned = canned_daemon_start("[]", "[]");
	place.token_object = "9a";
	place.may_replace = true;
	options.administrator = view_of_text("12345678");
	CHECK_OK(kc_token_put_certificate("org.example:1", view_of_text("der"), &place, &options,
					  &reference));
	CHECK_INT(reference.len, 4);
	CHECK(memcmp(reference.data, "cert", 4) == 0);
	CHECK(has_sent("\"token_id\":\"org.example:1\"") && has_sent("\"data\":\"ZGVy\""));
	CHECK(has_sent("\"token_object\":\"9a\"") && has_sent("\"may_replace\":true"));
	CHECK(has_sent("\"may_mismatch\":false") && has_sent("\"administrator_fd\":0"));
	CHECK(!has_sent("12345678"));
	CHECK_TEXT(canned.state->context_secret, "12345678");
	kc_bytes_free(&reference);
	CHECK_OK(kc_token_put_certificate("org.example:1", view_of_text("der"), NULL, NULL, NULL));
	CHECK(!has_sent("token_object") && !has_sent("administrator_fd"));
	stop();
}

TEST(an_object_is_deleted)
{
	canned = canned_daemon_start("[]", "[]");
	CHECK_OK(kc_token_delete_object(view_of_text("reference"), NULL));
	CHECK(has_sent("\"reference\":\"cmVmZXJlbmNl\""));
	stop();
}

TEST(what_is_no_call)
{
	struct kc_token_place place = KC_TOKEN_PLACE_INIT;
	struct kc_options options = KC_OPTIONS_INIT;
	const struct kc_view none = {NULL, 0};

	CHECK_STATUS(kc_token_put_certificate(NULL, view_of_text("der"), NULL, NULL, NULL),
		     KC_ERR_PARAM);
	CHECK_STATUS(kc_token_put_certificate("", view_of_text("der"), NULL, NULL, NULL),
		     KC_ERR_PARAM);
	CHECK_STATUS(kc_token_put_certificate("x", none, NULL, NULL, NULL), KC_ERR_PARAM);
	CHECK_STATUS(kc_token_delete_object(none, NULL), KC_ERR_PARAM);
	place.size = 3;
	CHECK_STATUS(kc_token_put_certificate("x", view_of_text("der"), &place, NULL, NULL),
		     KC_ERR_PARAM);
	options.pin = view_of_text("123456");
	CHECK_STATUS(kc_token_delete_object(view_of_text("reference"), &options), KC_ERR_PARAM);
	CHECK(strstr(kc_error_message(kc_error_last()), "not used here"));
}

TEST(a_key_is_brought_to_a_token)
{
	struct kc_options options = KC_OPTIONS_INIT;
	struct kc_dictionary *attributes = KC_DICTIONARY({KC_ATTR_TOKEN_ID, KC_TEXT("x")});
	struct kc_key *key = NULL;

	canned = canned_daemon_start("[]", "[]");
	options.administrator = view_of_text("12345678");
	CHECK_OK(kc_key_import(view_of_text("bytes"), attributes, &options, &key));
	CHECK(has_sent("\"secrets\":[\"administrator\"]") && has_sent("\"secrets_fd\":0"));
	CHECK(!has_sent("12345678"));
	kc_key_free(key);
	kc_dictionary_free(attributes);
	CHECK_STATUS(kc_key_import(view_of_text("bytes"), NULL, &options, &key), KC_ERR_PARAM);
	stop();
}

TEST(what_keys_perform_is_listed)
{
	struct kc_value *types = NULL;
	const struct kc_dictionary *type = NULL;

	canned = canned_daemon_start("[]", "[]");
	CHECK_STATUS(kc_token_copy_algorithms("", &types), KC_ERR_PARAM);
	CHECK_OK(kc_token_copy_algorithms("org.example:1", &types));
	CHECK_INT(kc_value_count(types), 1);
	type = kc_value_dictionary(kc_value_at(types, 0));
	CHECK_TEXT(kc_dictionary_text(type, KC_ATTR_KEY_TYPE), "rsa");
	CHECK_INT(kc_value_count(kc_dictionary_get(type, KC_OPERATION_SIGN)), 1);
	CHECK_INT(kc_value_count(kc_dictionary_get(type, KC_OPERATION_DECRYPT)), 0);
	kc_value_free(types);
	stop();
}
