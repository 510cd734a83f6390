/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A PIN comes from a descriptor or from a prompt of the daemon's, never from argv or environment.
 */
#include "frontends/cli/pin_options.h"

#include <unistd.h>

#include "frontends/cli/file_io.h"
#include "frontends/cli/resolve.h"

void pin_options_done(struct pin_options *options)
{
	secret_done(&options->pin);
}

enum kc_status pin_options_check_input(struct context *context, const struct pin_options *options,
				       const char *what, const char *path)
{
	if (options->fd != STDIN_FILENO || !file_io_is_standard(path))
		return KC_OK;
	return usage_error(
		context,
		"the PIN and the %s cannot both come from standard input; name a FILE or "
		"give --pin-fd another descriptor",
		what);
}

enum kc_status pin_options_read(struct pin_options *options, struct kc_options *ret_options)
{
	struct kc_options result = KC_OPTIONS_INIT;

	if (options->fd >= 0) {
		TRY(file_io_read_pin(options->fd, &options->pin));
		result.pin = secret_view(&options->pin);
	}
	/* With a PIN at hand nobody is asked when it turns out to be wrong. */
	if (options->no_prompt || options->fd >= 0)
		result.interaction = KC_INTERACTION_FAIL;
	result.last_try = options->last_try;
	*ret_options = result;
	return KC_OK;
}

enum kc_status pin_options_check_choice(struct context *context, struct pin_choice *choice)
{
	if ((choice->pin_id != NULL) + choice->is_puk + choice->is_admin > 1)
		return usage_error(context,
				   "--puk, --admin and --pin-id each name a PIN: give one");
	if (choice->is_puk)
		choice->pin_id = "unblocking";
	if (choice->is_admin)
		choice->pin_id = "admin";
	return KC_OK;
}

const char *pin_options_name(const struct pin_choice *choice)
{
	if (choice->is_puk)
		return "PUK";
	if (choice->is_admin)
		return "admin PIN";
	return choice->pin_id ? choice->pin_id : "PIN";
}

enum kc_status pin_options_find_token(struct context *context, const char *token, char **words,
				      int n_words, char **ret_token_id)
{
	const char *word = NULL;

	TRY(options_one_word(context, "the token", false, words, n_words, &word));
	if (token && word)
		return usage_error(context, "two tokens: '%s' and '%s'", token, word);
	return resolve_token(token ? token : word, ret_token_id);
}
