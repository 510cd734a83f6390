/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What keycask-x509 says of names and certificates, asked once: of the issuers that are wished for,
 * of the certificates of issuers that chains are looked for among, and of the identity's own.
 */
#include "base/try.h"
#include "codec/hex.h"
#include "daemon/certificate_facts.h"
#include "daemon/choosing_impl.h"

enum {
	CERTIFICATE_MAX = 65536,
};

static enum kc_status ask(struct choosing *choosing, const char *method, const char *name,
			  struct json_object *value, wire_reply_fn on_reply)
{
	CLEANUP(field_free) struct json_object *question = NULL;

	TRY(field_new_object(&question));
	TRY(field_put(question, name, json_object_get(value)));
	return inspector_ask(registry_inspector(choosing->daemon->registry), method, take(question),
			     on_reply, choosing, &choosing->inspection);
}

static void on_normalized(void *userdata, enum kc_status status, struct json_object *reply)
{
	struct choosing *choosing = userdata;

	choosing->inspection = NULL;
	if (status == KC_ERR_DECODE) {
		error_set_hint("issuers are Names in DER, as a TLS server sends them");
		status = error_remap(KC_ERR_PARAM);
	}
	if (status == KC_OK)
		status = field_append(choosing->issuers, json_object_get(field_get(reply, "name")));
	choosing_resume(choosing, status);
}

bool choosing_facts_has_issuer(const struct choosing *choosing)
{
	struct json_object *wanted = field_get(wire_call_parameters(choosing->call), "issuers");

	return wanted &&
	       json_object_array_length(choosing->issuers) < json_object_array_length(wanted);
}

enum kc_status choosing_facts_normalize(struct choosing *choosing)
{
	struct json_object *wanted = field_get(wire_call_parameters(choosing->call), "issuers");
	size_t i = json_object_array_length(choosing->issuers);

	return ask(choosing, "org.keycask.X509.NormalizeName", "name",
		   json_object_array_get_idx(wanted, i), on_normalized);
}

/* The certificate that facts are wanted of: one of an issuer, or that of the identity. */
static enum kc_status wanted_certificate(struct choosing *choosing, struct bytes *der)
{
	const char *issuer = NULL;

	TRY(issuer_pool_next(&choosing->pool, &issuer));
	if (issuer)
		return base64_decode(view_of_text(issuer), der);
	return bytes_append(
		der, view_of(choosing->entry.certificate.data, choosing->entry.certificate.len));
}

/* NULL: it is no certificate after all, and nothing is lost without it. */
static enum kc_status take_facts(struct choosing *choosing, struct json_object *facts)
{
	if (choosing->pool.subject)
		return issuer_pool_put(&choosing->pool, facts);
	choosing->facts = json_object_get(facts);
	if (!facts)
		choosing_drop_entry(choosing);
	return KC_OK;
}

static enum kc_status keep_facts(struct choosing *choosing, struct json_object *inspected)
{
	CLEANUP(bytes_done) struct bytes der = BYTES_INIT(CERTIFICATE_MAX);

	TRY(wanted_certificate(choosing, &der));
	TRY(certificate_facts_keep(choosing->daemon->certificate_facts, bytes_view(&der),
				   inspected));
	return take_facts(choosing, inspected);
}

static void on_inspected(void *userdata, enum kc_status status, struct json_object *reply)
{
	struct choosing *choosing = userdata;

	choosing->inspection = NULL;
	if (status == KC_ERR_DECODE) {
		error_clear();
		status = take_facts(choosing, NULL);
	} else if (status == KC_OK) {
		status = keep_facts(choosing, field_get(reply, "certificate"));
	}
	choosing_resume(choosing, status);
}

static enum kc_status ask_for_facts(struct choosing *choosing, struct kc_view der)
{
	CLEANUP(freep) char *text = base64_encode(der);
	CLEANUP(field_free) struct json_object *value = text ? json_object_new_string(text) : NULL;

	REQUIRE(value, KC_ERR_ALLOCATE, "out of memory");
	return ask(choosing, "org.keycask.X509.Inspect", "certificate", value, on_inspected);
}

enum kc_status choosing_facts_find(struct choosing *choosing, enum step *ret_step)
{
	CLEANUP(bytes_done) struct bytes der = BYTES_INIT(CERTIFICATE_MAX);
	CLEANUP(field_free) struct json_object *facts = NULL;

	TRY(wanted_certificate(choosing, &der));
	facts = certificate_facts_find(choosing->daemon->certificate_facts, bytes_view(&der));
	*ret_step = facts ? STEP_GO_ON : STEP_WAIT;
	return facts ? take_facts(choosing, facts) : ask_for_facts(choosing, bytes_view(&der));
}
