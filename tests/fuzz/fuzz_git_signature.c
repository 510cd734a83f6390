/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A signature of a commit, as anybody may have made it, held to one content. */
#include "base/error.h"
#include "frontends/git/cms_reader.h"
#include "frontends/git/git_armor.h"
#include "frontends/git/git_content.h"
#include "frontends/git/git_status.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes der = BYTES_INIT(CMS_READER_MAX);
	struct cms_reader reader;
	char purpose[GIT_CONTENT_PURPOSE_MAX];

	git_content_describe(view_of(data, size), purpose);
	if (git_armor_read(view_of(data, size), &der) == KC_OK &&
	    cms_reader_read(bytes_view(&der), &reader) == KC_OK) {
		(void)git_status_describe(reader.signer);
		if (cms_reader_verify(&reader, view_of_text("content\n")) != KC_OK)
			error_clear();
		cms_reader_done(&reader);
	}
	bytes_done(&der);
	error_clear();
	return 0;
}
