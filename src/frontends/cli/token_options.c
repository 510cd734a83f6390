/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the commands that write to tokens have in common. */
#include "frontends/cli/token_options.h"

#include <stdlib.h>

#include <keycask/dictionary.h>
#include <keycask/names.h>

#include "base/cleanup.h"
#include "frontends/cli/file_io.h"
#include "frontends/cli/resolve.h"

void token_options_done(struct token_options *options)
{
	secret_done(&options->administrator);
	free(options->token_id);
	options->token_id = NULL;
}

enum kc_status token_options_check(struct context *context, const struct token_options *options)
{
	if (!options->token &&
	    (options->object || options->may_replace || options->administrator_fd >= 0))
		return usage_error(context, "--object, --replace and --administrator-fd are for a "
					    "token: --token names it");
	return KC_OK;
}

enum kc_status token_options_find(struct token_options *options, bool is_needed)
{
	if (!options->token && !is_needed)
		return KC_OK;
	return resolve_token(options->token, &options->token_id);
}

enum kc_status token_options_put(const struct token_options *options,
				 struct kc_dictionary *attributes)
{
	if (!options->token_id)
		return KC_OK;
	TRY(kc_dictionary_set(attributes, KC_ATTR_TOKEN_ID, KC_TEXT(options->token_id)));
	if (options->object)
		TRY(kc_dictionary_set(attributes, KC_TOKEN_OBJECT, KC_TEXT(options->object)));
	if (options->may_replace)
		TRY(kc_dictionary_set(attributes, KC_MAY_REPLACE, KC_TRUE));
	return KC_OK;
}

enum kc_status token_options_read(struct token_options *options)
{
	if (options->administrator_fd < 0)
		return KC_OK;
	return file_io_read_pin(options->administrator_fd, &options->administrator);
}

void token_options_fill(const struct token_options *options, bool no_prompt,
			struct kc_options *ret_options)
{
	bool has_proof = options->administrator_fd >= 0;

	if (has_proof)
		ret_options->administrator = secret_view(&options->administrator);
	ret_options->last_try = options->last_try;
	if (no_prompt || has_proof)
		ret_options->interaction = KC_INTERACTION_FAIL;
}
