/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Chains made here: who is trusted, for what, until when. */
#include "x509/evaluate_impl.h"

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/try.h"
#include "harness/test.h"
#include "x509/name_impl.h"
#include "x509/trust_store_impl.h"

enum {
	DAY_S = 24 * 60 * 60,
};

struct signer {
	EVP_PKEY *pkey;
	X509 *certificate;
};

struct scene {
	struct signer root;
	struct signer middle;
	struct signer leaf;
	X509_STORE *store;
};

static void add_extension(X509 *certificate, int nid, const char *text)
{
	X509V3_CTX context;
	X509_EXTENSION *extension = NULL;

	X509V3_set_ctx(&context, certificate, certificate, NULL, NULL, 0);
	extension = X509V3_EXT_conf_nid(NULL, &context, nid, text);
	CHECK(extension && X509_add_ext(certificate, extension, -1) == 1);
	X509_EXTENSION_free(extension);
}

/* Valid from yesterday on, for @days. */
static struct signer make(const char *name, const struct signer *issuer, long days)
{
	struct signer made = {EVP_EC_gen("P-256"), X509_new()};
	X509_NAME *subject = X509_get_subject_name(made.certificate);
	static long serial;

	CHECK(made.pkey && X509_set_version(made.certificate, 2) == 1);
	CHECK(ASN1_INTEGER_set(X509_get_serialNumber(made.certificate), ++serial) == 1);
	CHECK(X509_set_pubkey(made.certificate, made.pkey) == 1);
	CHECK(X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, (const uint8_t *)name, -1,
					 -1, 0) == 1);
	CHECK(X509_set_issuer_name(made.certificate,
				   issuer ? X509_get_subject_name(issuer->certificate) : subject) ==
	      1);
	CHECK(X509_gmtime_adj(X509_getm_notBefore(made.certificate), -DAY_S));
	CHECK(X509_gmtime_adj(X509_getm_notAfter(made.certificate), (days - 1) * DAY_S));
	return made;
}

static void sign(const struct signer *made, const struct signer *issuer)
{
	CHECK(X509_sign(made->certificate, issuer ? issuer->pkey : made->pkey, EVP_sha256()) > 0);
}

static struct signer make_authority(const char *name, const struct signer *issuer)
{
	struct signer made = make(name, issuer, 1000);

	add_extension(made.certificate, NID_basic_constraints, "critical,CA:TRUE");
	add_extension(made.certificate, NID_key_usage, "critical,keyCertSign");
	sign(&made, issuer);
	return made;
}

static void signer_done(struct signer *signer)
{
	EVP_PKEY_free(signer->pkey);
	X509_free(signer->certificate);
}

static struct scene scene_with(const char *usage, const char *names)
{
	struct scene scene = {.store = X509_STORE_new()};

	scene.root = make_authority("Root", NULL);
	scene.middle = make_authority("Middle", &scene.root);
	scene.leaf = make("Leaf", &scene.middle, 30);
	if (usage)
		add_extension(scene.leaf.certificate, NID_ext_key_usage, usage);
	if (names)
		add_extension(scene.leaf.certificate, NID_subject_alt_name, names);
	sign(&scene.leaf, &scene.middle);
	CHECK(X509_STORE_add_cert(scene.store, scene.root.certificate) == 1);
	return scene;
}

static void scene_done(struct scene *scene)
{
	signer_done(&scene->root);
	signer_done(&scene->middle);
	signer_done(&scene->leaf);
	X509_STORE_free(scene->store);
}

static enum kc_status put_der(struct json_object *object, const char *name, X509 *certificate)
{
	unsigned char *der = NULL;
	int len = i2d_X509(certificate, &der);
	enum kc_status status = KC_OK;

	CHECK(len > 0);
	status = field_put_data(object, name, view_of(der, (size_t)len));
	OPENSSL_free(der);
	return status;
}

static struct json_object *question(X509 *certificate, const char *policy, X509 *helper)
{
	CLEANUP(field_free) struct json_object *holder = NULL;
	struct json_object *parameters = NULL;
	struct json_object *list = json_object_new_array();

