/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Random bytes are the kernel's: as good as a token's, and without a turn with the card. It needs
 * no seed and takes none from a program (3.0, 5.16.1: CKR_RANDOM_SEED_NOT_SUPPORTED).
 */
#include "frontends/pkcs11/p11_random.h"

#include <errno.h>
#include <stdbool.h>
#include <sys/random.h>

#include "base/cleanup.h"
#include "frontends/pkcs11/p11_session.h"

CK_RV p11_random_fill(uint8_t *bytes, size_t len)
{
	while (len > 0) {
		ssize_t n = getrandom(bytes, len, 0);

		if (n < 0 && errno != EINTR)
			return CKR_FUNCTION_FAILED;
		if (n > 0) {
			bytes += n;
			len -= (size_t)n;
		}
	}
	return CKR_OK;
}

static CK_RV check(CK_SESSION_HANDLE handle)
{
	struct p11_session *session = NULL;
	CK_RV result = p11_session_take(handle, &session);

	if (result == CKR_OK)
		p11_session_give(session);
	return result;
}

CK_RV C_SeedRandom(CK_SESSION_HANDLE session, CK_BYTE *seed, CK_ULONG seed_len)
{
	CK_RV result = check(session);

	if (result == CKR_OK && !seed && seed_len > 0)
		result = CKR_ARGUMENTS_BAD;
	return result == CKR_OK ? CKR_RANDOM_SEED_NOT_SUPPORTED : result;
}

CK_RV C_GenerateRandom(CK_SESSION_HANDLE session, CK_BYTE *random, CK_ULONG random_len)
{
	CK_RV result = check(session);

	if (result == CKR_OK && !random && random_len > 0)
		result = CKR_ARGUMENTS_BAD;
	return result == CKR_OK ? p11_random_fill(random, random_len) : result;
}
