/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The runner behind TEST(): fork, limit, count descriptors, say TAP. */
#include "harness/test.h"

#include <dirent.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	TIME_LIMIT_SECONDS = 60,
};

static struct test_case *first_case;
static char directory[64];

void test_register(struct test_case *test)
{
	struct test_case **end = &first_case;

	while (*end)
		end = &(*end)->next;
	*end = test;
}

_Noreturn void test_fail(const char *file, int line, const char *format, ...)
{
	va_list args;

	fprintf(stdout, "# %s:%d: ", file, line);
	va_start(args, format);
	vfprintf(stdout, format, args);
	va_end(args);
	fputc('\n', stdout);
	fflush(stdout);
	_exit(1);
}

void test_check_status(const char *file, int line, const char *what, enum kc_status actual,
		       enum kc_status expected)
{
	if (actual != expected)
		test_fail(file, line, "%s is %s, not %s", what, kc_status_name(actual),
			  kc_status_name(expected));
}

void test_check_int(const char *file, int line, const char *what, long long actual,
		    long long expected)
{
	if (actual != expected)
		test_fail(file, line, "%s is %lld, not %lld", what, actual, expected);
}

void test_check_text(const char *file, int line, const char *what, const char *actual,
		     const char *expected)
{
	if (!actual || strcmp(actual, expected) != 0)
		test_fail(file, line, "%s is \"%s\", not \"%s\"", what, actual ? actual : "(null)",
			  expected);
}

void test_check_hex(const char *file, int line, const char *what, struct kc_view actual,
		    const char *hex)
{
	char *text = malloc(actual.len * 2 + 1);

	if (!text)
		test_fail(file, line, "out of memory");
	for (size_t i = 0; i < actual.len; i++)
		snprintf(text + 2 * i, 3, "%02X", actual.data[i]);
	text[actual.len * 2] = '\0';
	if (strcasecmp(text, hex) != 0)
		test_fail(file, line, "%s is %s, not %s", what, text, hex);
	free(text);
}

static int remove_entry(const char *path, const struct stat *info, int type, struct FTW *walk)
{
	(void)info;
	(void)type;
	(void)walk;
	return remove(path);
}

void test_remove(const char *path)
{
	nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

/* In memory, where programs may be run from there too: nothing waits for a disk then. */
static const char *temporary_place(void)
{
	static const char memory[] = "/dev/shm";
	struct statvfs info;

	if (access(memory, W_OK) != 0 || statvfs(memory, &info) != 0)
		return "/tmp";
	return info.f_flag & ST_NOEXEC ? "/tmp" : memory;
}

const char *test_directory(void)
{
	if (directory[0] == '\0') {
		snprintf(directory, sizeof(directory), "%s/keycask-test-XXXXXX", temporary_place());
		if (!mkdtemp(directory))
			test_fail(__FILE__, __LINE__, "no temporary directory");
	}
	return directory;
}

struct kc_bytes test_read_data(const char *path)
{
	const char *root = getenv("KEYCASK_TESTS");
	char full[512];
	struct kc_bytes out = {NULL, 0};
	struct stat info;
	FILE *file = NULL;

	snprintf(full, sizeof(full), "%s/%s", root ? root : "tests", path);
	file = fopen(full, "rb");
	if (!file || fstat(fileno(file), &info) != 0)
		test_fail(__FILE__, __LINE__, "cannot read %s", full);
	out.len = (size_t)info.st_size;
	out.data = malloc(out.len + 1);
	if (!out.data || fread(out.data, 1, out.len, file) != out.len)
		test_fail(__FILE__, __LINE__, "cannot read %s", full);
	out.data[out.len] = '\0';
	fclose(file);
	return out;
}

static int count_descriptors(void)
{
	DIR *folder = opendir("/proc/self/fd");
	int n = 0;

	while (folder && readdir(folder))
		n++;
	if (folder)
		closedir(folder);
	return n;
}

static _Noreturn void run_child(const struct test_case *test)
{
	int before = count_descriptors();

	alarm(TIME_LIMIT_SECONDS);
	test->run();
	if (count_descriptors() != before)
		test_fail(test->file, 0, "%s leaves descriptors open", test->name);
	if (directory[0] != '\0')
		test_remove(directory);
	fflush(stdout);
	exit(0); /* not _exit: the leak checker runs at exit */
}

static bool run_case(const struct test_case *test)
{
	int status = 0;
	pid_t pid = 0;

	fflush(stdout);
	pid = fork();
	if (pid == 0)
		run_child(test);
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return false;
	if (WIFSIGNALED(status))
		printf("# %s: killed by %s\n", test->name, strsignal(WTERMSIG(status)));
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static bool is_wanted(const struct test_case *test, const char *only)
{
	return !only || strcmp(test->name, only) == 0;
}

int main(int argc, char **argv)
{
	const char *only = argc > 1 ? argv[1] : NULL;
	int n = 0;
	int n_failed = 0;

	for (struct test_case *test = first_case; test; test = test->next)
		n += is_wanted(test, only);
	printf("1..%d\n", n);
	n = 0;
	for (struct test_case *test = first_case; test; test = test->next) {
		bool passed = false;

		if (!is_wanted(test, only))
			continue;
		passed = run_case(test);
		n_failed += !passed;
		printf("%sok %d - %s\n", passed ? "" : "not ", ++n, test->name);
	}
	return n_failed > 0;
}
