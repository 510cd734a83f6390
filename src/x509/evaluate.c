/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * X509_verify_cert() is the judge. A policy of the leaf alone is a chain of one certificate that
 * ends in itself: then only the purpose, the time and the name count.
 */
#include "x509/evaluate_impl.h"

#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "base/try.h"
#include "codec/date.h"
#include "codec/hex.h"
#include "wire/message.h"
#include "x509/inspect.h"
#include "x509/name_impl.h"
#include "x509/trust_store_impl.h"

enum {
	INTERMEDIATES_MAX = 32,
	DEPTH_MAX = 10,
	US_PER_SECOND = 1000000,
};

struct policy_row {
	const char *name;
	int purpose;
	int other_purpose; /* that will do as well; 0: none */
	int usage;	   /* an extended key usage that must be there; 0: none */
	bool needs_chain;
};

static const struct policy_row policies[] = {
	{"basic_x509", 0, 0, 0, true},
	{"ssl_server", X509_PURPOSE_SSL_SERVER, 0, 0, false},
	{"ssl_client", X509_PURPOSE_SSL_CLIENT, 0, 0, false},
	{"smime", X509_PURPOSE_SMIME_SIGN, X509_PURPOSE_SMIME_ENCRYPT, 0, false},
	{"code_signing", 0, 0, NID_code_sign, false},
	{"time_stamping", X509_PURPOSE_TIMESTAMP_SIGN, 0, 0, false},
};

/* A question, decoded. */
struct question {
	const struct policy_row *policy;
	X509 *certificate;
	STACK_OF(X509) * intermediates;
	const char *host;
	const char *email;
	bool has_time;
	time_t time;
};

static void question_done(struct question *question)
{
	X509_free(question->certificate);
	sk_X509_pop_free(question->intermediates, X509_free);
}

static void context_done(X509_STORE_CTX **context)
{
	X509_STORE_CTX_free(*context);
	*context = NULL;
}

/* --- the question -------------------------------------------------------------------------- */

static enum kc_status read_certificate(const char *text, X509 **ret_certificate)
{
	CLEANUP(bytes_done) struct bytes der = BYTES_INIT(INSPECT_MAX);
	const unsigned char *at = NULL;
	X509 *certificate = NULL;

	TRY(base64_decode(view_of_text(text), &der));
	at = der.data;
	certificate = d2i_X509(NULL, &at, (long)der.len);
	ERR_clear_error();
	if (certificate && at != der.data + der.len) {
		X509_free(certificate);
		certificate = NULL;
	}
	REQUIRE(certificate, KC_ERR_DECODE, "not an X.509 certificate in DER");
	*ret_certificate = certificate;
	return KC_OK;
}

/* One that cannot be read is of no help. */
static enum kc_status read_intermediates(struct json_object *list, struct question *question)
{
	question->intermediates = sk_X509_new_null();
	REQUIRE(question->intermediates, KC_ERR_ALLOCATE, "out of memory");
	for (size_t i = 0; i < json_object_array_length(list) && i < INTERMEDIATES_MAX; i++) {
		struct json_object *text = json_object_array_get_idx(list, i);
		X509 *certificate = NULL;

		if (read_certificate(json_object_get_string(text), &certificate) != KC_OK) {
			error_clear();
			continue;
		}
		if (sk_X509_push(question->intermediates, certificate) <= 0) {
			X509_free(certificate);
			return fail(KC_ERR_ALLOCATE, "out of memory");
		}
	}
	return KC_OK;
}

static enum kc_status read_policy(const char *name, const struct policy_row **ret_policy)
{
	for (size_t i = 0; i < ARRAY_LEN(policies); i++) {
		if (strcmp(policies[i].name, name) == 0) {
			*ret_policy = &policies[i];
			return KC_OK;
		}
	}
	return fail(KC_ERR_PARAM, "no policy \"%.32s\"", name);
}

static enum kc_status read_time(const char *text, struct question *question)
{
	int64_t time_us = 0;

	if (!text)
		return KC_OK;
	TRY(date_parse(text, &time_us));
	question->has_time = true;
	question->time = (time_t)(time_us / US_PER_SECOND);
	return KC_OK;
}

static enum kc_status read_question(struct json_object *parameters, struct question *question)
{
	TRY(read_policy(field_text(parameters, "policy"), &question->policy));
	TRY(read_time(field_text(parameters, "at"), question));
	question->host = field_text(parameters, "host");
	question->email = field_text(parameters, "email");
	TRY(read_certificate(field_text(parameters, "certificate"), &question->certificate));
	return read_intermediates(field_get(parameters, "intermediates"), question);
}

/* --- the verdict --------------------------------------------------------------------------- */

static enum kc_status set_up(const struct question *question, int purpose, X509_STORE_CTX *context)
{
	X509_VERIFY_PARAM *param = X509_STORE_CTX_get0_param(context);
	bool is_good = X509_VERIFY_PARAM_set_flags(param, question->policy->needs_chain
								  ? 0
								  : X509_V_FLAG_PARTIAL_CHAIN) == 1;

