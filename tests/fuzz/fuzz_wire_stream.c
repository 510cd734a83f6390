/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Bytes from a peer through a real socket into a real server, in pieces whose lengths the first
 * byte chooses. A second peer must be served all the while, and nothing may be left of the first.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "wire/server.h"
#include "wire/test_fixture.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct {
	struct fixture fixture;
	sd_event *event;
	struct wire_server *server;
	struct sockaddr_un address;
	socklen_t address_len;
	unsigned n_peers;
} world;

static void require(bool condition)
{
	if (!condition)
		abort();
}

static enum kc_status admit(void *context, int fd, void **ret_peer)
{
	(void)context;
	(void)fd;
	(void)ret_peer;
	world.n_peers++;
	return KC_OK;
}

static void dismiss(void *context, void *peer)
{
	(void)context;
	(void)peer;
	world.n_peers--;
}

/* An address that the kernel chooses, in no file system. */
static int listen_somewhere(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	require(fd >= 0);
	world.address.sun_family = AF_UNIX;
	world.address_len = sizeof(world.address);
	require(bind(fd, (struct sockaddr *)&world.address, sizeof(sa_family_t)) == 0);
	require(getsockname(fd, (struct sockaddr *)&world.address, &world.address_len) == 0);
	require(listen(fd, 8) == 0);
	return fd;
}

static void set_up(void)
{
	const struct wire_server_hooks hooks = {admit, dismiss, NULL, 4};

	fixture_init(&world.fixture);
	require(sd_event_new(&world.event) >= 0);
	require(wire_server_new(world.event, listen_somewhere(), world.fixture.service, &hooks,
				&world.server) == KC_OK);
}

static void run(void)
{
	while (sd_event_run(world.event, 0) > 0)
		;
}

static int connect_peer(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	require(fd >= 0);
	require(connect(fd, (struct sockaddr *)&world.address, world.address_len) == 0);
	return fd;
}

static void read_all(int fd)
{
	static char block[64 * 1024];

	while (recv(fd, block, sizeof(block), 0) > 0)
		run();
}

/* As much as goes; a server that has closed or reads no more is fine. */
static void write_pieces(int fd, const uint8_t *data, size_t size, size_t piece)
{
	while (size > 0) {
		size_t len = size < piece ? size : piece;
		ssize_t n = send(fd, data, len, MSG_NOSIGNAL);

		if (n <= 0)
			return;
		data += n;
		size -= (size_t)n;
		run();
	}
}

static void check_other_peer(int fd)
{
	static const char call[] =
		"{\"method\":\"org.example.test.Echo\",\"parameters\":{\"text\":\"x\"}}";
	static const char answer[] = "{\"parameters\":{\"text\":\"x\"}}";
	char heard[64];

	require(send(fd, call, sizeof(call), MSG_NOSIGNAL) == sizeof(call));
	run();
	require(recv(fd, heard, sizeof(heard), 0) == sizeof(answer));
	require(memcmp(heard, answer, sizeof(answer)) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int peer = -1;
	int other = -1;

	if (size == 0)
		return 0;
	if (!world.server)
		set_up();
	peer = connect_peer();
	other = connect_peer();
	write_pieces(peer, data + 1, size - 1, (size_t)data[0] + 1);
	check_other_peer(other);
	while (world.fixture.n_waiting > 0) {
		fixture_release(&world.fixture);
		run();
	}
	if (data[0] & 1)
		read_all(peer);
	close(peer);
	check_other_peer(other);
	close(other);
	run();
	require(world.n_peers == 0 && world.fixture.n_waiting == 0);
	return 0;
}
