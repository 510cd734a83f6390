/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CLI_PASSWORD_NAME_H
#define CLI_PASSWORD_NAME_H

/*
 * Which password a person means: SERVICE [ACCOUNT], or --server HOST [ACCOUNT] with what else tells
 * the passwords of one server apart.
 */

#include "frontends/cli/options.h"

struct password_name {
	const char *name; /* the word; NULL with --server */
	const char *account;
	const char *server;
	const char *protocol;
	const char *path;
	const char *group;
	int port; /* -1: not said */
	bool no_prompt;
};

#define PASSWORD_NAME_INIT ((struct password_name){.port = -1})

/* The rows for options_parse(); a C expression list. */
#define PASSWORD_NAME_ROWS(password)                                                               \
	{"server", OPTION_TEXT, &(password)->server},                                              \
		{"protocol", OPTION_TEXT, &(password)->protocol},                                  \
		{"port", OPTION_NUMBER, &(password)->port},                                        \
		{"path", OPTION_TEXT, &(password)->path},                                          \
		{"group", OPTION_TEXT, &(password)->group},                                        \
	{                                                                                          \
		"no-prompt", OPTION_FLAG, &(password)->no_prompt                                   \
	}

#define PASSWORD_NAME_HELP                                                                         \
	"  --server HOST      of a server, instead of SERVICE\n"                                   \
	"  --protocol NAME    with --server: https, imap, ssh …\n"                               \
	"  --port N           with --server\n"                                                     \
	"  --path PATH        with --server\n"                                                     \
	"  --group GROUP      in this access group\n"                                              \
	"  --no-prompt        fail rather than ask a person\n"

/* The words behind the options. Expected: KC_ERR_PARAM  a wrong call */
KC_MUST_CHECK enum kc_status password_name_read(struct context *context, char **words, int n_words,
						struct password_name *password);

/*
 * What adding it says of its name: class, service or server and the rest that was said.
 * Expected: KC_ERR_ALLOCATE
 */
KC_MUST_CHECK enum kc_status password_name_new_item(const struct password_name *password,
						    struct kc_dictionary **ret_item);

/* The query that finds exactly what password_name_new_item() made: also by what was not said. */
KC_MUST_CHECK enum kc_status password_name_new_query(const struct password_name *password,
						     struct kc_dictionary **ret_query);

/* An item is added to the first of the caller's groups, so that is where its like is: as long as
 * @query says nothing of groups. */
KC_MUST_CHECK enum kc_status password_name_put_default_group(struct kc_dictionary *query);

/*
 * The one item that is meant: of that service, else of that server, else with that label, else with
 * that persistent reference. *ret_item is the caller's, in the shape of inventory.h, with
 * value_data when @wants_data. Expected: KC_ERR_ITEM_NOT_FOUND KC_ERR_PARAM  several:
 * context->candidates
 */
KC_MUST_CHECK enum kc_status password_name_find(struct context *context,
						const struct password_name *password,
						bool wants_data, struct kc_dictionary **ret_item);

/* "jo at github": safe to print; the caller's to free(), never NULL. */
char *password_name_describe(const struct kc_dictionary *item);

#endif
