/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The command line's parts: options, suggestions, tables, names of items, failures. */
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <keycask/daemon.h>
#include <keycask/text.h>

#include "base/bytes.h"
#include "base/nearest.h"
#include "frontends/cli/file_io.h"
#include "frontends/cli/options.h"
#include "frontends/cli/page.h"
#include "frontends/cli/resolve.h"
#include "frontends/cli/table.h"
#include "harness/canned_daemon.h"
#include "harness/test.h"

/* --- options ------------------------------------------------------------------------------- */

struct parsed {
	struct context context;
	const char *text;
	int number;
	bool flag;
	int n_words;
	char *words[16];
};

static enum kc_status parse(struct parsed *parsed, const char *const *words)
{
	const struct option_row rows[] = {{"text", OPTION_TEXT, &parsed->text},
					  {"number", OPTION_NUMBER, &parsed->number},
					  {"flag", OPTION_FLAG, &parsed->flag}};

	*parsed = (struct parsed){.number = -1};
	for (; words[parsed->n_words]; parsed->n_words++)
		memcpy(&parsed->words[parsed->n_words], &words[parsed->n_words], sizeof(char *));
	error_clear();
	return options_parse(&parsed->context, rows, ARRAY_LEN(rows), parsed->words,
			     &parsed->n_words);
}

#define PARSE(parsed, ...) parse(parsed, (const char *const[]){__VA_ARGS__, NULL})

TEST(options_stand_anywhere)
{
	struct parsed parsed;

	CHECK_OK(PARSE(&parsed, "a", "--text", "--flag", "-", "--number=7", "--flag", "--json",
		       "--", "--flag"));
	CHECK_TEXT(parsed.text, "--flag");
	CHECK_INT(parsed.number, 7);
	CHECK(parsed.flag && parsed.context.json && !parsed.context.wants_help);
	CHECK_INT(parsed.n_words, 3);
	CHECK_TEXT(parsed.words[0], "a");
	CHECK_TEXT(parsed.words[1], "-");
	CHECK_TEXT(parsed.words[2], "--flag");
}

TEST(wrong_options_are_wrong_calls)
{
	static const char *const wrong[][3] = {{"--texxt", "x"},
					       {"--text"},
					       {"--number", "x"},
					       {"--number", "-1"},
					       {"--number=99999999999"},
					       {"--flag=1"},
					       {"-x"},
					       {"--number="}};
	struct parsed parsed;

	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		CHECK_STATUS(parse(&parsed, wrong[i]), KC_ERR_PARAM);
		CHECK(parsed.context.is_usage_error);
	}
	CHECK_STATUS(PARSE(&parsed, "--tetx", "x"), KC_ERR_PARAM);
	CHECK_TEXT(error_get()->hint, "did you mean --text?");
	CHECK_STATUS(PARSE(&parsed, "--json=1"), KC_ERR_PARAM);
	CHECK_TEXT(error_get()->message, "--json takes no value");
}

TEST(suggestions_are_close_or_none)
{
	static const char *const names[] = {"tokens", "list", "pin status", "cert export"};
	static const char *const words[][2] = {{"lst", "list"},
					       {"token", "tokens"},
					       {"pin sttaus", "pin status"},
					       {"", NULL},
					       {"frobnicate", NULL}};

	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		struct nearest nearest = nearest_begin(view_of_text(words[i][0]));

		for (size_t j = 0; j < ARRAY_LEN(names); j++)
			nearest_offer(&nearest, names[j]);
		CHECK_TEXT(nearest.best ? nearest.best : "none",
			   words[i][1] ? words[i][1] : "none");
	}
}

/* --- tables -------------------------------------------------------------------------------- */

static void check_table(const struct table *table, size_t max_width, const char *expected)
{
	char *text = NULL;
	size_t size = 0;
	FILE *file = open_memstream(&text, &size);

	CHECK(file);
	table_print(table, file, false, max_width);
	CHECK(fclose(file) == 0);
	CHECK_TEXT(text, expected);
	free(text);
}

