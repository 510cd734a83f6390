/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Trust: a chain by RFC 5280 section 6, as OpenSSL does it, to what the system trusts or git's
 * configuration names (gitconfig is the user's word; a repository's own is not asked, since whoever
 * makes commits would name its own authority in it).
 */
#include "frontends/git/git_trust.h"

#include <stdio.h>
#include <string.h>

#include <openssl/objects.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include "base/cleanup.h"
#include "frontends/git/git_config.h"

enum {
	AUTH_LEVEL = 1, /* SSL_CTX_set_security_level(3) has the table */
};

static void store_freep(X509_STORE **store)
{
	X509_STORE_free(*store);
	*store = NULL;
}

static void store_context_freep(X509_STORE_CTX **context)
{
	X509_STORE_CTX_free(*context);
	*context = NULL;
}

static enum kc_status load(X509_STORE *store, const char *path)
{
	error_set_hint("git config --global keycask.x509CA FILE, in PEM");
	REQUIRE(X509_STORE_load_file(store, path) == 1, KC_ERR_NOT_AVAILABLE,
		"no certificates can be read from %s (keycask.x509CA)", path);
	error_clear();
	return KC_OK;
}

static enum kc_status make_store(X509_STORE **ret_store)
{
	CLEANUP(store_freep) X509_STORE *store = X509_STORE_new();
	CLEANUP(freep) char *paths = NULL;

	REQUIRE(store, KC_ERR_ALLOCATE, "out of memory");
	ignore(X509_STORE_set_default_paths(store) != 1);
	TRY(git_config_read_all("keycask.x509CA", &paths));
	for (char *path = paths; path && *path; path += strlen(path) + 1)
		TRY(load(store, path));
	*ret_store = take(store);
	return KC_OK;
}

/* Certificates of servers are had by whoever has a name in the DNS: they say nothing of a person.
 */
static bool is_for_machines(int nid)
{
	return nid == NID_server_auth || nid == NID_OCSP_sign || nid == NID_time_stamp;
}

/* One that is there and cannot be read may forbid it, as may one of two: RFC 5280 4.2, "A
 * certificate MUST NOT include more than one instance of a particular extension". */
static bool has_usages_for_it(X509 *signer)
{
	int is_critical = -1;
	EXTENDED_KEY_USAGE *usages =
		X509_get_ext_d2i(signer, NID_ext_key_usage, &is_critical, NULL);
	bool may_sign = !usages && is_critical == -1;

	for (int i = 0; i < sk_ASN1_OBJECT_num(usages); i++)
		may_sign |= !is_for_machines(OBJ_obj2nid(sk_ASN1_OBJECT_value(usages, i)));
	EXTENDED_KEY_USAGE_free(usages);
	return may_sign;
}

static bool has_key_usage_for_it(X509 *signer)
{
	int is_critical = -1;
	ASN1_BIT_STRING *usage = X509_get_ext_d2i(signer, NID_key_usage, &is_critical, NULL);
	bool is_readable = usage || is_critical == -1;

	ASN1_BIT_STRING_free(usage);
	return is_readable &&
	       (X509_get_key_usage(signer) & (KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION)) != 0;
}

/* RFC 5280 4.2.1.3 and 4.2.1.12: for signatures of something, as far as it says. */
static bool may_sign(X509 *signer)
{
	return has_usages_for_it(signer) && has_key_usage_for_it(signer);
}

/* At that time; 0: now. X509_V_OK or why not. */
static enum kc_status verify(X509_STORE *store, X509 *signer, STACK_OF(X509) * others, time_t when,
			     int *ret_error)
{
	CLEANUP(store_context_freep) X509_STORE_CTX *context = X509_STORE_CTX_new();

	REQUIRE(context && X509_STORE_CTX_init(context, store, signer, others) == 1,
		KC_ERR_ALLOCATE, "out of memory");
	/* what is in the configuration is trusted, be it an authority's or the signer's own */
	X509_STORE_CTX_set_flags(context, X509_V_FLAG_PARTIAL_CHAIN);
	/* from 80 bits on, so that nobody's name is on a certificate by a collision of SHA-1 */
	X509_VERIFY_PARAM_set_auth_level(X509_STORE_CTX_get0_param(context), AUTH_LEVEL);
	if (when != 0)
		X509_STORE_CTX_set_time(context, 0, when);
	if (X509_verify_cert(context) == 1)
		*ret_error = X509_V_OK;
	else
		*ret_error = X509_STORE_CTX_get_error(context);
	return KC_OK;
}

static void tell(char *ret_reason, const char *reason)
{
	(void)snprintf(ret_reason, GIT_TRUST_REASON_MAX, "%s", reason);
}

enum kc_status git_trust_judge(X509 *signer, STACK_OF(X509) * others, time_t signed_at,
			       enum git_trust *ret_trust, char *ret_reason)
{
	CLEANUP(store_freep) X509_STORE *store = NULL;
	int now = X509_V_OK;
	int then = X509_V_OK;

	*ret_trust = GIT_TRUST_NONE;
	tell(ret_reason, "the certificate is not for signatures of persons");
	if (!may_sign(signer))
		return KC_OK;
	TRY(make_store(&store));
	TRY(verify(store, signer, others, 0, &now));
	tell(ret_reason, X509_verify_cert_error_string(now));
	if (now == X509_V_OK) {
		*ret_trust = GIT_TRUST_FULL;
		return KC_OK;
	}
	if (now != X509_V_ERR_CERT_HAS_EXPIRED || signed_at == 0)
		return KC_OK;
	TRY(verify(store, signer, others, signed_at, &then));
	if (then == X509_V_OK)
		*ret_trust = GIT_TRUST_EXPIRED;
	return KC_OK;
}
