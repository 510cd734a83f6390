/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * keycask item add, copy-matching, update, delete: the verbs themselves, for programs. Dictionaries
 * come as JSON on standard input, since value_data may be among them, and all answers are JSON.
 */
#include <stdio.h>
#include <string.h>

#include <keycask/item.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "frontends/cli/file_io.h"
#include "frontends/cli/options.h"
#include "frontends/cli/page.h"
#include "frontends/owned.h"

/* @result NULL: null. */
static enum kc_status print(const struct kc_value *result)
{
	CLEANUP(kc_dictionary_freep)
	struct kc_dictionary *answer = KC_DICTIONARY({"status", KC_NUMBER(KC_OK)});

	if (result)
		TRY(kc_dictionary_set_value(answer, "result", result));
	else
		TRY(kc_dictionary_set(answer, "result", KC_NULL));
	return page_json_dictionary(answer);
}

/* NULL when help is wanted. */
static enum kc_status read_dictionary(struct context *context, char **words, int n_words,
				      struct kc_dictionary **ret_dictionary)
{
	CLEANUP(bytes_done) struct bytes text = BYTES_INIT(FILE_IO_MAX);

	context->json = true;
	TRY(options_parse(context, NULL, 0, words, &n_words));
	if (context->wants_help)
		return KC_OK;
	TRY(options_no_words(context, words, n_words));
	TRY(file_io_read(NULL, &text));
	return kc_dictionary_from_json(bytes_view(&text), ret_dictionary);
}

typedef enum kc_status (*verb_fn)(const struct kc_dictionary *dictionary,
				  struct kc_value **ret_result);

/* The verbs that take a dictionary and give a result. */
static enum kc_status run_verb(struct context *context, char **words, int n_words, verb_fn verb)
{
	CLEANUP(kc_dictionary_freep) struct kc_dictionary *dictionary = NULL;
	CLEANUP(kc_value_freep) struct kc_value *result = NULL;

	TRY(read_dictionary(context, words, n_words, &dictionary));
	if (context->wants_help)
		return KC_OK;
	TRY(verb(dictionary, &result));
	return print(result);
}

static enum kc_status run_copy_matching(struct context *context, char **words, int n_words)
{
	return run_verb(context, words, n_words, kc_item_copy_matching);
}

static enum kc_status run_add(struct context *context, char **words, int n_words)
{
	return run_verb(context, words, n_words, kc_item_add);
}

static enum kc_status run_delete(struct context *context, char **words, int n_words)
{
	CLEANUP(kc_dictionary_freep) struct kc_dictionary *query = NULL;

	TRY(read_dictionary(context, words, n_words, &query));
	if (context->wants_help)
		return KC_OK;
	TRY(kc_item_delete(query));
	return print(NULL);
}

/* {"query": …, "changes": …} and nothing else, so that a slip of the pen changes nothing. */
static enum kc_status split(const struct kc_dictionary *both,
			    const struct kc_dictionary **ret_query,
			    const struct kc_dictionary **ret_changes)
{
	for (size_t i = 0; i < kc_dictionary_count(both); i++) {
		const char *name = kc_dictionary_name_at(both, i);

		REQUIRE(strcmp(name, "query") == 0 || strcmp(name, "changes") == 0, KC_ERR_PARAM,
			"'%s' is neither \"query\" nor \"changes\"", name);
	}
	*ret_query = kc_value_dictionary(kc_dictionary_get(both, "query"));
	*ret_changes = kc_value_dictionary(kc_dictionary_get(both, "changes"));
	REQUIRE(*ret_query && *ret_changes, KC_ERR_PARAM,
		"update wants {\"query\": {…}, \"changes\": {…}}");
	return KC_OK;
}

static enum kc_status run_update(struct context *context, char **words, int n_words)
{
	CLEANUP(kc_dictionary_freep) struct kc_dictionary *both = NULL;
	const struct kc_dictionary *query = NULL;
	const struct kc_dictionary *changes = NULL;

	TRY(read_dictionary(context, words, n_words, &both));
	if (context->wants_help)
		return KC_OK;
	TRY(split(both, &query, &changes));
	TRY(kc_item_update(query, changes));
	return print(NULL);
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
	.run = run_copy_matching,
};

const struct command cmd_item_add = {
	.name = "item add",
	.arguments = "<ITEM.json",
	.summary = "add an item, as the C API does",
	.help = "Reads a dictionary from standard input and prints {\"status\": 0, \"result\": …}; "
		"the\n"
		"result is what return_… asked for. Data is base64.\n"
		"\n"
		"  echo '{\"class\": \"generic_password\", \"service\": \"mail\", \"account\": "
		"\"jo\",\n"
		"          \"value_data\": \"c2VjcmV0\"}' | keycask item add\n",
	.run = run_add,
};

const struct command cmd_item_update = {
	.name = "item update",
	.arguments = "<UPDATE.json",
	.summary = "change all items that match, or none",
	.help = "Reads {\"query\": …, \"changes\": …} from standard input and prints {\"status\": "
		"0,\n"
		"\"result\": null}.\n"
		"\n"
		"  echo '{\"query\": {\"class\": \"generic_password\", \"service\": \"mail\"},\n"
		"          \"changes\": {\"label\": \"My mail\"}}' | keycask item update\n",
	.run = run_update,
};

const struct command cmd_item_delete = {
	.name = "item delete",
	.arguments = "<QUERY.json",
	.summary = "delete all items that match",
	.help = "Reads a dictionary from standard input and prints {\"status\": 0, \"result\": "
		"null}.\n"
		"All that match are deleted, without a question, and also while the keychain is "
		"locked.\n"
		"\n"
		"  echo '{\"class\": \"generic_password\", \"service\": \"mail\"}' | keycask item "
		"delete\n",
	.run = run_delete,
};
