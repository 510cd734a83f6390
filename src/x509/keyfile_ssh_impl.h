/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef X509_KEYFILE_SSH_IMPL_H
#define X509_KEYFILE_SSH_IMPL_H

/* Private keys as OpenSSH writes them: keyfile_ssh.c is what stands around one, keyfile_ssh_key.c
 * the key. */

#include "x509/keyfile_impl.h"

void keyfile_ssh_key_done(EVP_PKEY **pkey);

/*
 * One private key, @input is moved behind it. @public_key, empty, is its public half as SSH has it
 * (RFC 4253 section 6.6, RFC 5656 section 3.1, RFC 8709 section 4).
 * Expected: KC_ERR_UNIMPLEMENTED  of another kind
 *           KC_ERR_DECODE         it is none, or its halves do not belong together
 */
KC_MUST_CHECK enum kc_status keyfile_ssh_key_read(struct kc_view *input, struct bytes *public_key,
						  EVP_PKEY **ret_pkey);

#endif
