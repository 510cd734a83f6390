/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who asks: control groups and Flatpak's file as texts, processes that change as processes. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/try.h"
#include "harness/test.h"
#include "sys/cgroup.h"
#include "sys/flatpak_info.h"
#include "sys/peer.h"
#include "sys/socket.h"

static const char *unit_of(const char *text)
{
	static char unit[64];

	return cgroup_find_unit(view_of_text(text), unit, sizeof(unit)) ? unit : "none";
}

TEST(a_unit_is_found_in_every_arrangement_of_control_groups)
{
	CHECK_TEXT(unit_of("0::/system.slice/foo.service\n"), "foo.service");
	CHECK_TEXT(unit_of("0::/user.slice/user-1000.slice/user@1000.service/app.slice/"
			   "app-foo.slice/foo@1.service/sub\n"),
		   "foo@1.service");
	CHECK_TEXT(unit_of("12:memory:/other\n1:name=systemd:/system.slice/_cpu.service\n0::/\n"),
		   "cpu.service");
	CHECK_TEXT(unit_of("0::/user.slice/user-1000.slice/session-2.scope\n"), "session-2.scope");
}

TEST(what_is_no_unit_gives_none)
{
	CHECK_TEXT(unit_of(""), "none");
	CHECK_TEXT(unit_of("0::/\n"), "none");
	CHECK_TEXT(unit_of("0::/docker/0123456789abcdef\n"), "none");
	CHECK_TEXT(unit_of("0::/system.slice/\n"), "none");
	CHECK_TEXT(unit_of("0::/a.slice/.service\n"), "none");
	/* the user's manager itself, and where it is while it starts something */
	CHECK_TEXT(unit_of("0::/user.slice/user-1000.slice/user@1000.service\n"), "none");
	CHECK_TEXT(unit_of("0::/user.slice/user-1000.slice/user@1000.service/init.scope\n"),
		   "init.scope");
	CHECK_TEXT(unit_of("7:x0::/foo.service\n"), "none"); /* no beginning of a line */
	CHECK_TEXT(unit_of("0::/a-name-that-is-longer-than-what-it-has-to-fit-into-000000000000000"
			   ".service\n"),
		   "none");
}

static const char *snap_of(const char *text)
{
	static char snap[24];

	return cgroup_find_snap(view_of_text(text), snap, sizeof(snap)) ? snap : "none";
}

TEST(snaps_are_found_by_snapd_s_names)
{
	static const char folder[] = "0::/user.slice/user-1000.slice/user@1000.service/app.slice/";
	char text[256];
	char snap[24];

	snprintf(text, sizeof(text), "%ssnap.hello-world.sh-1f2e.scope\n", folder);
	CHECK_TEXT(snap_of(text), "hello-world");
	CHECK_TEXT(snap_of("0::/system.slice/snap.lxd_two.daemon.service\n"), "lxd_two");
	CHECK_TEXT(snap_of("0::/system.slice/snapd.service\n"), "none");
	CHECK_TEXT(snap_of("0::/system.slice/snap..daemon.service\n"), "none");
	CHECK_TEXT(snap_of("0::/system.slice/snap.only/x.service\n"), "none");
	CHECK(cgroup_snap_of("snap.firefox.firefox (enforce)", snap, sizeof(snap)));
	CHECK_TEXT(snap, "firefox");
	CHECK(!cgroup_snap_of("unconfined", snap, sizeof(snap)));
	CHECK(!cgroup_snap_of("snap.a/b.c", snap, sizeof(snap)));
	CHECK(!cgroup_snap_of("snap.a-name-that-does-not-fit.c", snap, sizeof(snap)));
}

static const char *application_of(const char *text)
{
	static char id[24];

	return flatpak_info_find_application(view_of_text(text), id, sizeof(id)) ? id : "none";
}

TEST(flatpak_s_file_names_one_application)
{
	CHECK_TEXT(application_of("[Application]\nname=org.example.App\nruntime=x\n"),
		   "org.example.App");
	CHECK_TEXT(application_of("# x\n[Instance]\nname=no\n[Application]\nname=a"), "a");
	CHECK_TEXT(application_of("[Runtime]\nname=org.example.Runtime\n"), "none");
	CHECK_TEXT(application_of("[Application]\nname=a\nname=b\n"), "none");
	CHECK_TEXT(application_of("[Application]\nname=a\n[Application]\nname=b\n"), "none");
	CHECK_TEXT(application_of("[Application]\nname=\n"), "none");
	CHECK_TEXT(application_of("[Application]\nname=a/../b\n"), "none");
	CHECK_TEXT(application_of("[Application]\nname=org.example.a.name.too.long\n"), "none");
	CHECK_TEXT(application_of(""), "none");
}

/* --- processes ------------------------------------------------------------------------------- */

struct other {
	pid_t pid;
	int fd; /* our end of what it has connected */
	int listener;
	struct peer peer;
};

static const char *socket_path(void)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s/peer", test_directory());
	return path;
}

static int connect_to(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	CHECK(strlen(path) < sizeof(address.sun_path));
	memcpy(address.sun_path, path, strlen(path) + 1);
	CHECK(connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0);
	return fd;
}

