/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Plays a fuzz target's corpus as an ordinary test, without libFuzzer: replay FOLDER runs the
 * target on each file of FOLDER, on every prefix of it and with each of its bytes flipped once
 * when it is small, and says TAP. Each file is a process of its own, so that a crash names the
 * file it came from.
 */
#include <dirent.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	INPUT_MAX = 1024 * 1024,
	VARIED_MAX = 512,	 /* larger inputs are played only as they are */
	TIME_LIMIT_SECONDS = 60, /* for one input, on a machine that has other things to do */
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The target gets memory of exactly its input's size, so that the sanitizers see each overrun. */
static void play_exactly(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size > 0 ? size : 1);

	if (!copy)
		abort();
	if (size > 0)
		memcpy(copy, data, size);
	alarm(TIME_LIMIT_SECONDS);
	LLVMFuzzerTestOneInput(copy, size);
	free(copy);
}

static void play_varied(uint8_t *data, size_t size)
{
	play_exactly(data, size);
	if (size > VARIED_MAX)
		return;
	for (size_t i = 0; i < size; i++) {
		play_exactly(data, i);
		data[i] ^= 0xFF;
		play_exactly(data, size);
		data[i] ^= 0xFF;
	}
}

static _Noreturn void play_file(const char *folder, const char *name)
{
	char path[1024];
	uint8_t *data = malloc(INPUT_MAX);
	FILE *file = NULL;
	size_t size = 0;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "rb");
	if (!data || !file)
		_exit(2);
	size = fread(data, 1, INPUT_MAX, file);
	fclose(file);
	play_varied(data, size);
	free(data);
	exit(0); /* not _exit: the leak checker runs at exit */
}

static bool survives(const char *folder, const char *name)
{
	int status = 0;
	pid_t pid = 0;

	fflush(stdout);
	pid = fork();
	if (pid == 0)
		play_file(folder, name);
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return false;
	if (WIFSIGNALED(status))
		printf("# %s: killed by %s\n", name, strsignal(WTERMSIG(status)));
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static int is_input(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

int main(int argc, char **argv)
{
	struct dirent **entries = NULL;
	int n = argc == 2 ? scandir(argv[1], &entries, is_input, alphasort) : -1;
	int n_failed = 0;

	if (n <= 0) {
		fprintf(stderr, "replay: no corpus\n");
		return 2;
	}
	printf("1..%d\n", n);
	for (int i = 0; i < n; i++) {
		bool passed = survives(argv[1], entries[i]->d_name);

		n_failed += !passed;
		printf("%sok %d - %s\n", passed ? "" : "not ", i + 1, entries[i]->d_name);
		free(entries[i]);
	}
	free(entries);
	return n_failed > 0;
}
