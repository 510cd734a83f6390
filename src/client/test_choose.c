/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Choosing from a program: what is asked, what comes back, what is said when nothing fits. */
#include <stdlib.h>
#include <string.h>

#include <keycask/daemon.h>
#include <keycask/error.h>
#include <keycask/identity.h>

#include "base/bytes.h"
#include "harness/canned_daemon.h"
#include "harness/test.h"

static struct canned_daemon daemon;

static void start(void)
{
	daemon = canned_daemon_start("[]", "[]");
}

static void stop(void)
{
	kc_daemon_disconnect();
	canned_daemon_stop(&daemon);
}

TEST(choosing_gives_the_best)
{
	struct kc_identity *identity = NULL;

	start();
	CHECK_OK(kc_identity_choose(KC_PURPOSE_TLS_CLIENT, NULL, &identity));
	CHECK(view_equal(kc_identity_persistent_ref(identity), view_of_text("iref")));
	CHECK_TEXT(daemon.state->parameters,
		   "{\"purpose\":\"tls_client\",\"issuers\":[],\"key_types\":[],"
		   "\"algorithms\":[],\"explain\":true}");
	kc_identity_free(identity);
	stop();
}

TEST(choosing_asks_for_all_that_is_wished)
{
	const struct kc_view issuers[] = {view_of_text("name"), view_of_text("n2")};
	const char *const types[] = {KC_KEY_TYPE_NAME_RSA, KC_KEY_TYPE_NAME_EC};
	const char *const algorithms[] = {"rsa_signature_raw"};
	struct kc_choice choice = KC_CHOICE_INIT;
	struct kc_dictionary *found = NULL;

	choice.host = "www.example.org";
	choice.issuers = issuers;
	choice.n_issuers = 2;
	choice.key_types = types;
	choice.n_key_types = 2;
	choice.algorithms = algorithms;
	choice.n_algorithms = 1;
	start();
	CHECK_OK(kc_identity_choose_all("tls_client", &choice, &found));
	CHECK_TEXT(daemon.state->parameters,
		   "{\"purpose\":\"tls_client\",\"host\":\"www.example.org\","
		   "\"issuers\":[\"bmFtZQ==\",\"bjI=\"],\"key_types\":[\"rsa\",\"ec\"],"
		   "\"algorithms\":[\"rsa_signature_raw\"],\"explain\":true}");
	kc_dictionary_free(found);
	stop();
}

TEST(choosing_gives_values_of_their_types)
{
	struct kc_dictionary *found = NULL;
	const struct kc_dictionary *best = NULL;
	const struct kc_value *chain = NULL;

	start();
	CHECK_OK(kc_identity_choose_all("tls_client", NULL, &found));
	best = kc_value_dictionary(kc_value_at(kc_dictionary_get(found, KC_CHOICE_IDENTITIES), 0));
	CHECK(view_equal(kc_dictionary_data(best, KC_CHOICE_KEY), view_of_text("kref")));
	CHECK(view_equal(kc_dictionary_data(best, KC_CHOICE_CERTIFICATE), view_of_text("cert")));
	chain = kc_dictionary_get(best, KC_CHOICE_CHAIN);
	CHECK_INT(kc_value_count(chain), 2);
	CHECK(view_equal(kc_value_data(kc_value_at(chain, 1)), view_of_text("ca2")));
	CHECK_TEXT(kc_dictionary_text(best, KC_CHOICE_SUBJECT), "CN=Jo");
	CHECK_TEXT(kc_dictionary_text(best, KC_CHOICE_ISSUER), "CN=CA");
	CHECK_INT(kc_value_date_us(kc_dictionary_get(best, KC_ATTR_NOT_VALID_AFTER), 0), 1000000);
	CHECK_INT(kc_dictionary_number(best, KC_ATTR_KEY_SIZE_IN_BITS, 0), 256);
	CHECK(kc_dictionary_flag(best, KC_CHOICE_PIN_NEEDED, false));
	CHECK_TEXT(kc_value_text(kc_value_at(kc_dictionary_get(best, KC_CHOICE_ALGORITHMS), 0)),
		   "ecdsa_signature_message_x962_sha256");
	CHECK_INT(kc_dictionary_number(found, KC_CHOICE_OMITTED, -1), 0);
	kc_dictionary_free(found);
	stop();
}

static void check_unfit(const char *purpose, const char *message, const char *hint)
{
	struct kc_identity *identity = NULL;

	CHECK_STATUS(kc_identity_choose(purpose, NULL, &identity), KC_ERR_ITEM_NOT_FOUND);
	CHECK(!identity);
	CHECK_TEXT(kc_error_message(kc_error_last()), message);
	if (hint)
		CHECK_TEXT(kc_error_hint(kc_error_last()), hint);
}

TEST(choosing_says_what_speaks_against_the_nearest)
{
	start();
	check_unfit("ssh", "there is no identity, so none for ssh", NULL);
	check_unfit("sign", "of 5 identities none fits sign", "Jo: it expired on 2020-02-29");
	check_unfit("login", "the one identity there is does not fit login",
		    "one of them: the keychain is locked");
	stop();
}

TEST(choosing_refuses_what_cannot_be_asked)
{
	struct kc_choice choice = KC_CHOICE_INIT;
	const char *const texts[] = {"\xFF"};
	struct kc_dictionary *found = NULL;
	struct kc_identity *identity = NULL;

	start();
	CHECK_STATUS(kc_identity_choose_all(NULL, NULL, &found), KC_ERR_PARAM);
	CHECK_STATUS(kc_identity_choose_all("\xFF", NULL, &found), KC_ERR_PARAM);
	choice.host = "\xFF";
	CHECK_STATUS(kc_identity_choose("sign", &choice, &identity), KC_ERR_PARAM);
	choice.host = NULL;
	choice.algorithms = texts;
	choice.n_algorithms = 1;
	CHECK_STATUS(kc_identity_choose("sign", &choice, &identity), KC_ERR_PARAM);
	CHECK_TEXT(kc_error_message(kc_error_last()), "one of the algorithms is not UTF-8");
	choice.n_algorithms = 0;
	choice.size = 0;
	CHECK_STATUS(kc_identity_choose("sign", &choice, &identity), KC_ERR_PARAM);
	CHECK_STATUS(kc_identity_choose_all("broken", NULL, &found), KC_ERR_INTERNAL);
	CHECK(!found && !identity);
	stop();
}