	CHECK_OK(field_new_object(&parameters));
	CHECK_OK(field_new_object(&holder));
	CHECK_OK(put_der(parameters, "certificate", certificate));
	CHECK_OK(field_put_text(parameters, "policy", policy));
	if (helper) {
		CHECK_OK(put_der(holder, "helper", helper));
		CHECK_OK(field_append_text(list, field_text(holder, "helper")));
	}
	CHECK_OK(field_put(parameters, "intermediates", list));
	return parameters;
}

/* @reason NULL: it is valid. Takes @parameters. */
static struct json_object *check(const struct scene *scene, struct json_object *parameters,
				 const char *reason)
{
	static const struct error_record nothing;
	struct json_object *reply = NULL;

	error_clear();
	CHECK_OK(evaluate_certificate(parameters, scene->store, &nothing, &reply));
	CHECK(field_flag(reply, "is_valid", !reason ? false : true) == (reason == NULL));
	if (reason)
		CHECK_TEXT(field_text(reply, "reason"), reason);
	json_object_put(parameters);
	return reply;
}

static void check_verdict(const struct scene *scene, struct json_object *parameters,
			  const char *reason)
{
	json_object_put(check(scene, parameters, reason));
}

TEST(chains_end_in_what_is_trusted)
{
	CLEANUP(scene_done) struct scene scene = scene_with(NULL, NULL);
	CLEANUP(scene_done) struct scene other = scene_with(NULL, NULL);
	X509 *leaf = scene.leaf.certificate;

	check_verdict(&scene, question(leaf, "basic_x509", scene.middle.certificate), NULL);
	check_verdict(&scene, question(scene.root.certificate, "basic_x509", NULL), NULL);
	check_verdict(&other, question(scene.root.certificate, "basic_x509", NULL),
		      "self-signed certificate");
}

/* The issuer's name, as the keychain finds certificates by their subject. */
TEST(a_missing_issuer_is_named)
{
	CLEANUP(scene_done) struct scene scene = scene_with(NULL, NULL);
	CLEANUP(bytes_done) struct bytes middle = BYTES_INIT(NAME_MAX_BYTES);
	CLEANUP(bytes_done) struct bytes missing = BYTES_INIT(NAME_MAX_BYTES);
	CLEANUP(field_free) struct json_object *reply = NULL;

	reply = check(&scene, question(scene.leaf.certificate, "basic_x509", NULL),
		      "unable to get local issuer certificate");
	CHECK_OK(name_put_normalized(X509_get_subject_name(scene.middle.certificate), &middle));
	CHECK_OK(field_data(reply, "missing_issuer", &missing));
	CHECK(view_equal(bytes_view(&middle), bytes_view(&missing)));
}

static struct json_object *at(struct json_object *parameters, const char *date)
{
	CHECK_OK(field_put_text(parameters, "at", date));
	return parameters;
}

TEST(time_counts)
{
	CLEANUP(scene_done) struct scene scene = scene_with("clientAuth", NULL);
	X509 *leaf = scene.leaf.certificate;

	check_verdict(&scene, at(question(leaf, "ssl_client", NULL), "2020-01-01T00:00:00Z"),
		      "certificate is not yet valid");
	check_verdict(&scene, at(question(leaf, "ssl_client", NULL), "2999-01-01T00:00:00Z"),
		      "certificate has expired");
	check_verdict(
		&scene,
		at(question(leaf, "basic_x509", scene.middle.certificate), "2999-01-01T00:00:00Z"),
		"certificate has expired");
}

/* Of the leaf alone: no chain, and nothing is trusted. */
TEST(purposes_are_told_apart)
{
	static const char unfit[] = "unsuitable certificate purpose";
	static const struct {
		const char *usage;
		const char *policy;
		const char *reason;
	} cases[] = {
		{"serverAuth", "ssl_server", NULL},
		{"serverAuth", "ssl_client", unfit},
		{"clientAuth", "ssl_client", NULL},
		{"clientAuth", "smime", unfit},
		{"emailProtection", "smime", NULL},
		{"codeSigning", "code_signing", NULL},
		{"clientAuth", "code_signing", "the certificate is not for this purpose"},
		{NULL, "ssl_client", NULL},
		{NULL, "code_signing", "the certificate is not for this purpose"},
		{"critical,timeStamping", "time_stamping", NULL},
		{"clientAuth", "time_stamping", unfit},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		CLEANUP(scene_done) struct scene scene = scene_with(cases[i].usage, NULL);

		check_verdict(&scene, question(scene.leaf.certificate, cases[i].policy, NULL),
			      cases[i].reason);
	}
}

