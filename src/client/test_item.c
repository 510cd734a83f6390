/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The four verbs: what goes out, in which form, and what is said when a change gets no answer. */
#include <stdlib.h>
#include <string.h>

#include <keycask/daemon.h>
#include <keycask/error.h>
#include <keycask/item.h>

#include "base/bytes.h"
#include "base/error.h"
#include "client/item_impl.h"
#include "codec/vocabulary.h"
#include "harness/canned_daemon.h"
#include "harness/test.h"

#define ITEMS "[{\"class\":\"generic_password\",\"label\":\"L\",\"value_persistent_ref\":\"cmVm\"}]"

static struct canned_daemon daemon;

static void start(void)
{
	daemon = canned_daemon_start(ITEMS, "[]");
	CHECK(unsetenv("DISPLAY") == 0 && unsetenv("WAYLAND_DISPLAY") == 0);
	CHECK(setenv("GPG_TTY", "/dev/pts/7", 1) == 0);
}

static void stop(void)
{
	kc_daemon_disconnect();
	canned_daemon_stop(&daemon);
}

static bool has_sent(const char *text)
{
	return strstr(daemon.state->parameters, text) != NULL;
}

static void check_sent(struct kc_dictionary *dictionary, const char *expected)
{
	struct json_object *json = NULL;

	CHECK_OK(item_dictionary_to_json(dictionary, &json));
	CHECK_TEXT(json_object_to_json_string_ext(json, JSON_C_TO_STRING_PLAIN |
								JSON_C_TO_STRING_NOSLASHESCAPE),
		   expected);
	field_free(&json);
	kc_dictionary_free(dictionary);
}

static void check_refused(struct kc_dictionary *dictionary, const char *why)
{
	struct json_object *json = NULL;

	error_clear();
	CHECK_STATUS(item_dictionary_to_json(dictionary, &json), KC_ERR_PARAM);
	CHECK_TEXT(error_get()->message, why);
	CHECK(!json);
	kc_dictionary_free(dictionary);
}

/* reference/keychain.md 1.8 */
TEST(attributes_become_what_the_wire_takes_for_them)
{
	check_sent(KC_DICTIONARY({KC_ATTR_GENERIC, KC_TEXT("abc")}), "{\"generic\":\"YWJj\"}");
	check_sent(KC_DICTIONARY({KC_ATTR_GENERIC, KC_DATA(view_of("abc", 3))}),
		   "{\"generic\":\"YWJj\"}");
	check_sent(KC_DICTIONARY({KC_ATTR_GENERIC, KC_NUMBER(258)}), "{\"generic\":\"AgEAAA==\"}");
	check_sent(KC_DICTIONARY({KC_ATTR_GENERIC, KC_NUMBER(-1)}), "{\"generic\":\"/////w==\"}");
	check_sent(KC_DICTIONARY({KC_ATTR_SERVER, KC_DATA(view_of("host", 4))}),
		   "{\"server\":\"host\"}");
	check_sent(KC_DICTIONARY({KC_ATTR_ACCOUNT, KC_NUMBER(7)}, {KC_ATTR_PORT, KC_TEXT("443")},
				 {KC_ATTR_LABEL, KC_NULL}, {"unknown", KC_TEXT("x")}),
		   "{\"account\":7,\"port\":\"443\",\"label\":null,\"unknown\":\"x\"}");
	check_refused(KC_DICTIONARY({KC_ATTR_SERVER, KC_DATA(view_of("\xff", 1))}),
		      "server: data that is no UTF-8 text");
	check_refused(KC_DICTIONARY({KC_ATTR_GENERIC, KC_NUMBER(1LL << 40)}),
		      "generic: a number that does not fit into four bytes");
}

/* 2.5: "v_Data: must be data. NULL or a string … param": NULL is for the daemon to refuse. */
TEST(values_are_data)
{
	check_sent(KC_DICTIONARY({KC_VALUE_DATA, KC_DATA(view_of("pw", 2))}),
		   "{\"value_data\":\"cHc=\"}");
	check_sent(KC_DICTIONARY({KC_VALUE_DATA, KC_NULL}), "{\"value_data\":null}");
	check_refused(KC_DICTIONARY({KC_VALUE_DATA, KC_TEXT("pw")}), "value_data: not data");
	check_refused(KC_DICTIONARY({KC_VALUE_PERSISTENT_REF, KC_NUMBER(1)}),
		      "value_persistent_ref: not data");
}

static struct kc_dictionary *a_password(void)
{
	return KC_DICTIONARY({KC_CLASS, KC_TEXT(KC_CLASS_GENERIC_PASSWORD)},
			     {KC_ATTR_SERVICE, KC_TEXT("s")},
			     {KC_VALUE_DATA, KC_DATA(view_of("pw", 2))});
}

