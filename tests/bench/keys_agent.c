/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An agent that speaks OpenSSH's protocol (draft-miller-ssh-agent): keys_agent KIND SOCKET. It
 * signs with the agent's first key of that kind.
 */
#include "keys.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

enum {
	MESSAGE_MAX = 16384,
	REQUEST_IDENTITIES = 11,
	IDENTITIES_ANSWER = 12,
	SIGN_REQUEST = 13,
	SIGN_RESPONSE = 14,
	RSA_SHA2_256 = 2,
};

struct text {
	const unsigned char *data;
	uint32_t len;
};

static int fd;
static unsigned char blob[2048];
static uint32_t blob_len;
static uint32_t flags;

static uint32_t get_number(const unsigned char *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static unsigned char *put_number(unsigned char *at, uint32_t number)
{
	for (int shift = 24; shift >= 0; shift -= 8)
		*at++ = (unsigned char)(number >> shift);
	return at;
}

static unsigned char *put_text(unsigned char *at, const void *data, uint32_t len)
{
	at = put_number(at, len);
	memcpy(at, data, len);
	return at + len;
}

static void receive(unsigned char *out, size_t len)
{
	if (recv(fd, out, len, MSG_WAITALL) != (ssize_t)len)
		keys_fail("the agent does not answer", (long)len);
}

/* The answer's length; @out gets what follows its type. */
static uint32_t ask(const unsigned char *request, size_t len, int expected, unsigned char *out)
{
	unsigned char head[5];

	if (send(fd, request, len, 0) != (ssize_t)len)
		keys_fail("send", 0);
	receive(head, sizeof(head));
	if (head[4] != expected || get_number(head) > MESSAGE_MAX)
		keys_fail("the agent refuses", head[4]);
	receive(out, get_number(head) - 1);
	return get_number(head) - 1;
}

static struct text take_text(const unsigned char **at, const unsigned char *end)
{
	struct text text = {*at + 4, 0};

	if (end - *at < 4 || get_number(*at) > (size_t)(end - *at - 4))
		keys_fail("the agent's answer is too short", 0);
	text.len = get_number(*at);
	*at += 4 + text.len;
	return text;
}

static bool is_of_type(struct text key, const char *type)
{
	const unsigned char *at = key.data;
	struct text name = take_text(&at, key.data + key.len);

	return name.len == strlen(type) && memcmp(name.data, type, name.len) == 0;
}

static void find_key(const char *type)
{
	static unsigned char answer[MESSAGE_MAX];
	const unsigned char request[] = {0, 0, 0, 1, REQUEST_IDENTITIES};
	uint32_t len = ask(request, sizeof(request), IDENTITIES_ANSWER, answer);
	const unsigned char *at = answer + 4;

	for (uint32_t n = get_number(answer); n > 0 && blob_len == 0; n--) {
		struct text key = take_text(&at, answer + len);

		take_text(&at, answer + len);
		if (!is_of_type(key, type) || key.len > sizeof(blob))
			continue;
		memcpy(blob, key.data, key.len);
		blob_len = key.len;
	}
	if (blob_len == 0)
		keys_fail(type, 0);
}

void signer_open(enum keys_kind kind, int argc, char **argv)
{
	static const char *const types[] = {"ecdsa-sha2-nistp256", "ssh-rsa", "ssh-ed25519"};
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	if (argc != 1)
		keys_fail("keys_agent KIND SOCKET", argc);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", argv[0]);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0)
		keys_fail(argv[0], fd);
	flags = kind == KEYS_RSA ? RSA_SHA2_256 : 0;
	find_key(types[kind]);
}

size_t signer_sign(void)
{
	static unsigned char answer[MESSAGE_MAX];
	static unsigned char request[MESSAGE_MAX];
	unsigned char *at = request + 4;

	*at++ = SIGN_REQUEST;
	at = put_text(at, blob, blob_len);
	at = put_text(at, keys_message, sizeof(keys_message));
	at = put_number(at, flags);
	put_number(request, (uint32_t)(at - request - 4));
	return ask(request, (size_t)(at - request), SIGN_RESPONSE, answer);
}
