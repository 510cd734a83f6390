/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where results go. */
#include "frontends/cli/output.h"

#include <stdio.h>
#include <unistd.h>

#include <keycask/text.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "frontends/cli/file_io.h"
#include "frontends/cli/page.h"

static enum kc_status print_json(const struct output *output)
{
	return page_json_take(KC_DICTIONARY({output->name, KC_DATA(output->data)},
					    {"algorithm", KC_TEXT(output->algorithm)}));
}

static enum kc_status print_base64(struct kc_view data)
{
	CLEANUP(freep) char *text = kc_text_base64(data);

	REQUIRE(text, KC_ERR_ALLOCATE, "out of memory");
	(void)puts(text);
	return page_finish();
}

enum kc_status output_deliver(const struct context *context, const char *path,
			      const struct output *output)
{
	bool is_file = path && !file_io_is_standard(path);

	if (is_file)
		TRY(file_io_write(path, output->data));
	if (context->json)
		return print_json(output);
	if (is_file)
		return KC_OK;
	if (!path && isatty(STDOUT_FILENO))
		return print_base64(output->data);
	return file_io_write(NULL, output->data);
}