TEST(add_gives_what_was_asked_for_bare)
{
	struct kc_dictionary *item = a_password();
	struct kc_value *result = NULL;

	start();
	CHECK_OK(kc_item_add(item, NULL));
	CHECK(has_sent("{\"item\":{\"class\":\"generic_password\",\"service\":\"s\","
		       "\"value_data\":\"cHc=\"}"));
	CHECK_OK(kc_dictionary_set(item, KC_MATCH_LIMIT, KC_TEXT(KC_MATCH_LIMIT_ALL)));
	CHECK_OK(kc_item_add(item, &result));
	CHECK(!result);
	CHECK_OK(kc_dictionary_set(item, KC_RETURN_ATTRIBUTES, KC_TRUE));
	CHECK_STATUS(kc_item_add(item, NULL), KC_ERR_PARAM);
	CHECK_OK(kc_item_add(item, &result));
	CHECK_TEXT(kc_dictionary_text(kc_value_dictionary(result), KC_ATTR_LABEL), "L");
	CHECK_INT(daemon.state->n_changes, 3);
	kc_value_free(result);
	kc_dictionary_free(item);
	stop();
}

TEST(update_and_delete_say_what_to_change)
{
	struct kc_dictionary *query = a_password();
	struct kc_dictionary *changes = KC_DICTIONARY({KC_ATTR_LABEL, KC_TEXT("new")});

	start();
	CHECK_OK(kc_item_update(query, changes));
	CHECK(has_sent("\"changes\":{\"label\":\"new\"}") && has_sent("\"query\":{\"class\""));
	CHECK_OK(kc_item_delete(query));
	CHECK(has_sent("{\"query\":{\"class\":\"generic_password\"") && !has_sent("changes"));
	CHECK_STATUS(kc_item_update(NULL, changes), KC_ERR_PARAM);
	CHECK_STATUS(kc_item_update(query, NULL), KC_ERR_PARAM);
	CHECK_TEXT(kc_error_message(kc_error_last()), "no changes");
	CHECK_STATUS(kc_item_delete(NULL), KC_ERR_PARAM);
	CHECK_STATUS(kc_item_add(NULL, NULL), KC_ERR_PARAM);
	CHECK_INT(daemon.state->n_changes, 2);
	kc_dictionary_free(changes);
	kc_dictionary_free(query);
	stop();
}

TEST(a_person_is_named_when_one_may_be_asked)
{
	struct kc_dictionary *query = a_password();

	start();
	CHECK_OK(kc_item_copy_matching(query, NULL));
	CHECK(has_sent("\"interaction\":{\"tty\":"));
	CHECK_OK(kc_dictionary_set(query, KC_USE_AUTHENTICATION_UI,
				   KC_TEXT(KC_AUTHENTICATION_UI_FAIL)));
	CHECK_OK(kc_item_copy_matching(query, NULL));
	CHECK(!has_sent("interaction") && has_sent("\"use_authentication_ui\":\"fail\""));
	CHECK_OK(kc_item_delete(query));
	CHECK(!has_sent("interaction"));
	kc_dictionary_free(query);
	stop();
}

TEST(a_change_without_an_answer_is_never_repeated_and_says_so)
{
	struct kc_dictionary *item = a_password();

	start();
	daemon.state->dies_on_change = true;
	CHECK_STATUS(kc_item_add(item, NULL), KC_ERR_NOT_AVAILABLE);
	CHECK_INT(daemon.state->n_changes, 1);
	CHECK_TEXT(kc_error_message(kc_error_last()),
		   "the daemon was lost before it answered: the change may have been made or not");
	CHECK(strstr(kc_error_hint(kc_error_last()), "then repeat"));
	CHECK_STATUS(kc_item_update(item, item), KC_ERR_NOT_AVAILABLE);
	CHECK_STATUS(kc_item_delete(item), KC_ERR_NOT_AVAILABLE);
	CHECK_INT(daemon.state->n_changes, 3);
	daemon.state->dies_on_change = false;
	CHECK_OK(kc_item_delete(item));
	stop();
	/* Nobody there: it was certainly not made. */
	CHECK_STATUS(kc_item_delete(item), KC_ERR_NOT_AVAILABLE);
	CHECK(!strstr(kc_error_message(kc_error_last()), "may have been"));
	kc_dictionary_free(item);
}

