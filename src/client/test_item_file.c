/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What goes out with a whole file, and what comes back. */
#include <string.h>

#include <keycask/daemon.h>
#include <keycask/dictionary.h>
#include <keycask/error.h>
#include <keycask/item.h>
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

static void stop(void)
{
	kc_daemon_disconnect();
	canned_daemon_stop(&canned);
}

static bool has_sent(const char *text)
{
	return strstr(canned.state->parameters, text) != NULL;
}

static void check_said(enum kc_status status, const char *message)
{
	CHECK_STATUS(status, KC_ERR_PARAM);
	CHECK_TEXT(kc_error_message(kc_error_last()), message);
}

TEST(a_file_goes_in)
{
	struct kc_import import = KC_IMPORT_INIT;
	struct kc_dictionary *attributes =
		KC_DICTIONARY({KC_ATTR_LABEL, KC_TEXT("mine")}, {KC_ATTR_IS_EXTRACTABLE, KC_TRUE});
	const struct kc_dictionary *item = NULL;
	struct kc_value *items = NULL;

	start();
	import.format = KC_FORMAT_PKCS12;
	import.passphrase = view_of_text("open");
	import.attributes = attributes;
	CHECK_OK(kc_item_import(view_of_text("file"), &import, &items));
	CHECK(has_sent("\"data\":\"ZmlsZQ==\",\"format\":\"pkcs12\""));
	CHECK(has_sent("\"attributes\":{\"label\":\"mine\",\"is_extractable\":true}"));
	CHECK(has_sent("\"secrets_fd\":0,\"secrets\":[\"passphrase\"]") && !has_sent("open"));
	CHECK_TEXT(canned.state->context_secret, "open");
	CHECK_INT(kc_value_count(items), 2);
	item = kc_value_dictionary(kc_value_at(items, 0));
	CHECK_TEXT(kc_dictionary_text(item, KC_CLASS), KC_CLASS_IDENTITY);
	CHECK(view_equal(kc_dictionary_data(item, KC_VALUE_PERSISTENT_REF), view_of_text("ref")));
	CHECK(kc_dictionary_flag(item, KC_IS_NEW, false));
	CHECK(!kc_dictionary_flag(kc_value_dictionary(kc_value_at(items, 1)), KC_IS_NEW, true));
	CHECK(kc_value_free(items) == NULL && kc_dictionary_free(attributes) == NULL);
	CHECK_OK(kc_item_import(view_of_text("file"), NULL, NULL));
	CHECK(!has_sent("secrets") && has_sent("\"interaction\""));
	stop();
}

TEST(a_file_comes_out)
{
	const struct kc_view references[] = {view_of_text("ref"), view_of_text("f")};
	struct kc_export how = KC_EXPORT_INIT;
	struct kc_bytes data = {NULL, 0};

	start();
	CHECK_OK(kc_item_export(references, 2, NULL, &data));
	CHECK(has_sent("\"items\":[\"cmVm\",\"Zg==\"],\"format\":\"pkcs12\""));
	CHECK(!has_sent("secrets"));
	CHECK(view_equal(view_of(data.data, data.len), view_of_text("file")));
	kc_bytes_free(&data);
	how.format = KC_FORMAT_PEM;
	how.passphrase = view_of_text(""); /* which is one */
	CHECK_OK(kc_item_export(references, 1, &how, &data));
	CHECK(has_sent("\"secrets\":[\"passphrase\"]") && has_sent("\"format\":\"pem\""));
	kc_bytes_free(&data);
	stop();
}

TEST(what_is_no_call_is_not_made)
{
	static uint8_t large[800 * 1024];
	struct kc_import import = KC_IMPORT_INIT;
	struct kc_export how = KC_EXPORT_INIT;
	struct kc_options options = KC_OPTIONS_INIT;
	struct kc_bytes data = {NULL, 0};

	check_said(kc_item_import(VIEW_OF(large), NULL, NULL),
		   "a file of 819200 bytes; about 700 KiB can be read");
	options.pin = view_of_text("1234");
	import.options = &options;
	check_said(kc_item_import(view_of_text("file"), &import, NULL),
		   "the options have a secret that is not used here");
	how.options = &options;
	check_said(kc_item_export(NULL, 0, &how, &data),
		   "the options have a secret that is not used here");
	check_said(kc_item_export(NULL, 0, NULL, &data), "there is nothing to export");
	import = (struct kc_import){.size = 1};
	CHECK_STATUS(kc_item_import(view_of_text("file"), &import, NULL), KC_ERR_PARAM);
}
