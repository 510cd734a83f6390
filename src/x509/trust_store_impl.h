/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef X509_TRUST_STORE_IMPL_H
#define X509_TRUST_STORE_IMPL_H

/* The certificates that chains may end in. Read before the process is confined. */

#include <openssl/x509.h>

#include <keycask/status.h>

/* CLEANUP(trust_store_done) X509_STORE *store = NULL; */
void trust_store_done(X509_STORE **store);

/*
 * Those in @path, a file of PEM or a folder of such files; NULL: OpenSSL's own file and folder.
 * Expected: KC_ERR_ITEM_NOT_FOUND  there are none, saying where
 */
KC_MUST_CHECK enum kc_status trust_store_load(const char *path, X509_STORE **ret_store);

#endif
