/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef GIT_GIT_STATUS_H
#define GIT_GIT_STATUS_H

/*
 * What git reads: lines "[GNUPG:] KEYWORD …" on --status-fd (gpg's doc/DETAILS, and git's
 * gpg-interface.c, which looks for SIG_CREATED, GOODSIG, BADSIG, ERRSIG, EXPKEYSIG, VALIDSIG and
 * TRUST_). And what its user reads.
 */

#include <openssl/x509.h>

#include "frontends/git/git_trust.h"

enum {
	GIT_STATUS_FINGERPRINT_SIZE = 2 * 20 + 1,
	GIT_STATUS_NAME_SIZE = 256,
};

/* Whom a line is about. */
struct git_status_signer {
	char fingerprint[GIT_STATUS_FINGERPRINT_SIZE]; /* SHA-1 of the certificate, as gpgsm's */
	char name[GIT_STATUS_NAME_SIZE];	       /* its subject, RFC 4514 */
};

struct git_status_signer git_status_describe(X509 *certificate);

/* A line of that keyword; @fd -1: nobody reads any. */
void git_status_put(int fd, const char *format, ...) __attribute__((format(printf, 2, 3)));

void git_status_created(int fd, const struct git_status_signer *signer, time_t time);
/* The signature is right. */
void git_status_good(int fd, const struct git_status_signer *signer, time_t time,
		     enum git_trust trust);

/*
 * What failed and what to do, from kc_error_last(), on standard error. git keeps that to itself
 * when it signs, so a person at a terminal is told there, when @and_terminal.
 */
void git_status_explain(bool and_terminal);

#endif
