/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Certificate objects, through a PKCS#11 module in this process:
 *
 *	items_pkcs11 MODULE SLOT [PIN [PARAMETERS]]
 *
 * SLOT is the slot's number, or "-" for the first with a token. PARAMETERS go to C_Initialize as
 *NSS wants them. The content of a certificate is no DER: neither store looks into it.
 */
#include "items.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <p11-kit/pkcs11.h>

/* NSS's own form of CK_C_INITIALIZE_ARGS. */
struct nss_arguments {
	void *functions[4];
	CK_FLAGS flags;
	char *parameters;
	void *reserved;
};

static CK_FUNCTION_LIST *module;
static CK_SESSION_HANDLE session;
static CK_OBJECT_CLASS certificate_class = CKO_CERTIFICATE;
static CK_CERTIFICATE_TYPE certificate_type = CKC_X_509;
static CK_BBOOL yes = CK_TRUE;

static void expect(CK_RV status, const char *what)
{
	if (status != CKR_OK)
		item_fail(what, (long)status);
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
}

static CK_SLOT_ID find_slot(const char *wanted)
{
	CK_SLOT_ID slots[16];
	CK_ULONG n = 16;

	if (strcmp(wanted, "-") != 0)
		return strtoul(wanted, NULL, 10);
	expect(module->C_GetSlotList(CK_TRUE, slots, &n), "C_GetSlotList");
	return slots[0];
}

void store_open(int argc, char **argv)
{
	struct nss_arguments arguments = {.flags = CKF_OS_LOCKING_OK};
	CK_UTF8CHAR *pin = NULL;

	if (argc < 3)
		item_fail("items_pkcs11 MODULE SLOT [PIN [PARAMETERS]]", argc);
	load_module(argv[1]);
	arguments.parameters = argc > 4 ? argv[4] : NULL;
	expect(module->C_Initialize(argc > 4 ? &arguments : NULL), "C_Initialize");
	expect(module->C_OpenSession(find_slot(argv[2]), CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL,
				     NULL, &session),
	       "C_OpenSession");
	if (argc <= 3 || argv[3][0] == '\0')
		return;
	pin = (CK_UTF8CHAR *)argv[3];
	expect(module->C_Login(session, CKU_USER, pin, strlen(argv[3])), "C_Login");
}

/* The name of an item is its CKA_ID, 20 bytes. */
static CK_ATTRIBUTE id_of(unsigned number, char text[21])
{
	snprintf(text, 21, "id-of-item-%09u", number);
	return (CK_ATTRIBUTE){CKA_ID, text, 20};
}

void store_add(unsigned number)
{
	char id[21];
	char label[32];
	char subject[48];
	char serial[16];
	char issuer[] = "the issuer";
	CK_OBJECT_HANDLE object = 0;
	CK_ATTRIBUTE attributes[] = {
		{CKA_CLASS, &certificate_class, sizeof(certificate_class)},
		{CKA_TOKEN, &yes, sizeof(yes)},
		{CKA_CERTIFICATE_TYPE, &certificate_type, sizeof(certificate_type)},
		id_of(number, id),
		{CKA_LABEL, label, 0},
		{CKA_SUBJECT, subject, 0},
		{CKA_ISSUER, issuer, sizeof(issuer) - 1},
		{CKA_SERIAL_NUMBER, serial, 0},
		{CKA_VALUE, item_value, ITEM_BYTES},
	};

	attributes[4].ulValueLen = (CK_ULONG)snprintf(label, sizeof(label), "item %u", number);
	attributes[5].ulValueLen =
		(CK_ULONG)snprintf(subject, sizeof(subject), "the subject of item %09u", number);
	attributes[7].ulValueLen = (CK_ULONG)snprintf(serial, sizeof(serial), "%09u", number);
	expect(module->C_CreateObject(session, attributes, 9, &object), "C_CreateObject");
}

static CK_OBJECT_HANDLE find(unsigned number)
{
	char id[21];
	CK_ATTRIBUTE template[] = {
		{CKA_CLASS, &certificate_class, sizeof(certificate_class)},
		id_of(number, id),
	};
	CK_OBJECT_HANDLE object = 0;
	CK_ULONG n = 0;

	expect(module->C_FindObjectsInit(session, template, 2), "C_FindObjectsInit");
	expect(module->C_FindObjects(session, &object, 1, &n), "C_FindObjects");
	expect(module->C_FindObjectsFinal(session), "C_FindObjectsFinal");
	return n > 0 ? object : CK_INVALID_HANDLE;
}

bool store_find(unsigned number)
{
	unsigned char value[ITEM_BYTES];
	CK_ATTRIBUTE wanted = {CKA_VALUE, value, sizeof(value)};
	CK_OBJECT_HANDLE object = find(number);

	if (object == CK_INVALID_HANDLE)
		return false;
	expect(module->C_GetAttributeValue(session, object, &wanted, 1), "C_GetAttributeValue");
	return wanted.ulValueLen == ITEM_BYTES;
}

static void read_names(CK_OBJECT_HANDLE object)
{
	char id[64];
	char label[256];
	char subject[256];
	char serial[64];
	CK_ATTRIBUTE wanted[] = {
		{CKA_ID, id, sizeof(id)},
		{CKA_LABEL, label, sizeof(label)},
		{CKA_SUBJECT, subject, sizeof(subject)},
		{CKA_SERIAL_NUMBER, serial, sizeof(serial)},
	};

	expect(module->C_GetAttributeValue(session, object, wanted, 4), "C_GetAttributeValue");
}

size_t store_list(void)
{
	static CK_OBJECT_HANDLE objects[1000000];
	CK_ATTRIBUTE template = {CKA_CLASS, &certificate_class, sizeof(certificate_class)};
	CK_ULONG n = 0;
	CK_ULONG more = 0;

	expect(module->C_FindObjectsInit(session, &template, 1), "C_FindObjectsInit");
	do {
		expect(module->C_FindObjects(session, objects + n, 1000000 - n, &more),
		       "C_FindObjects");
		n += more;
	} while (more > 0);
	expect(module->C_FindObjectsFinal(session), "C_FindObjectsFinal");
	for (CK_ULONG i = 0; i < n; i++)
		read_names(objects[i]);
	return n;
}

void store_update(unsigned number, unsigned round)
{
	char label[32];
	CK_ATTRIBUTE change = {CKA_LABEL, label, 0};

	change.ulValueLen = (CK_ULONG)snprintf(label, sizeof(label), "item %u, %u", number, round);
	expect(module->C_SetAttributeValue(session, find(number), &change, 1),
	       "C_SetAttributeValue");
}

void store_delete(unsigned number)
{
	expect(module->C_DestroyObject(session, find(number)), "C_DestroyObject");
}