	X509_VERIFY_PARAM_set_depth(param, DEPTH_MAX);
	if (question->has_time)
		X509_VERIFY_PARAM_set_time(param, question->time);
	if (purpose)
		is_good = is_good && X509_STORE_CTX_set_purpose(context, purpose) == 1;
	if (question->host)
		is_good = is_good && X509_VERIFY_PARAM_set1_host(param, question->host, 0) == 1;
	if (question->email)
		is_good = is_good && X509_VERIFY_PARAM_set1_email(param, question->email, 0) == 1;
	ERR_clear_error();
	REQUIRE(is_good, KC_ERR_PARAM, "not a name of a host, or no e-mail address");
	return KC_OK;
}

static enum kc_status verify(const struct question *question, X509_STORE *store, int purpose,
			     X509_STORE_CTX **ret_context)
{
	CLEANUP(context_done) X509_STORE_CTX *context = X509_STORE_CTX_new();

	REQUIRE(context && X509_STORE_CTX_init(context, store, question->certificate,
					       question->intermediates) == 1,
		KC_ERR_ALLOCATE, "out of memory");
	TRY(set_up(question, purpose, context));
	if (X509_verify_cert(context) != 1 && X509_STORE_CTX_get_error(context) == X509_V_OK)
		X509_STORE_CTX_set_error(context, X509_V_ERR_UNSPECIFIED);
	ERR_clear_error();
	*ret_context = take(context);
	return KC_OK;
}

static bool lacks_usage(const struct question *question)
{
	EXTENDED_KEY_USAGE *usages = NULL;
	bool is_there = false;

	if (!question->policy->usage)
		return false;
	usages = X509_get_ext_d2i(question->certificate, NID_ext_key_usage, NULL, NULL);
	for (int i = 0; i < sk_ASN1_OBJECT_num(usages); i++)
		is_there |= OBJ_obj2nid(sk_ASN1_OBJECT_value(usages, i)) == question->policy->usage;
	EXTENDED_KEY_USAGE_free(usages);
	ERR_clear_error();
	return !is_there;
}

/* The last certificate of the chain that could be built. */
static enum kc_status put_missing(X509_STORE_CTX *context, struct json_object *reply)
{
	CLEANUP(bytes_done) struct bytes name = BYTES_INIT(NAME_MAX_BYTES);
	STACK_OF(X509) *chain = X509_STORE_CTX_get0_chain(context);
	int error = X509_STORE_CTX_get_error(context);
	bool is_missing = error == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT ||
			  error == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY ||
			  error == X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE;

	if (!is_missing || sk_X509_num(chain) <= 0)
		return KC_OK;
	TRY(name_put_normalized(X509_get_issuer_name(sk_X509_value(chain, sk_X509_num(chain) - 1)),
				&name));
	return field_put_data(reply, "missing_issuer", bytes_view(&name));
}

static enum kc_status put_verdict(const struct question *question, X509_STORE_CTX *context,
				  struct json_object *reply)
{
	int error = X509_STORE_CTX_get_error(context);
	bool is_unfit = error == X509_V_OK && lacks_usage(question);

	TRY(field_put_flag(reply, "is_valid", error == X509_V_OK && !is_unfit));
	if (is_unfit)
		return field_put_text(reply, "reason", "the certificate is not for this purpose");
	if (error == X509_V_OK)
		return KC_OK;
	TRY(field_put_text(reply, "reason", X509_verify_cert_error_string(error)));
	return put_missing(context, reply);
}

static enum kc_status judge(const struct question *question, X509_STORE *store,
			    struct json_object *reply)
{
	CLEANUP(context_done) X509_STORE_CTX *context = NULL;
	CLEANUP(context_done) X509_STORE_CTX *other = NULL;

	TRY(verify(question, store, question->policy->purpose, &context));
	if (X509_STORE_CTX_get_error(context) == X509_V_ERR_INVALID_PURPOSE &&
	    question->policy->other_purpose) {
		TRY(verify(question, store, question->policy->other_purpose, &other));
		return put_verdict(question, other, reply);
	}
	return put_verdict(question, context, reply);
}

static enum kc_status judge_leaf(const struct question *question, struct json_object *reply)
{
	CLEANUP(trust_store_done) X509_STORE *itself = X509_STORE_new();

	REQUIRE(itself && X509_STORE_add_cert(itself, question->certificate) == 1, KC_ERR_ALLOCATE,
		"out of memory");
	return judge(question, itself, reply);
}

static enum kc_status judge_chain(const struct question *question, X509_STORE *store,
				  const struct error_record *why, struct json_object *reply)
{
	if (!store) {
		error_adopt(why);
		return fail(KC_ERR_ITEM_NOT_FOUND, "nothing is trusted in this process");
	}
	return judge(question, store, reply);
}

enum kc_status evaluate_certificate(struct json_object *parameters, X509_STORE *store,
				    const struct error_record *why, struct json_object **ret_reply)
{
	CLEANUP(question_done) struct question question = {.policy = NULL};
	CLEANUP(field_free) struct json_object *reply = NULL;

	TRY(read_question(parameters, &question));
	TRY(field_new_object(&reply));
	if (question.policy->needs_chain)
		TRY(judge_chain(&question, store, why, reply));
	else
		TRY(judge_leaf(&question, reply));
	*ret_reply = take(reply);
	return KC_OK;
}
