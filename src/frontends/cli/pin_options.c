/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A PIN comes from a descriptor or from a prompt of the daemon's, never from argv or environment.
 */
#include "frontends/cli/pin_options.h"

#include "frontends/cli/file_io.h"

void pin_options_done(struct pin_options *options)
{
	secret_done(&options->pin);
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
