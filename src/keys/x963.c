/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* X9.63: OpenSSL's function, given its parameters. */
#include "keys/x963_impl.h"

#include <openssl/core_names.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include "base/try.h"
#include "keys/digest_impl.h"

static void kdf_done(EVP_KDF **kdf)
{
	EVP_KDF_free(*kdf);
	*kdf = NULL;
}

static void context_done(EVP_KDF_CTX **context)
{
	EVP_KDF_CTX_free(*context);
	*context = NULL;
}

/* OSSL_PARAM is for both directions and so not const; here it is only read. */
static OSSL_PARAM octets(const char *name, struct kc_view view)
{
	void *data = NULL;

	memcpy(&data, &view.data, sizeof(data));
	return OSSL_PARAM_construct_octet_string(name, data, view.len);
}

enum kc_status x963_derive(enum algorithm_hash hash, struct kc_view secret, struct kc_view info,
			   size_t len, struct bytes *derived)
{
	CLEANUP(kdf_done) EVP_KDF *kdf = EVP_KDF_fetch(NULL, "X963KDF", NULL);
	CLEANUP(context_done) EVP_KDF_CTX *context = kdf ? EVP_KDF_CTX_new(kdf) : NULL;
	char digest[32];
	OSSL_PARAM params[4];

	(void)snprintf(digest, sizeof(digest), "%s", EVP_MD_get0_name(digest_type(hash)));
	params[0] = OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0);
	params[1] = octets(OSSL_KDF_PARAM_KEY, secret);
	params[2] = info.len ? octets(OSSL_KDF_PARAM_INFO, info) : OSSL_PARAM_construct_end();
	params[3] = OSSL_PARAM_construct_end();
	TRY(bytes_reserve(derived, len));
	if (!context || EVP_KDF_derive(context, derived->data + derived->len, len, params) != 1)
		return digest_fail_openssl("key derivation");
	derived->len += len;
	return KC_OK;
}