/* A process that connects, says so with a byte, and does @then when it gets one. */
static void start_other(struct other *other, void (*then)(void))
{
	char byte = 0;

	CHECK_OK(socket_listen(socket_path(), &other->listener));
	CHECK_OK(socket_set_nonblocking(other->listener, false));
	other->pid = fork();
	CHECK(other->pid >= 0);
	if (other->pid == 0) {
		int fd = connect_to(socket_path());

		if (write(fd, "", 1) == 1 && read(fd, &byte, 1) == 1)
			then();
		_exit(1);
	}
	other->fd = accept4(other->listener, NULL, NULL, SOCK_CLOEXEC);
	CHECK(other->fd >= 0 && read(other->fd, &byte, 1) == 1);
	CHECK_OK(peer_identify(other->fd, &other->peer));
	CHECK_INT(other->peer.pid, other->pid);
}

static void end_other(struct other *other)
{
	peer_done(&other->peer);
	close(other->fd);
	close(other->listener);
	/* Not ours to kill as long as we are nobody and it is still root. */
	while (kill(other->pid, SIGKILL) != 0)
		usleep(100);
	CHECK(waitpid(other->pid, NULL, 0) == other->pid);
}

static void become_sleep(void)
{
	execl("/bin/sleep", "sleep", "60", (char *)NULL);
}

enum {
	NOBODY = 65534,
};

static void be_nobody(void)
{
	if (geteuid() == 0)
		CHECK(setresuid(NOBODY, NOBODY, NOBODY) == 0);
}

static void forbid_looking(void)
{
	be_nobody();
	prctl(PR_SET_DUMPABLE, 0);
	ignore(pause());
}

static void await_change(struct other *other)
{
	CHECK(write(other->fd, "", 1) == 1);
	while (peer_check(&other->peer) == KC_OK)
		usleep(100);
}

TEST(a_process_that_has_become_another_program_is_not_who_connected)
{
	struct other other;

	start_other(&other, become_sleep);
	CHECK_OK(peer_check(&other.peer));
	CHECK(peer_runs(&other.peer, "/proc/self/exe"));
	CHECK(!peer_runs(&other.peer, "/bin/sleep"));
	await_change(&other);
	error_clear();
	CHECK_STATUS(peer_check(&other.peer), KC_ERR_MISSING_ENTITLEMENT);
	CHECK(strstr(error_get()->message, "has become another program"));
	CHECK(strstr(error_get()->hint, "connect again"));
	CHECK(peer_is_alive(&other.peer)); /* the same process nevertheless */
	end_other(&other);
}

TEST(a_process_that_has_ended_is_nobody)
{
	struct other other;

	start_other(&other, become_sleep);
	kill(other.pid, SIGKILL);
	while (peer_check(&other.peer) == KC_OK)
		usleep(100);
	error_clear();
	CHECK_STATUS(peer_check(&other.peer), KC_ERR_MISSING_ENTITLEMENT);
	CHECK(strstr(error_get()->message, "has ended"));
	end_other(&other);
}

TEST(a_process_that_has_ended_before_it_is_identified_is_nobody_from_the_start)
{
	struct other other;
	struct peer late = {.process = -1};

	start_other(&other, become_sleep);
	kill(other.pid, SIGKILL);
	CHECK(waitpid(other.pid, NULL, 0) == other.pid);
	for (int with = 0; with < 2; with++) {
		peer_use_pidfd(with == 1);
		CHECK_OK(peer_identify(other.fd, &late));
		CHECK_INT(late.process, -1);
		CHECK(late.executable[0] == '\0' && late.name[0] != '\0');
		CHECK(peer_is_sandboxed(&late) && !peer_runs(&late, "/proc/self/exe"));
		CHECK_STATUS(peer_check(&late), KC_ERR_MISSING_ENTITLEMENT);
	}
	peer_done(&other.peer);
	close(other.fd);
	close(other.listener);
}

TEST(without_so_peerpidfd_the_identity_is_the_same)
{
	struct other other;
	struct peer again = {.process = -1};

	start_other(&other, become_sleep);
	peer_use_pidfd(false);
	CHECK_OK(peer_identify(other.fd, &again));
	CHECK_TEXT(again.executable, other.peer.executable);
	CHECK(again.start_time == other.peer.start_time && again.start_time != 0);
	CHECK_OK(peer_check(&again));
	CHECK(peer_runs(&again, "/proc/self/exe"));
	peer_done(&again);
	end_other(&other);
}

TEST(who_must_not_be_looked_into_runs_nothing_that_is_known)
{
	struct other other;
	struct peer again = {.process = -1};

	start_other(&other, forbid_looking);
	be_nobody(); /* root may look into everything */
	await_change(&other);
	while (kill(other.pid, 0) != 0) /* it was root's until now, and out of our reach */
		usleep(100);
	CHECK_OK(peer_identify(other.fd, &again));
	CHECK_TEXT(again.executable, "");
	CHECK(again.program.inode == 0 && !peer_runs(&again, "/proc/self/exe"));
	CHECK_INT(again.sandbox.kind, PEER_IN_NONE); /* it has the same IDs as everybody */
	CHECK_OK(peer_check(&again));
	peer_done(&again);
	end_other(&other);
}