TEST(columns_are_as_wide_as_they_look)
{
	static const char *const titles[] = {"A", "LONG TITLE", "C", NULL};
	struct table table = table_begin(titles);

	CHECK(setlocale(LC_CTYPE, "C.UTF-8"));
	CHECK_INT(table_text_width("Jo\xcc\x88rg \xe6\xbc\xa2"), 7);
	table_add(&table, "\xe6\xbc\xa2\xe5\xad\x97");
	table_add(&table, "x");
	table_add(&table, NULL);
	table_add(&table, "e\xcc\x81");
	table_add(&table, "evil\033[2J");
	table_add(&table, "end");
	check_table(&table, 0,
		    "A     LONG TITLE       C\n"
		    "\xe6\xbc\xa2\xe5\xad\x97  x\n"
		    "e\xcc\x81     evil\\u{001B}[2J  end\n");
	table_done(&table);
}

TEST(a_narrow_terminal_cuts_the_widest_column)
{
	static const char *const titles[] = {"A", "B", NULL};
	struct table table = table_begin(titles);

	CHECK(setlocale(LC_CTYPE, "C.UTF-8"));
	table_add(&table, "abcdefghijklmnopqrstuvwxyz");
	table_add(&table, "short");
	check_table(&table, 17,
		    "A           B\n"
		    "abcde…wxyz  short\n");
	/* But never to nothing. */
	check_table(&table, 1,
		    "A          B\n"
		    "abcd…wxyz  short\n");
	table_done(&table);
}

TEST(a_narrow_terminal_spares_the_labels)
{
	static const char *const titles[] = {"A", "B", NULL};
	struct table table = table_begin(titles);

	CHECK(setlocale(LC_CTYPE, "C.UTF-8"));
	table.n_essential = 1;
	table_add(&table, "Certificate Aexyz");
	table_add(&table, "nopqrstuvwxyz");
	table_add(&table, "Certificate Bexyz");
	table_add(&table, "n");
	check_table(&table, 29,
		    "A                  B\n"
		    "Certificate Aexyz  nopqrstuv…\n"
		    "Certificate Bexyz  n\n");
	check_table(&table, 17, "A\nCertificate Aexyz\nCertificate Bexyz\n");
	/* Half would be "Certi" and "xyz". */
	check_table(&table, 9, "A\nCer…Aexyz\nCer…Bexyz\n");
	table_done(&table);
}

TEST(a_short_token_tells_tokens_apart)
{
	char text[32];

	inventory_short_token("org.keycask.piv:0123456789ABCDEF", text, sizeof(text));
	CHECK_TEXT(text, "piv:01234567");
	inventory_short_token("plain", text, sizeof(text));
	CHECK_TEXT(text, "plain");
	inventory_short_token(NULL, text, sizeof(text));
	CHECK_TEXT(text, "");
}

/* --- names of items ------------------------------------------------------------------------ */

/* Hashes 0102030405060708…, 01020304ff…; label "twin" names two. */
#define ITEMS                                                                                      \
	"[{\"class\":\"identity\",\"label\":\"Anna\",\"token_id\":\"p:T\",\"can_sign\":true,"      \
	"\"public_key_hash\":\"AQIDBAUGBwg=\",\"key_type\":\"ec\",\"value_persistent_ref\":"       \
	"\"aWRlbnRpdHk=\"},"                                                                       \
	"{\"class\":\"certificate\",\"label\":\"Anna\",\"token_id\":\"p:T\",\"public_key_hash\":"  \
	"\"AQIDBAUGBwg=\",\"value_persistent_ref\":\"Y2VydA==\"},"                                 \
	"{\"class\":\"certificate\",\"label\":\"twin\",\"public_key_hash\":\"qqqqqqqqqqo=\","      \
	"\"value_persistent_ref\":\"Y2VydDI=\"},"                                                  \
	"{\"class\":\"key\",\"label\":\"Key of Anna\",\"token_id\":\"p:T\",\"application_label\":" \
	"\"AQIDBAUGBwg=\",\"value_persistent_ref\":\"a2V5\"},"                                     \
	"{\"class\":\"key\",\"label\":\"twin\",\"application_label\":\"AQIDBP8=\",\"can_sign\":"   \
	"false,\"value_persistent_ref\":\"a2V5Mg==\"}]"

