/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef GIT_CMS_READER_H
#define GIT_CMS_READER_H

/* A detached signature in CMS, by anybody's hand: who made it, and whether it fits. */

#include <stdbool.h>
#include <time.h>

#include <openssl/cms.h>

#include "base/bytes.h"
#include "base/try.h"

enum {
	CMS_READER_MAX = 1024 * 1024,
};

struct cms_reader {
	CMS_ContentInfo *content_info;
	STACK_OF(X509) * certificates; /* all that came along */
	CMS_SignerInfo *signer_info;   /* borrowed from the above, as are the rest */
	X509 *signer;
	time_t time; /* of signing, as the signer says; 0: it does not */
};

/*
 * @der is one ContentInfo. Expected: KC_ERR_DECODE  it is none, or not a detached signature of one
 *                                            signer
 *            KC_ERR_ITEM_NOT_FOUND  the signer's certificate is not in it
 */
KC_MUST_CHECK enum kc_status cms_reader_read(struct kc_view der, struct cms_reader *ret_reader);
void cms_reader_done(struct cms_reader *reader);

/*
 * Is it the signer's over @content? Expected: KC_ERR_VERIFY_FAILED  no
 *                                             KC_ERR_UNIMPLEMENTED  by an algorithm that proves
 *                                                                   nothing, or is unknown
 */
KC_MUST_CHECK enum kc_status cms_reader_verify(const struct cms_reader *reader,
					       struct kc_view content);

#endif
