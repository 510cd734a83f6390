/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* keycask item copy-matching: the query itself, for programs. */
#include <stdio.h>

#include <keycask/item.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "frontends/cli/file_io.h"
#include "frontends/cli/options.h"
#include "frontends/cli/page.h"

static void dictionary_freep(struct kc_dictionary **dictionary)
{
	*dictionary = kc_dictionary_free(*dictionary);
}

static void value_freep(struct kc_value **value)
{
	*value = kc_value_free(*value);
}

static enum kc_status print(const struct kc_value *result)
{
	CLEANUP(dictionary_freep)
	struct kc_dictionary *answer = KC_DICTIONARY({"status", KC_NUMBER(KC_OK)});

	TRY(kc_dictionary_set_value(answer, "result", result));
	return page_json_dictionary(answer);
}

static enum kc_status run(struct context *context, char **words, int n_words)
{
	CLEANUP(bytes_done) struct bytes text = BYTES_INIT(FILE_IO_MAX);
	CLEANUP(dictionary_freep) struct kc_dictionary *query = NULL;
	CLEANUP(value_freep) struct kc_value *result = NULL;

	context->json = true;
	TRY(options_parse(context, NULL, 0, words, &n_words));
	if (context->wants_help)
		return KC_OK;
	TRY(options_no_words(context, words, n_words));
	TRY(file_io_read(NULL, &text));
	TRY(kc_dictionary_from_json(bytes_view(&text), &query));
	TRY(kc_item_copy_matching(query, &result));
	return print(result);
}

const struct command cmd_item_copy_matching = {
	.name = "item copy-matching",
	.arguments = "<QUERY.json",
	.summary = "the query of the C API, as JSON",
	.help = "Reads a dictionary from standard input and prints {\"status\": 0, \"result\": "
		"…}.\n"
		"\n"
		"  echo '{\"class\": \"identity\", \"return_attributes\": true, \"match_limit\": "
		"\"all\"}' |\n"
		"          keycask item copy-matching\n",
	.run = run,
};