TEST(every_attribute_has_its_constant)
{
	static const char *const names[] = {
		KC_ATTR_ACCESS_GROUP,
		KC_ATTR_LABEL,
		KC_ATTR_ACCESSIBLE,
		KC_ATTR_ACCESS_CONTROL,
		KC_ATTR_CREATION_DATE,
		KC_ATTR_MODIFICATION_DATE,
		KC_ATTR_TOKEN_ID,
		KC_ATTR_SYNCHRONIZABLE,
		KC_ATTR_ACCOUNT,
		KC_ATTR_SERVICE,
		KC_ATTR_GENERIC,
		KC_ATTR_DESCRIPTION,
		KC_ATTR_COMMENT,
		KC_ATTR_CREATOR,
		KC_ATTR_TYPE,
		KC_ATTR_IS_INVISIBLE,
		KC_ATTR_IS_NEGATIVE,
		KC_ATTR_SCRIPT_CODE,
		KC_ATTR_HAS_CUSTOM_ICON,
		KC_ATTR_PROTECTED_DATA,
		KC_ATTR_ALIAS,
		KC_ATTR_SECURITY_DOMAIN,
		KC_ATTR_SERVER,
		KC_ATTR_PROTOCOL,
		KC_ATTR_AUTHENTICATION_TYPE,
		KC_ATTR_PORT,
		KC_ATTR_PATH,
		KC_ATTR_CERTIFICATE_TYPE,
		KC_ATTR_CERTIFICATE_ENCODING,
		KC_ATTR_SUBJECT,
		KC_ATTR_ISSUER,
		KC_ATTR_SERIAL_NUMBER,
		KC_ATTR_SUBJECT_KEY_ID,
		KC_ATTR_PUBLIC_KEY_HASH,
		KC_ATTR_NOT_VALID_BEFORE,
		KC_ATTR_NOT_VALID_AFTER,
		KC_ATTR_KEY_CLASS,
		KC_ATTR_APPLICATION_LABEL,
		KC_ATTR_APPLICATION_TAG,
		KC_ATTR_KEY_TYPE,
		KC_ATTR_KEY_CREATOR,
		KC_ATTR_KEY_SIZE_IN_BITS,
		KC_ATTR_EFFECTIVE_KEY_SIZE,
		KC_ATTR_START_DATE,
		KC_ATTR_END_DATE,
		KC_ATTR_IS_PERMANENT,
		KC_ATTR_IS_PRIVATE,
		KC_ATTR_IS_MODIFIABLE,
		KC_ATTR_IS_SENSITIVE,
		KC_ATTR_WAS_ALWAYS_SENSITIVE,
		KC_ATTR_IS_EXTRACTABLE,
		KC_ATTR_WAS_NEVER_EXTRACTABLE,
		KC_ATTR_CAN_ENCRYPT,
		KC_ATTR_CAN_DECRYPT,
		KC_ATTR_CAN_DERIVE,
		KC_ATTR_CAN_SIGN,
		KC_ATTR_CAN_VERIFY,
		KC_ATTR_CAN_WRAP,
		KC_ATTR_CAN_UNWRAP,
		KC_ATTR_CAN_SIGN_RECOVER,
		KC_ATTR_CAN_VERIFY_RECOVER,
	};

	CHECK_INT(vocabulary_count(), ARRAY_LEN(names));
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		CHECK(vocabulary_find(names[i]));
		for (size_t j = 0; j < i; j++)
			CHECK(strcmp(names[i], names[j]) != 0);
	}
}

TEST(every_key_has_its_constant)
{
	static const char *const names[] = {
		KC_CLASS,
		KC_MATCH_LIMIT,
		KC_MATCH_ISSUERS,
		KC_MATCH_POLICY,
		KC_MATCH_VALID_ON_DATE,
		KC_MATCH_TRUSTED_ONLY,
		KC_MATCH_EMAIL_ADDRESS_IF_PRESENT,
		KC_MATCH_HOST_OR_SUBDOMAIN_OF_HOST,
		KC_MATCH_SUBJECT_CONTAINS,
		KC_MATCH_SUBJECT_STARTS_WITH,
		KC_MATCH_SUBJECT_ENDS_WITH,
		KC_MATCH_SUBJECT_WHOLE_STRING,
		KC_MATCH_CASE_INSENSITIVE,
		KC_MATCH_DIACRITIC_INSENSITIVE,
		KC_MATCH_WIDTH_INSENSITIVE,
		KC_MATCH_ITEM_LIST,
		KC_MATCH_SEARCH_LIST,
		KC_RETURN_DATA,
		KC_RETURN_ATTRIBUTES,
		KC_RETURN_REF,
		KC_RETURN_PERSISTENT_REF,
		KC_VALUE_DATA,
		KC_VALUE_REF,
		KC_VALUE_PERSISTENT_REF,
		KC_USE_AUTHENTICATION_UI,
		KC_USE_AUTHENTICATION_CONTEXT,
		KC_USE_OPERATION_PROMPT,
		KC_USE_TOKEN_RAW_ITEMS,
	};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		CHECK(vocabulary_find_key(names[i]));
}
