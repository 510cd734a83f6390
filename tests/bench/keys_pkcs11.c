/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A PKCS#11 module: keys_pkcs11 KIND MODULE TOKEN PIN [ID]. PIN "-": nobody logs in. ID is the
 * key's, in hexadecimal; without it the key's label is its kind.
 */
#include "keys.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <p11-kit/pkcs11.h>

enum {
	SLOTS_MAX = 16,
	ID_MAX = 64,
	MECHANISM_EDDSA = 0x1057, /* CKM_EDDSA of PKCS#11 3.0 */
};

static CK_FUNCTION_LIST *module;
static CK_SESSION_HANDLE session;
static CK_OBJECT_HANDLE key;
static CK_MECHANISM mechanism;

static void expect(CK_RV status, const char *what)
{
	if (status != CKR_OK)
		keys_fail(what, (long)status);
}

static void load_module(const char *path)
{
	CK_C_GetFunctionList get = NULL;
	void *library = dlopen(path, RTLD_NOW);

	if (!library) {
		fprintf(stderr, "%s\n", dlerror());
		exit(1);
	}
	*(void **)&get = dlsym(library, "C_GetFunctionList");
	expect(get(&module), "C_GetFunctionList");
	expect(module->C_Initialize(NULL), "C_Initialize");
}

static CK_SLOT_ID find_slot(const char *label)
{
	CK_SLOT_ID slots[SLOTS_MAX];
	CK_ULONG n = SLOTS_MAX;
	CK_TOKEN_INFO info;

	expect(module->C_GetSlotList(CK_TRUE, slots, &n), "C_GetSlotList");
	for (CK_ULONG i = 0; i < n; i++)
		if (module->C_GetTokenInfo(slots[i], &info) == CKR_OK &&
		    strncmp((const char *)info.label, label, strlen(label)) == 0)
			return slots[i];
	keys_fail("no such token", (long)n);
}

static void find_key(CK_ATTRIBUTE name)
{
	CK_OBJECT_CLASS private_key = CKO_PRIVATE_KEY;
	CK_ATTRIBUTE wanted[] = {{CKA_CLASS, &private_key, sizeof(private_key)}, name};
	CK_ULONG n = 0;

	expect(module->C_FindObjectsInit(session, wanted, 2), "C_FindObjectsInit");
	expect(module->C_FindObjects(session, &key, 1, &n), "C_FindObjects");
	expect(module->C_FindObjectsFinal(session), "C_FindObjectsFinal");
	if (n != 1)
		keys_fail("no such key", (long)n);
}

static CK_ATTRIBUTE id_of(const char *text)
{
	static unsigned char id[ID_MAX];
	size_t len = 0;

	while (len < sizeof(id) && sscanf(text + 2 * len, "%2hhx", &id[len]) == 1)
		len++;
	return (CK_ATTRIBUTE){CKA_ID, id, len};
}

static void log_in(char *pin)
{
	if (strcmp(pin, "-") != 0)
		expect(module->C_Login(session, CKU_USER, (CK_UTF8CHAR *)pin, strlen(pin)),
		       "C_Login");
}

void signer_open(enum keys_kind kind, int argc, char **argv)
{
	static char labels[][16] = {"P-256", "RSA-2048", "Ed25519"};
	static const CK_MECHANISM_TYPE types[] = {CKM_ECDSA, CKM_SHA256_RSA_PKCS, MECHANISM_EDDSA};

	if (argc != 3 && argc != 4)
		keys_fail("keys_pkcs11 KIND MODULE TOKEN PIN [ID]", argc);
	load_module(argv[0]);
	expect(module->C_OpenSession(find_slot(argv[1]), CKF_SERIAL_SESSION, NULL, NULL, &session),
	       "C_OpenSession");
	log_in(argv[2]);
	find_key(argc == 4 ? id_of(argv[3])
			   : (CK_ATTRIBUTE){CKA_LABEL, labels[kind], strlen(labels[kind])});
	mechanism.mechanism = types[kind];
}

size_t signer_sign(void)
{
	CK_BYTE signature[1024];
	CK_ULONG len = sizeof(signature);

	expect(module->C_SignInit(session, &mechanism, key), "C_SignInit");
	expect(module->C_Sign(session, keys_message, sizeof(keys_message), signature, &len),
	       "C_Sign");
	return len;
}
