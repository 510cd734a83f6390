/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The bare socket: keys_socket KIND SOCKET REFERENCE, a persistent reference in base64. The call is
 * written before the clock starts, so that what is timed is the daemon and the way to it.
 */
#include "keys.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <openssl/evp.h>

static const char *const algorithms[] = {
	[KEYS_P256] = "ecdsa_signature_message_x962_sha256",
	[KEYS_RSA] = "rsa_signature_message_pkcs1v15_sha256",
	[KEYS_ED25519] = "eddsa_signature_message_ed25519",
};

static int fd;
static char call[1024];
static size_t call_len;

static void connect_to(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0)
		keys_fail(path, fd);
}

void signer_open(enum keys_kind kind, int argc, char **argv)
{
	unsigned char data[2 * KEYS_MESSAGE_BYTES];

	if (argc != 2)
		keys_fail("keys_socket KIND SOCKET REFERENCE", argc);
	connect_to(argv[0]);
	EVP_EncodeBlock(data, keys_message, KEYS_MESSAGE_BYTES);
	call_len = 1 + (size_t)snprintf(call, sizeof(call),
					"{\"method\":\"org.keycask.Keys.Sign\",\"parameters\":{"
					"\"key\":\"%s\",\"algorithm\":\"%s\",\"data\":\"%s\"}}",
					argv[1], algorithms[kind], (const char *)data);
}

size_t signer_sign(void)
{
	static char reply[4096];
	size_t len = 0;

	if (send(fd, call, call_len, 0) != (ssize_t)call_len)
		keys_fail("send", 0);
	do {
		ssize_t n = recv(fd, reply + len, sizeof(reply) - len, 0);

		if (n <= 0)
			keys_fail("recv", n);
		len += (size_t)n;
	} while (reply[len - 1] != '\0');
	if (strncmp(reply, "{\"parameters\"", strlen("{\"parameters\"")) != 0)
		keys_fail(reply, 0);
	return len;
}
