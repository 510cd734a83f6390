/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The service as the daemon meets it: a confined process at the other end of a socket. */
#include "x509/inspector.h"

#include <fcntl.h>
#include <openssl/ec.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/try.h"
#include "harness/test.h"
#include "wire/client.h"
#include "x509/inspect.h"

enum {
	TIMEOUT_MS = 30000,
};

struct peer {
	struct wire_client *client;
	pid_t pid;
};

static struct peer start(void)
{
	struct peer peer = {NULL, -1};
	int pair[2];

	CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
	peer.pid = fork();
	CHECK(peer.pid >= 0);
	if (peer.pid == 0) {
		if (pair[1] != INSPECTOR_FD)
			dup2(pair[1], INSPECTOR_FD);
		_exit(inspector_run(NULL) == KC_OK ? 0 : 1);
	}
	close(pair[1]);
	CHECK_OK(wire_client_adopt(pair[0], &peer.client));
	return peer;
}

/* It ends by itself when we close, and without an error. */
static void stop(struct peer *peer)
{
	int status = -1;

	peer->client = wire_client_free(peer->client);
	CHECK(waitpid(peer->pid, &status, 0) == peer->pid);
	CHECK(WIFEXITED(status));
	CHECK_INT(WEXITSTATUS(status), 0);
}

static enum kc_status call(struct peer *peer, const char *method, const char *name,
			   struct kc_view data, struct json_object **ret_reply)
{
	struct json_object *parameters = NULL;

	error_clear();
	CHECK_OK(field_new_object(&parameters));
	CHECK_OK(field_put_data(parameters, name, data));
	return wire_client_call(peer->client, method, parameters, -1, TIMEOUT_MS, ret_reply);
}

static struct kc_bytes new_certificate(void)
{
	EVP_PKEY *pkey = EVP_EC_gen("P-256");
	X509 *certificate = X509_new();
	struct kc_bytes der = {malloc(INSPECT_MAX), 0};
	uint8_t *at = der.data;

	CHECK(pkey && certificate && der.data);
	CHECK(X509_set_pubkey(certificate, pkey) == 1);
	CHECK(X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN",
					 V_ASN1_UTF8STRING, (const unsigned char *)"Jo", 2, -1,
					 0) == 1);
	CHECK(X509_gmtime_adj(X509_getm_notBefore(certificate), 0));
	CHECK(X509_gmtime_adj(X509_getm_notAfter(certificate), 3600));
	CHECK(X509_sign(certificate, pkey, EVP_sha256()) > 0);
	der.len = (size_t)i2d_X509(certificate, &at);
	X509_free(certificate);
	EVP_PKEY_free(pkey);
	return der;
}

/* The reply is held to the IDL by the wire; one field shows that it is this certificate's. */
TEST(inspector_answers_confined)
{
	struct peer peer = start();
	CLEANUP(kc_bytes_free) struct kc_bytes der = new_certificate();

	for (int i = 0; i < 3; i++) {
		CLEANUP(field_free) struct json_object *reply = NULL;

		CHECK_OK(call(&peer, "org.keycask.X509.Inspect", "certificate",
			      view_of(der.data, der.len), &reply));
		CHECK_TEXT(field_text(field_get(reply, "certificate"), "summary"), "Jo");
		CHECK_TEXT(field_text(field_get(reply, "certificate"), "key_type"), "ec");
	}
	stop(&peer);
}

TEST(inspector_refuses_and_goes_on)
{
	struct peer peer = start();
	CLEANUP(kc_bytes_free) struct kc_bytes der = new_certificate();
	CLEANUP(field_free) struct json_object *reply = NULL;
	uint8_t *huge = calloc(1, INSPECT_MAX + 1);

	CHECK_STATUS(call(&peer, "org.keycask.X509.Inspect", "certificate",
			  view_of(der.data, der.len - 1), &reply),
		     KC_ERR_DECODE);
	CHECK_TEXT(error_get()->message, "not an X.509 certificate in DER");
	CHECK_STATUS(call(&peer, "org.keycask.X509.Inspect", "certificate",
			  view_of(huge, INSPECT_MAX + 1), &reply),
		     KC_ERR_DECODE);
	CHECK_STATUS(call(&peer, "org.keycask.X509.NormalizeName", "name", view_of("0", 1), &reply),
		     KC_ERR_DECODE);
	CHECK_STATUS(call(&peer, "org.keycask.X509.Explode", "name", view_of("0", 1), &reply),
		     KC_ERR_UNIMPLEMENTED);
	CHECK_OK(call(&peer, "org.keycask.X509.NormalizeName", "name",
		      view_of("\x31\x0A\x30\x08\x06\x03\x55\x04\x03\x0C\x01\x41", 12), &reply));
	CHECK_TEXT(field_text(reply, "name"), "MQowCAYDVQQDDAFh");
	free(huge);
	stop(&peer);
}

TEST(inspector_reads_keys_without_certificate)
{
	struct peer peer = start();
	CLEANUP(field_free) struct json_object *parameters = NULL;
	CLEANUP(field_free) struct json_object *reply = NULL;
	EVP_PKEY *pkey = EVP_EC_gen("P-384");
	uint8_t point[97];
	uint8_t *at = point;

	CHECK_INT(i2d_PublicKey(pkey, &at), sizeof(point));
	EVP_PKEY_free(pkey);
	for (int i = 0; i < 2; i++) {
		CHECK_OK(field_new_object(&parameters));
		CHECK_OK(field_put_text(parameters, "key_type", i ? "rsa" : "ec"));
		CHECK_OK(field_put_data(parameters, "public_key", VIEW_OF(point)));
		error_clear();
		CHECK_STATUS(wire_client_call(peer.client, "org.keycask.X509.InspectPublicKey",
					      take(parameters), -1, TIMEOUT_MS, &reply),
			     i ? KC_ERR_DECODE : KC_OK);
		if (!i)
			CHECK_INT(
				field_number(field_get(reply, "public_key"), "key_size_in_bits", 0),
				384);
	}
	CHECK_TEXT(error_get()->message, "not a public key of type \"rsa\"");
	stop(&peer);
}

TEST(inspector_ends_with_its_socket)
{
	struct peer peer = start();

	stop(&peer);
}
