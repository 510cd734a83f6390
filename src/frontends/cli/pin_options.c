/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A PIN comes from a descriptor or from a prompt of the daemon's, never from argv or environment.
 */
#include "frontends/cli/pin_options.h"

#include <unistd.h>

#include "frontends/cli/file_io.h"

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
