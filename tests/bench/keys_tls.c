/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A server of TLS whose key somebody else has, as nginx does it, by OpenSSL's engine pkcs11:
 *
 *	keys_tls KIND CERTIFICATE KEY [MODULE PIN]
 *
 * KEY is a PKCS#11 URI, or without MODULE a file in PEM. PIN "-": nobody logs in. "Signing" is a
 * whole handshake of TLS 1.3 without resumption, with a client in this process that checks the
 * certificate. No byte of it passes the kernel, so that what differs is the key's.
 */
#define OPENSSL_SUPPRESS_DEPRECATED /* engines; OpenSSL 3.0 has nothing else for PKCS#11 */
#include "keys.h"

#include <stdio.h>
#include <string.h>

#include <openssl/engine.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

static SSL_CTX *server;
static SSL_CTX *client;

static void require(int ok, const char *what)
{
	if (ok)
		return;
	ERR_print_errors_fp(stderr);
	keys_fail(what, 0);
}

/* --- the key ------------------------------------------------------------------------------- */

static EVP_PKEY *key_of_file(const char *path)
{
	FILE *file = fopen(path, "re");
	EVP_PKEY *key = NULL;

	require(file != NULL, path);
	key = PEM_read_PrivateKey(file, NULL, NULL, NULL);
	fclose(file);
	return key;
}

static EVP_PKEY *key_of_module(const char *uri, const char *path, const char *pin)
{
	ENGINE *engine = NULL;

	ENGINE_load_builtin_engines();
	engine = ENGINE_by_id("pkcs11");
	require(engine && ENGINE_ctrl_cmd_string(engine, "MODULE_PATH", path, 0), "the engine");
	if (strcmp(pin, "-") != 0)
		require(ENGINE_ctrl_cmd_string(engine, "PIN", pin, 0), "the PIN");
	require(ENGINE_init(engine), "the module");
	return ENGINE_load_private_key(engine, uri, NULL, NULL);
}

/* --- both sides ---------------------------------------------------------------------------- */

static SSL_CTX *context_new(const SSL_METHOD *method)
{
	SSL_CTX *context = SSL_CTX_new(method);

	require(context && SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION) &&
			SSL_CTX_set_num_tickets(context, 0),
		"a context");
	SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
	return context;
}

void signer_open(enum keys_kind kind, int argc, char **argv)
{
	EVP_PKEY *key = NULL;

	(void)kind;
	if (argc != 2 && argc != 4)
		keys_fail("keys_tls KIND CERTIFICATE KEY [MODULE PIN]", argc);
	server = context_new(TLS_server_method());
	client = context_new(TLS_client_method());
	key = argc == 2 ? key_of_file(argv[1]) : key_of_module(argv[1], argv[2], argv[3]);
	require(key && SSL_CTX_use_certificate_chain_file(server, argv[0]) &&
			SSL_CTX_use_PrivateKey(server, key),
		"the server's key");
	require(SSL_CTX_load_verify_file(client, argv[0]), "the client's trust");
	SSL_CTX_set_verify(client, SSL_VERIFY_PEER, NULL);
}

static SSL *side_new(SSL_CTX *context, BIO *bio)
{
	SSL *side = SSL_new(context);

	require(side != NULL, "a connection");
	SSL_set_bio(side, bio, bio);
	return side;
}

/* Its turn: as far as it comes with what the other has said. */
static int advance(SSL *side)
{
	int result = SSL_do_handshake(side);

	require(result == 1 || SSL_get_error(side, result) == SSL_ERROR_WANT_READ, "a handshake");
	return result == 1;
}

size_t signer_sign(void)
{
	BIO *ends[2];
	SSL *sides[2];
	int is_done = 0;

	require(BIO_new_bio_pair(&ends[0], 0, &ends[1], 0), "a pair");
	sides[0] = side_new(client, ends[0]);
	sides[1] = side_new(server, ends[1]);
	SSL_set_connect_state(sides[0]);
	SSL_set_accept_state(sides[1]);
	while (!is_done) {
		is_done = advance(sides[0]);
		is_done &= advance(sides[1]);
	}
	SSL_free(sides[0]);
	SSL_free(sides[1]);
	return 1;
}
