/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who has started whom: a tree of processes that run a copy of this program under other names. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/try.h"
#include "harness/test.h"
#include "sys/ancestor.h"
#include "sys/process.h"
#include "sys/socket.h"

#define SHELL	    "/bin/sh"
#define LEAF_SCRIPT "echo $$; read line"

/* A folder with "git", a copy of the shell: its exe is what the kernel tells. */
struct scene {
	char folder[64];
	char git[96];
	char leaf[96];
	int ends[2]; /* a socket pair: the process at its far end is looked at */
	pid_t top;
};

static void copy_file(const char *from, const char *to)
{
	char chunk[2048];
	int in = open(from, O_RDONLY | O_CLOEXEC);
	int out = open(to, O_WRONLY | O_CREAT | O_CLOEXEC, 0700);
	ssize_t n = 0;

	CHECK(in >= 0 && out >= 0);
	while ((n = read(in, chunk, sizeof(chunk))) > 0)
		CHECK(write(out, chunk, (size_t)n) == n);
	close(in);
	close(out);
}

/* @program -c SCRIPT; what ends up as the leaf says its process ID on standard output, and waits
 * for the end of its standard input. */
static void scene_start(struct scene *scene, const char *program, const char *script,
			pid_t *ret_leaf)
{
	char text[32] = "";

	CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, scene->ends) == 0);
	scene->top = fork();
	CHECK(scene->top >= 0);
	if (scene->top == 0) {
		ignore(dup2(scene->ends[1], STDIN_FILENO) < 0);
		ignore(dup2(scene->ends[1], STDOUT_FILENO) < 0);
		ignore(chdir(scene->folder) != 0);
		execl(program, "git", "-c", script, "rebase", "--interactive", NULL);
		_exit(127);
	}
	close(scene->ends[1]);
	CHECK(read(scene->ends[0], text, sizeof(text) - 1) > 0);
	*ret_leaf = (pid_t)strtoul(text, NULL, 10);
	CHECK(*ret_leaf > 0);
}

static void scene_stop(struct scene *scene)
{
	close(scene->ends[0]);
	CHECK(waitpid(scene->top, NULL, 0) == scene->top);
}

static void scene_make(struct scene *scene)
{
	int out = -1;

	(void)snprintf(scene->folder, sizeof(scene->folder), "/tmp/keycask-ancestor-XXXXXX");
	CHECK(mkdtemp(scene->folder));
	(void)snprintf(scene->git, sizeof(scene->git), "%s/git", scene->folder);
	copy_file(SHELL, scene->git);
	(void)snprintf(scene->leaf, sizeof(scene->leaf), "%s/leaf", scene->folder);
	out = open(scene->leaf, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	CHECK(out >= 0 && write(out, LEAF_SCRIPT, strlen(LEAF_SCRIPT)) > 0);
	close(out);
}

static void scene_remove(struct scene *scene)
{
	CHECK(unlink(scene->git) == 0 && unlink(scene->leaf) == 0);
	CHECK(rmdir(scene->folder) == 0);
}

/* As daemon/client.c would have it of a connection. */
static struct peer peer_of(pid_t pid)
{
	struct peer peer = {.pid = pid, .uid = geteuid(), .process = -1, .name = "leaf"};
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/%ld", (long)pid);
	peer.process = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	CHECK(peer.process >= 0);
	peer.start_time = process_start_time(pid);
	peer.sandbox.kind = PEER_IN_NONE;
	return peer;
}

static enum kc_status find(pid_t pid, const char *program, struct ancestor *ret_ancestor)
{
	struct peer peer = peer_of(pid);
	enum kc_status status = ancestor_find(&peer, program, ret_ancestor);

	peer_done(&peer);
	return status;
}

/* Not exec()ed in the place of the shell that runs it, since something follows. */
#define LEAF "/bin/sh ./leaf; true"

TEST(the_program_that_started_a_process_is_found_through_others)
{
	struct scene scene;
	struct ancestor ancestor;
	pid_t leaf = -1;

	scene_make(&scene);
	scene_start(&scene, scene.git, "/bin/sh -c '" LEAF "'; true", &leaf);
	CHECK_OK(find(leaf, "git", &ancestor));
	CHECK_INT(ancestor.pid, scene.top);
	CHECK(ancestor.start_time > 0);
	CHECK_TEXT(ancestor.folder, scene.folder);
	CHECK_TEXT(ancestor.command, "git rebase");
	CHECK(poll(&(struct pollfd){.fd = ancestor.pidfd, .events = POLLIN}, 1, 0) == 0);
	scene_stop(&scene);
	CHECK(poll(&(struct pollfd){.fd = ancestor.pidfd, .events = POLLIN}, 1, -1) == 1);
	ancestor_done(&ancestor);
	scene_remove(&scene);
}

TEST(of_several_the_uppermost_counts)
{
	struct scene scene;
	struct ancestor ancestor;
	struct ancestor same;
	pid_t leaf = -1;
	char script[256];

	scene_make(&scene);
	(void)snprintf(script, sizeof(script), "%s -c '" LEAF "'; true", scene.git);
	scene_start(&scene, scene.git, script, &leaf);
	CHECK_OK(find(leaf, "git", &ancestor));
	CHECK_INT(ancestor.pid, scene.top);
	CHECK_OK(find(leaf, "git", &same));
	CHECK(ancestor_is_same(&ancestor, &same));
	same.start_time++;
	CHECK(!ancestor_is_same(&ancestor, &same));
	ancestor_done(&same);
	ancestor_done(&ancestor);
	scene_stop(&scene);
	scene_remove(&scene);
}

TEST(what_calls_itself_git_is_none)
{
	struct scene scene;
	struct ancestor ancestor;
	pid_t leaf = -1;

	scene_make(&scene);
	scene_start(&scene, SHELL, LEAF, &leaf); /* its argv[0] is "git" */
	CHECK_STATUS(find(leaf, "git", &ancestor), KC_ERR_ITEM_NOT_FOUND);
	scene_stop(&scene);
	scene_remove(&scene);
}

TEST(a_process_is_not_its_own_ancestor)
{
	struct scene scene;
	struct ancestor ancestor;
	pid_t leaf = -1;

	scene_make(&scene);
	scene_start(&scene, scene.git, "echo $$; read line", &leaf);
	CHECK_INT(leaf, scene.top);
	CHECK_STATUS(find(leaf, "git", &ancestor), KC_ERR_ITEM_NOT_FOUND);
	scene_stop(&scene);
	scene_remove(&scene);
}

TEST(one_in_a_sandbox_has_none)
{
	struct scene scene;
	struct ancestor ancestor;
	struct peer peer;
	pid_t leaf = -1;

	scene_make(&scene);
	scene_start(&scene, scene.git, LEAF, &leaf);
	peer = peer_of(leaf);
	peer.sandbox.kind = PEER_IN_FLATPAK;
	CHECK_STATUS(ancestor_find(&peer, "git", &ancestor), KC_ERR_ITEM_NOT_FOUND);
	peer_done(&peer);
	scene_stop(&scene);
	scene_remove(&scene);
}

TEST(what_has_ended_has_none)
{
	struct scene scene;
	struct ancestor ancestor;
	struct peer peer;
	pid_t leaf = -1;

	scene_make(&scene);
	scene_start(&scene, scene.git, LEAF, &leaf);
	peer = peer_of(leaf);
	scene_stop(&scene);
	CHECK_STATUS(ancestor_find(&peer, "git", &ancestor), KC_ERR_ITEM_NOT_FOUND);
	peer_done(&peer);
	scene_remove(&scene);
}
