/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One signature: the identity is found, the signed attributes are made, the daemon signs them. A
 * person is asked once for one run of git (kc_options.batch), however often git starts this.
 */
#include "frontends/git/git_sign.h"

#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <openssl/x509v3.h>

#include <keycask/dictionary.h>

#include "base/cleanup.h"
#include "frontends/git/cms_der.h"
#include "frontends/git/cms_writer.h"
#include "frontends/git/git_armor.h"
#include "frontends/git/git_content.h"
#include "frontends/git/git_identity.h"
#include "frontends/git/git_status.h"

/* RSA keys that are for PSS alone, by whatever has them. */
static bool wants_pss(const struct git_identity *identity)
{
	bool can_pkcs1 = true;
	bool can_pss = false;

	if (EVP_PKEY_get_base_id(X509_get0_pubkey(identity->certificate)) != EVP_PKEY_RSA)
		return false;
	if (kc_key_is_algorithm_supported(identity->key, "sign",
					  KC_ALGORITHM_RSA_SIGNATURE_MESSAGE_PKCS1V15_SHA256,
					  &can_pkcs1) != KC_OK ||
	    kc_key_is_algorithm_supported(identity->key, "sign",
					  KC_ALGORITHM_RSA_SIGNATURE_MESSAGE_PSS_SHA256,
					  &can_pss) != KC_OK)
		error_clear();
	return !can_pkcs1 && can_pss;
}

/* Issuers up to the root, which whoever verifies has or does not trust: it is left out. */
static size_t collect_chain(const struct git_identity *identity, struct kc_view *ret_chain)
{
	size_t n = 0;

	for (size_t i = 0; i < kc_value_count(identity->chain) && n < CMS_CHAIN_MAX; i++) {
		struct kc_view der = kc_value_data(kc_value_at(identity->chain, i));
		const unsigned char *at = der.data;
		X509 *issuer = d2i_X509(NULL, &at, (long)der.len);

		if (issuer && (X509_get_extension_flags(issuer) & EXFLAG_SS) == 0)
			ret_chain[n++] = der;
		X509_free(issuer);
	}
	return n;
}

static enum kc_status sign_attributes(const struct git_identity *identity,
				      const struct cms_writer *writer, struct kc_view content,
				      struct bytes *ret_der)
{
	CLEANUP(kc_bytes_free) struct kc_bytes signature = {NULL, 0};
	struct kc_options options = KC_OPTIONS_INIT;
	char purpose[GIT_CONTENT_PURPOSE_MAX];

	git_content_describe(content, purpose);
	options.operation_prompt = purpose;
	options.batch = KC_BATCH_GIT;
	TRY(kc_key_sign(identity->key, writer->algorithm->keycask, bytes_view(&writer->attributes),
			&options, &signature));
	return cms_writer_end(writer, view_of(signature.data, signature.len), ret_der);
}

static enum kc_status make(const struct git_identity *identity, struct kc_view content, time_t now,
			   struct bytes *ret_der)
{
	CLEANUP(cms_writer_done) struct cms_writer writer = {.attributes = BYTES_INIT(0)};
	struct kc_view chain[CMS_CHAIN_MAX];
	struct cms_signer signer = {.certificate = identity->certificate,
				    .chain = chain,
				    .n_chain = collect_chain(identity, chain),
				    .wants_pss = wants_pss(identity),
				    .time = now};

	TRY(cms_writer_begin(&signer, content, &writer));
	return sign_attributes(identity, &writer, content, ret_der);
}

static enum kc_status sign(const char *key, int status_fd)
{
	CLEANUP(git_identity_done) struct git_identity identity = {.key = NULL};
	CLEANUP(bytes_done) struct bytes content = BYTES_INIT(GIT_CONTENT_MAX);
	CLEANUP(bytes_done) struct bytes der = BYTES_INIT(CMS_DER_MAX);
	struct git_status_signer signer;
	time_t now = time(NULL);

	TRY(git_content_read(STDIN_FILENO, &content));
	TRY(git_identity_find(key, &identity));
	git_status_put(status_fd, "BEGIN_SIGNING");
	TRY(make(&identity, bytes_view(&content), now, &der));
	TRY(git_armor_write(stdout, bytes_view(&der)));
	signer = git_status_describe(identity.certificate);
	git_status_created(status_fd, &signer, now);
	return KC_OK;
}

bool git_sign(const char *key, int status_fd)
{
	enum kc_status status = sign(key, status_fd);

	if (status == KC_OK)
		return true;
	git_status_explain(true);
	git_status_put(status_fd, "FAILURE sign %d", (int)status);
	return false;
}