TEST(names_must_match)
{
	CLEANUP(scene_done)
	struct scene scene = scene_with(NULL, "DNS:www.example.org,email:jo@example.org");
	X509 *leaf = scene.leaf.certificate;
	struct json_object *right = question(leaf, "ssl_server", NULL);
	struct json_object *wrong = question(leaf, "ssl_server", NULL);
	struct json_object *jo = question(leaf, "smime", NULL);
	struct json_object *al = question(leaf, "smime", NULL);

	CHECK_OK(field_put_text(right, "host", "www.example.org"));
	CHECK_OK(field_put_text(wrong, "host", "example.org"));
	CHECK_OK(field_put_text(jo, "email", "jo@example.org"));
	CHECK_OK(field_put_text(al, "email", "al@example.org"));
	check_verdict(&scene, right, NULL);
	check_verdict(&scene, wrong, "hostname mismatch");
	check_verdict(&scene, jo, NULL);
	check_verdict(&scene, al, "email address mismatch");
}

static void check_refused(struct json_object *parameters, X509_STORE *store, enum kc_status status,
			  const char *message)
{
	struct error_record why;
	struct json_object *reply = NULL;

	error_clear();
	ignore(fail(KC_ERR_ITEM_NOT_FOUND, "there are no trusted certificates in /nowhere"));
	why = *error_get();
	error_clear();
	CHECK_STATUS(evaluate_certificate(parameters, store, &why, &reply), status);
	CHECK_TEXT(error_get()->message, message);
	json_object_put(parameters);
}

TEST(what_is_wrong_is_said)
{
	CLEANUP(scene_done) struct scene scene = scene_with(NULL, NULL);
	X509 *leaf = scene.leaf.certificate;
	struct json_object *damaged = question(leaf, "basic_x509", NULL);

	CHECK_OK(field_put_text(damaged, "certificate", "MAMCAQE="));
	check_refused(damaged, scene.store, KC_ERR_DECODE, "not an X.509 certificate in DER");
	check_refused(question(leaf, "any", NULL), scene.store, KC_ERR_PARAM, "no policy \"any\"");
	check_refused(question(leaf, "basic_x509", NULL), NULL, KC_ERR_ITEM_NOT_FOUND,
		      "there are no trusted certificates in /nowhere");
	check_verdict(&scene, question(leaf, "ssl_client", NULL), NULL);
}

/* --- the trust store ------------------------------------------------------------------------- */

static void write_pem(const char *path, X509 *certificate)
{
	FILE *file = fopen(path, "we");

	CHECK(file && (!certificate || PEM_write_X509(file, certificate) == 1));
	CHECK(fputs("text\n", file) >= 0 && fclose(file) == 0);
}

TEST(trust_comes_from_a_file_or_a_folder)
{
	CLEANUP(scene_done) struct scene scene = scene_with(NULL, NULL);
	const char *folder = test_directory();
	char path[4096];
	char empty[4096];

	(void)snprintf(path, sizeof(path), "%s/root.pem", folder);
	(void)snprintf(empty, sizeof(empty), "%s/empty", folder);
	write_pem(path, scene.root.certificate);
	write_pem(empty, NULL);
	for (int i = 0; i < 2; i++) {
		error_clear();
		X509_STORE_free(scene.store);
		scene.store = NULL;
		CHECK_OK(trust_store_load(i ? path : folder, &scene.store));
		check_verdict(
			&scene,
			question(scene.leaf.certificate, "basic_x509", scene.middle.certificate),
			NULL);
	}
	CHECK_STATUS(trust_store_load(empty, &scene.store), KC_ERR_ITEM_NOT_FOUND);
	error_clear();
	CHECK_STATUS(trust_store_load("/nowhere", &scene.store), KC_ERR_ITEM_NOT_FOUND);
	CHECK_TEXT(error_get()->message, "there are no trusted certificates in /nowhere");
}
