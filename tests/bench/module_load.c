/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What it costs a program to have a PKCS#11 module in it: module_load MODULE [TOKEN]. TOKEN begins
 * the label of the token in which everything is searched for; without it the first that has objects
 * to look at. A line of numbers: µs of dlopen, C_Initialize, the first C_GetSlotList, opening a
 * session and the first search; kB of resident and of private dirty memory that came with it,
 * libraries that are mapped since, and objects found.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <p11-kit/pkcs11.h>

#include "samples.h"

enum {
	SLOTS_MAX = 64,
	OBJECTS_MAX = 256,
};

struct weight {
	long resident_kb;
	long dirty_kb;
	long n_libraries;
};

static CK_FUNCTION_LIST *module;

static void expect(CK_RV status, const char *what)
{
	if (status == CKR_OK)
		return;
	fprintf(stderr, "%s: 0x%lx\n", what, status);
	exit(1);
}

/* --- this process -------------------------------------------------------------------------- */

/* Each library once: the mapping that can be executed. */
static long count_libraries(void)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	char line[1024];
	long n = 0;

	while (maps && fgets(line, sizeof(line), maps))
		n += strstr(line, ".so") && strstr(line, " r-xp ");
	if (maps)
		fclose(maps);
	return n;
}

static struct weight weigh(void)
{
	struct weight weight = {.n_libraries = count_libraries()};
	FILE *rollup = fopen("/proc/self/smaps_rollup", "re");
	char line[256];

	while (rollup && fgets(line, sizeof(line), rollup)) {
		(void)sscanf(line, "Rss: %ld", &weight.resident_kb);
		(void)sscanf(line, "Private_Dirty: %ld", &weight.dirty_kb);
	}
	if (rollup)
		fclose(rollup);
	return weight;
}

/* --- the module's first steps -------------------------------------------------------------- */

static void open_module(const char *path)
{
	CK_C_GetFunctionList get = NULL;
	void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);

	if (!library) {
		fprintf(stderr, "%s\n", dlerror());
		exit(1);
	}
	*(void **)&get = dlsym(library, "C_GetFunctionList");
	expect(get(&module), "C_GetFunctionList");
}

static CK_SLOT_ID choose(const CK_SLOT_ID *slots, CK_ULONG n, const char *label)
{
	CK_TOKEN_INFO info;

	for (CK_ULONG i = 0; i < n; i++)
		if (module->C_GetTokenInfo(slots[i], &info) == CKR_OK &&
		    (!label || strncmp((const char *)info.label, label, strlen(label)) == 0))
			return slots[i];
	fprintf(stderr, "no such token\n");
	exit(1);
}

static CK_ULONG search(CK_SLOT_ID slot)
{
	CK_OBJECT_HANDLE objects[OBJECTS_MAX];
	CK_SESSION_HANDLE session = 0;
	CK_ULONG n = 0;

	expect(module->C_OpenSession(slot, CKF_SERIAL_SESSION, NULL, NULL, &session),
	       "C_OpenSession");
	expect(module->C_FindObjectsInit(session, NULL, 0), "C_FindObjectsInit");
	expect(module->C_FindObjects(session, objects, OBJECTS_MAX, &n), "C_FindObjects");
	expect(module->C_FindObjectsFinal(session), "C_FindObjectsFinal");
	return n;
}

static double lap(double *began)
{
	double now = samples_now_us();
	double took = now - *began;

	*began = now;
	return took;
}

int main(int argc, char **argv)
{
	CK_SLOT_ID slots[SLOTS_MAX];
	CK_ULONG n = SLOTS_MAX;
	CK_ULONG n_found = 0;
	struct weight before;
	struct weight after;
	double steps[4];
	double began = 0;

	if (argc < 2)
		return 2;
	(void)weigh(); /* what weighing itself takes has come by then */
	before = weigh();
	began = samples_now_us();
	open_module(argv[1]);
	steps[0] = lap(&began);
	expect(module->C_Initialize(NULL), "C_Initialize");
	steps[1] = lap(&began);
	expect(module->C_GetSlotList(CK_TRUE, slots, &n), "C_GetSlotList");
	steps[2] = lap(&began);
	if (n > 0)
		n_found = search(choose(slots, n, argc > 2 ? argv[2] : NULL));
	steps[3] = lap(&began);
	after = weigh();
	for (int i = 0; i < 4; i++)
		printf("%.1f ", steps[i]);
	printf("%ld %ld %ld %lu\n", after.resident_kb - before.resident_kb,
	       after.dirty_kb - before.dirty_kb, after.n_libraries - before.n_libraries, n_found);
	return 0;
}