static void check_named(const char *name, enum resolve_kind kind, const char *expected_label)
{
	struct context context = {.command = NULL};
	struct kc_dictionary *item = NULL;

	error_clear();
	CHECK_OK(resolve_item(&context, name, kind, &item));
	CHECK_TEXT(kc_dictionary_text(item, KC_ATTR_LABEL), expected_label);
	kc_dictionary_free(item);
}

static void check_unnamed(const char *name, enum resolve_kind kind, enum kc_status expected,
			  size_t n_candidates)
{
	struct context context = {.command = NULL};
	struct kc_dictionary *item = NULL;

	error_clear();
	CHECK_STATUS(resolve_item(&context, name, kind, &item), expected);
	CHECK_INT(context.candidates.n_items, n_candidates);
	CHECK(error_get()->hint[0] != '\0');
	inventory_done(&context.candidates);
}

TEST(an_item_has_four_kinds_of_names)
{
	struct canned_daemon daemon = canned_daemon_start(ITEMS, "[]");

	check_named("Anna", RESOLVE_ANY, "Anna");
	check_named("Anna", RESOLVE_KEY, "Anna");
	check_named("0102030405", RESOLVE_ANY, "Anna");
	check_named("01020304FF", RESOLVE_KEY, "twin");
	check_named("aWRlbnRpdHk=", RESOLVE_KEY, "Anna");
	check_named("a2V5", RESOLVE_KEY, "Key of Anna");
	check_named("keycask:label=Anna", RESOLVE_ANY, "Anna");
	check_named("keycask:class=certificate;label=twin", RESOLVE_ANY, "twin");
	check_named("keycask:token=p:T;hash=0102030405060708;class=key", RESOLVE_KEY,
		    "Key of Anna");
	check_named(NULL, RESOLVE_SIGNER, "Anna");
	kc_daemon_disconnect();
	canned_daemon_stop(&daemon);
}

TEST(names_that_name_none_or_several)
{
	struct canned_daemon daemon = canned_daemon_start(
		ITEMS, "[{\"token_id\":\"p:T\",\"driver\":\"p\",\"state\":\"present\"}]");

	check_unnamed("twin", RESOLVE_ANY, KC_ERR_PARAM, 2);
	check_unnamed("01020304", RESOLVE_KEY, KC_ERR_PARAM, 2);
	check_unnamed(NULL, RESOLVE_KEY, KC_ERR_PARAM, 2);
	check_unnamed("0102030", RESOLVE_ANY, KC_ERR_ITEM_NOT_FOUND, 0);
	CHECK(strstr(error_get()->hint, "at least 8 digits"));
	check_unnamed("nobody", RESOLVE_ANY, KC_ERR_ITEM_NOT_FOUND, 0);
	CHECK(strstr(error_get()->hint, "p:T"));
	check_unnamed("01020304ff", RESOLVE_SIGNER, KC_ERR_ITEM_NOT_FOUND, 0);
	CHECK_TEXT(error_get()->message, "'twin' cannot sign");
	check_unnamed("bm93aGVyZQ==", RESOLVE_ANY, KC_ERR_ITEM_NOT_FOUND, 0);
	kc_daemon_disconnect();
	canned_daemon_stop(&daemon);
}

TEST(without_a_token_the_hint_says_to_insert_it)
{
	struct canned_daemon daemon = canned_daemon_start("[]", "[]");
	char *token_id = NULL;

	check_unnamed("Anna", RESOLVE_KEY, KC_ERR_ITEM_NOT_FOUND, 0);
	CHECK(strstr(error_get()->hint, "insert the card"));
	error_clear();
	CHECK_STATUS(resolve_token(NULL, &token_id), KC_ERR_ITEM_NOT_FOUND);
	CHECK(strstr(error_get()->hint, "insert the card"));
	kc_daemon_disconnect();
	canned_daemon_stop(&daemon);
}

