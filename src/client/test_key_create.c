/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What goes out when a key is made or brought, and the handles that come back. */
#include <string.h>

#include <keycask/daemon.h>
#include <keycask/dictionary.h>
#include <keycask/error.h>
#include <keycask/key.h>
#include <keycask/names.h>

#include "base/bytes.h"
#include "harness/canned_daemon.h"
#include "harness/test.h"

static struct canned_daemon canned;

static void start(void)
{
	canned = canned_daemon_start("[]", "[]");
}

static void stop(struct kc_key *key)
{
	kc_key_free(key);
	kc_daemon_disconnect();
	canned_daemon_stop(&canned);
}

static bool has_sent(const char *text)
{
	return strstr(canned.state->parameters, text) != NULL;
}

static enum kc_status create(struct kc_dictionary *attributes, const struct kc_options *options,
			     struct kc_key **ret_key)
{
	enum kc_status status = kc_key_create(attributes, options, ret_key);

	kc_dictionary_free(attributes);
	return status;
}

static struct kc_dictionary *ec_key(void)
{
	return KC_DICTIONARY({KC_ATTR_KEY_TYPE, KC_TEXT(KC_KEY_TYPE_NAME_EC)},
			     {KC_ATTR_KEY_SIZE_IN_BITS, KC_NUMBER(256)});
}

/* Bytes and texts are told apart in the inner dictionaries too. */
TEST(a_key_is_made)
{
	struct kc_options options = KC_OPTIONS_INIT;
	struct kc_key *key = NULL;

	start();
	options.administrator = view_of_text("12345678");
	options.interaction = KC_INTERACTION_FAIL;
	CHECK_OK(create(KC_DICTIONARY({KC_ATTR_KEY_TYPE, KC_TEXT(KC_KEY_TYPE_NAME_EC)},
				      {KC_PRIVATE_KEY_ATTRIBUTES,
				       KC_NESTED_OF({KC_ATTR_APPLICATION_TAG, KC_TEXT("tag")})}),
			&options, &key));
	CHECK(has_sent("\"attributes\":{\"key_type\":\"ec\",\"private_key_attributes\":"
		       "{\"application_tag\":\"dGFn\"}}"));
	CHECK(has_sent("\"administrator_fd\":0") && has_sent("\"authentication_ui\":\"fail\""));
	CHECK(!has_sent("12345678"));
	CHECK_TEXT(canned.state->context_secret, "12345678");
	/* It is no item. */
	CHECK_INT(kc_key_persistent_ref(key).len, 0);
	stop(key);
}

/* What is not permanent has no other name, and none that another process knows. */
TEST(a_key_is_named_in_this_process)
{
	struct kc_key *key = NULL;

	CHECK_OK(kc_key_from_persistent_ref(view_of_text("kcss0123456789abcdef"), &key));
	CHECK(view_equal(kc_key_ref(key), view_of_text("kcss0123456789abcdef")));
	CHECK(kc_key_persistent_ref(key).len == 0);
	kc_key_free(key);
	CHECK(kc_key_ref(NULL).len == 0);
}

TEST(a_key_is_brought)
{
	struct kc_options options = KC_OPTIONS_INIT;
	struct kc_key *key = NULL;
	struct kc_bytes signature = {NULL, 0};

	start();
	CHECK_OK(kc_key_import(view_of_text("k"), NULL, NULL, &key));
	CHECK(has_sent("\"data\":\"aw==\"") && !has_sent("attributes") && !has_sent("secrets"));
	kc_key_free(key);
	options.passphrase = view_of_text("open");
	CHECK_OK(kc_key_import(view_of_text("k"), NULL, &options, &key));
	CHECK(has_sent("\"secrets_fd\":0,\"secrets\":[\"passphrase\"]") && !has_sent("open"));
	CHECK_TEXT(canned.state->context_secret, "open");
	/* The answer says that it is a public one. */
	CHECK_STATUS(kc_key_sign(key, "a", view_of_text("d"), NULL, &signature), KC_ERR_PARAM);
	CHECK_TEXT(kc_error_message(kc_error_last()), "a public key cannot sign");
	stop(key);
}

TEST(options_that_mean_nothing_here)
{
	struct kc_options options = KC_OPTIONS_INIT;
	struct kc_key *key = NULL;

	start();
	options.pin = view_of_text("123456");
	CHECK_STATUS(create(ec_key(), &options, &key), KC_ERR_PARAM);
	CHECK_TEXT(kc_error_message(kc_error_last()),
		   "the options have a PIN that is not used here");
	CHECK_STATUS(kc_key_import(view_of_text("k"), NULL, &options, &key), KC_ERR_PARAM);
	options.pin = view_of(NULL, 0);
	options.passphrase = view_of_text("x");
	CHECK_STATUS(create(ec_key(), &options, &key), KC_ERR_PARAM);
	CHECK_TEXT(kc_error_message(kc_error_last()),
		   "the options have a passphrase that is not used here");
	options.administrator = view_of_text("x");
	CHECK_STATUS(kc_key_import(view_of_text("k"), NULL, &options, &key), KC_ERR_PARAM);
	CHECK_TEXT(kc_error_message(kc_error_last()),
		   "the options have an administrator's secret that is not used here");
	CHECK_STATUS(kc_key_create(NULL, NULL, &key), KC_ERR_PARAM);
	CHECK_STATUS(kc_key_import(view_of(NULL, 0), NULL, NULL, &key), KC_ERR_PARAM);
	CHECK_INT(canned.state->n_connections, 0);
	CHECK(!key);
	stop(NULL);
}

/* A program from before these fields were there: they are as good as not set. */
TEST(options_of_an_older_program)
{
	struct kc_options options = KC_OPTIONS_INIT;
	struct kc_key *key = NULL;

	start();
	options.size = offsetof(struct kc_options, administrator);
	options.administrator = view_of_text("x");
	CHECK_OK(create(ec_key(), &options, &key));
	CHECK(!has_sent("administrator"));
	stop(key);
}

TEST(what_is_known_of_a_key)
{
	struct kc_dictionary *attributes = NULL;
	struct kc_key *key = NULL;
	size_t size_bytes = 0;

	start();
	CHECK_OK(create(ec_key(), NULL, &key));
	CHECK_OK(kc_key_copy_attributes(key, &attributes));
	CHECK_TEXT(kc_dictionary_text(attributes, KC_ATTR_LABEL), "k");
	CHECK_HEX(kc_dictionary_data(attributes, KC_ATTR_APPLICATION_TAG), "746167");
	kc_dictionary_free(attributes);
	CHECK_OK(kc_key_block_size(key, &size_bytes));
	CHECK_INT(size_bytes, 32);
	CHECK_STATUS(kc_key_copy_attributes(NULL, &attributes), KC_ERR_PARAM);
	CHECK_STATUS(kc_key_block_size(NULL, &size_bytes), KC_ERR_PARAM);
	stop(key);
}