TEST(a_token_is_named_by_id_label_or_instance)
{
	struct canned_daemon daemon = canned_daemon_start(
		"[]", "[{\"token_id\":\"p.q:0123456789\",\"driver\":\"p\",\"state\":\"present\"},"
		      "{\"token_id\":\"p.q:0123456700\",\"driver\":\"p\",\"state\":\"present\","
		      "\"label\":\"Mine\"}]");
	static const char *const good[] = {"p.q:0123456700", "Mine", "0123456700", "23456700"};
	static const char *const wrong[] = {"012345", "01234567", "3456700", "p.q", ""};
	char *token_id = NULL;

	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		CHECK_OK(resolve_token(good[i], &token_id));
		CHECK_TEXT(token_id, "p.q:0123456700");
		free(token_id);
	}
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		error_clear();
		CHECK(resolve_token(wrong[i], &token_id) != KC_OK);
	}
	error_clear();
	CHECK_STATUS(resolve_token("01234567", &token_id), KC_ERR_PARAM);
	CHECK_TEXT(error_get()->hint, "say which one by its ID: p.q:0123456789, p.q:0123456700");
	error_clear();
	CHECK_STATUS(resolve_token(NULL, &token_id), KC_ERR_PARAM);
	kc_daemon_disconnect();
	canned_daemon_stop(&daemon);
}

TEST(identities_hide_their_parts)
{
	struct canned_daemon daemon = canned_daemon_start(ITEMS, "[]");
	struct inventory inventory = {.items = NULL};

	CHECK_OK(inventory_collect(&(struct inventory_filter){.label = NULL}, &inventory));
	CHECK_INT(inventory.n_items, 5);
	inventory_fold(&inventory);
	CHECK_INT(inventory.n_items, 3);
	CHECK_TEXT(kc_dictionary_name_at(inventory.items[0], 0), "class");
	CHECK_TEXT(kc_dictionary_name_at(inventory.items[0], 1), "label");
	CHECK_TEXT(kc_dictionary_name_at(inventory.items[0], 3), "persistent_ref");
	CHECK(!kc_dictionary_get(inventory.items[0], KC_VALUE_PERSISTENT_REF));
	inventory_done(&inventory);
	kc_daemon_disconnect();
	canned_daemon_stop(&daemon);
}

/* --- PINs and failures --------------------------------------------------------------------- */

static void check_pin(const char *written, const char *expected_hex)
{
	struct secret pin = {NULL, 0, 0};
	int ends[2];

	CHECK(pipe(ends) == 0);
	CHECK(write(ends[1], written, strlen(written)) == (ssize_t)strlen(written));
	close(ends[1]);
	CHECK_OK(file_io_read_pin(ends[0], &pin));
	CHECK_HEX(secret_view(&pin), expected_hex);
	secret_done(&pin);
	close(ends[0]);
}

TEST(a_pin_ends_at_the_newline)
{
	struct secret pin = {NULL, 0, 0};

	check_pin("12", "3132");
	check_pin("12\n34", "3132");
	check_pin("", "");
	check_pin("\n", "");
	CHECK_STATUS(file_io_read_pin(999, &pin), KC_ERR_PARAM);
}

/* What page_failure() prints on standard output. */
static void check_failure(struct context *context, enum kc_status status, int expected_exit,
			  const char *expected)
{
	char path[200];
	CLEANUP(bytes_done) struct bytes text = BYTES_INIT(FILE_IO_MAX);

	CHECK(snprintf(path, sizeof(path), "%s/out", test_directory()) < (int)sizeof(path));
	CHECK(freopen(path, "we", stdout));
	CHECK_INT(page_failure(context, status), expected_exit);
	CHECK_OK(file_io_read(path, &text));
	CHECK(view_equal(bytes_view(&text), view_of_text(expected)));
}

TEST(a_failure_is_one_json_value)
{
	struct context context = {.json = true};
	enum kc_status status = KC_OK;

	error_set_token("t", NULL);
	error_set_sw(0x6983);
	error_set_tries_left(0);
	error_set_hint("do that");
	status = fail(KC_ERR_PIN_BLOCKED, "the PIN \"x\" is blocked");
	check_failure(&context, status, CLI_EXIT_FAILED,
		      "{\"status\":-70020,\"name\":\"pin_blocked\",\"message\":"
		      "\"the PIN \\\"x\\\" is blocked\",\"hint\":\"do that\",\"token_id\":\"t\","
		      "\"sw\":27011,\"tries_left\":0}\n");
	error_clear();
	status = usage_error(&context, "no");
	check_failure(&context, status, CLI_EXIT_USAGE,
		      "{\"status\":-50,\"name\":\"param\",\"message\":\"no\"}\n");
}
