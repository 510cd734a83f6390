/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Objects against a daemon of fixed text: how often it is asked, whose handle is whose, what is
 * hidden, and what ends with what.
 */
#include <string.h>

#include "frontends/pkcs11/p11_catalogue.h"
#include "frontends/pkcs11/p11_load.h"
#include "frontends/pkcs11/p11_module.h"
#include "frontends/pkcs11/p11_session.h"
#include "frontends/pkcs11/p11_slot.h"
#include "harness/canned_daemon.h"
#include "harness/test.h"

#define TOKEN "org.keycask.piv:0123"

/* Two keys, of which one wants a PIN; the reference of each is "a2N0..." of its letter. */
#define KEY(letter, more)                                                                          \
	"{\"class\":\"key\",\"key_class\":\"private\",\"key_type\":\"ec\",\"key_size_in_bits\":"   \
	"256,"                                                                                     \
	"\"label\":\"" letter "\",\"application_label\":\"" letter letter letter letter "\","      \
	"\"can_sign\":true,\"value_persistent_ref\":\"" letter letter letter letter "\"" more "}"
#define SOFTWARE KEY("A", "") "," KEY("B", "")
#define OF_TOKEN                                                                                   \
	KEY("C", ",\"token_id\":\"" TOKEN "\",\"access_control\":{\"sign\":\"pin\"}")              \
	"," KEY("D", ",\"token_id\":\"" TOKEN "\",\"access_control\":{\"sign\":\"none\"}")
#define TOKENS                                                                                     \
	"[{\"token_id\":\"" TOKEN "\",\"driver\":\"org.keycask.piv\",\"state\":\"present\","       \
	"\"label\":\"card\"}]"

struct scene {
	struct canned_daemon daemon;
	CK_SESSION_HANDLE session;
};

static struct scene begin(const char *items, CK_SLOT_ID slot)
{
	struct scene scene = {.daemon = canned_daemon_start(items, TOKENS)};
	CK_ULONG n = 0;

	scene.daemon.state->watches_in_silence = true;
	CHECK(C_Initialize(NULL) == CKR_OK);
	CHECK(C_GetSlotList(CK_TRUE, NULL, &n) == CKR_OK);
	CHECK(C_OpenSession(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL,
			    &scene.session) == CKR_OK);
	return scene;
}

static void end(struct scene *scene)
{
	CHECK(C_Finalize(NULL) == CKR_OK);
	canned_daemon_stop(&scene->daemon);
}

static size_t find(CK_SESSION_HANDLE session, CK_OBJECT_CLASS object_class,
		   CK_OBJECT_HANDLE handles[static 8])
{
	CK_ATTRIBUTE template = {CKA_CLASS, &object_class, sizeof(object_class)};
	CK_ULONG n = 0;

	CHECK(C_FindObjectsInit(session, &template, 1) == CKR_OK);
	CHECK(C_FindObjects(session, handles, 8, &n) == CKR_OK);
	CHECK(C_FindObjectsFinal(session) == CKR_OK);
	return n;
}

TEST(a_search_of_the_keychain_asks_once)
{
	struct scene scene = begin("[" SOFTWARE "]", P11_SLOT_KEYCHAIN);
	CK_OBJECT_HANDLE handles[8] = {0};
	CK_OBJECT_HANDLE again[8] = {0};
	int n_queries = 0;

	CHECK(find(scene.session, CKO_PRIVATE_KEY, handles) == 2);
	n_queries = scene.daemon.state->n_queries;
	CHECK(find(scene.session, CKO_PRIVATE_KEY, again) == 2);
	CHECK(memcmp(handles, again, sizeof(handles)) == 0);
	CHECK(find(scene.session, CKO_CERTIFICATE, again) == 0);
	CHECK_INT(scene.daemon.state->n_queries, n_queries + 2);
	CHECK(find(scene.session, CKO_DATA, again) == 0);
	CHECK_INT(scene.daemon.state->n_queries, n_queries + 2);
	end(&scene);
}

TEST(of_a_token_all_is_asked_once)
{
	struct scene scene = begin("[" OF_TOKEN "]", P11_SLOT_KEYCHAIN + 1);
	CK_OBJECT_HANDLE handles[8] = {0};
	CK_BYTE label[8];
	CK_ATTRIBUTE template = {CKA_LABEL, label, sizeof(label)};
	int n_queries = 0;

	CHECK(find(scene.session, CKO_PUBLIC_KEY, handles) == 2);
	n_queries = scene.daemon.state->n_queries;
	CHECK(find(scene.session, CKO_CERTIFICATE, handles) == 0);
	CHECK(find(scene.session, CKO_PRIVATE_KEY, handles) == 1);
	CHECK(C_GetAttributeValue(scene.session, handles[0], &template, 1) == CKR_OK);
	CHECK(template.ulValueLen == 1 && label[0] == 'D');
	CHECK_INT(scene.daemon.state->n_queries, n_queries);
	p11_load_expire(P11_SLOT_KEYCHAIN + 1);
	CHECK(find(scene.session, CKO_PRIVATE_KEY, handles) == 1);
	CHECK(scene.daemon.state->n_queries > n_queries);
	end(&scene);
}

TEST(a_key_that_wants_a_pin_shows_when_somebody_is_logged_in)
{
	const CK_SLOT_ID id = P11_SLOT_KEYCHAIN + 1;
	struct scene scene = begin("[" OF_TOKEN "]", id);
	CK_OBJECT_HANDLE handles[8] = {0};
	CK_OBJECT_HANDLE hidden = 0;
	struct p11_object *object = NULL;

	CHECK(p11_module_enter() == CKR_OK);
	p11_slot_find(id)->user = CKU_USER;
	p11_module_leave();
	CHECK(find(scene.session, CKO_PRIVATE_KEY, handles) == 2);
	hidden = handles[0];
	CHECK(p11_object_take(id, hidden, &object) == CKR_OK);
	CHECK(object->consent == P11_CONSENT_LOGIN && p11_object_is(object, CKA_PRIVATE));
	CHECK(p11_module_enter() == CKR_OK);
	p11_slot_find(id)->user = P11_NOBODY;
	p11_module_leave();
	p11_object_give(object);
	CHECK(p11_object_take(id, hidden, &object) == CKR_OBJECT_HANDLE_INVALID);
	CHECK(p11_object_take(P11_SLOT_KEYCHAIN, handles[1], &object) == CKR_OBJECT_HANDLE_INVALID);
	end(&scene);
}

/* --- session objects ------------------------------------------------------------------------- */

static CK_OBJECT_HANDLE note(CK_SESSION_HANDLE session, CK_BBOOL is_private)
{
	CK_OBJECT_CLASS object_class = CKO_DATA;
	CK_ATTRIBUTE template[] = {{CKA_CLASS, &object_class, sizeof(object_class)},
				   {CKA_PRIVATE, &is_private, sizeof(is_private)}};
	CK_OBJECT_HANDLE handle = 0;

	CHECK(C_CreateObject(session, template, 2, &handle) == CKR_OK);
	return handle;
}

TEST(session_objects_end)
{
	struct scene scene = begin("[]", P11_SLOT_KEYCHAIN);
	CK_SESSION_HANDLE other = 0;
	CK_OBJECT_HANDLE handle = note(scene.session, CK_FALSE);
	CK_OBJECT_HANDLE secret = note(scene.session, CK_TRUE);
	struct p11_object *object = NULL;

	CHECK(C_OpenSession(P11_SLOT_KEYCHAIN, CKF_SERIAL_SESSION, NULL, NULL, &other) == CKR_OK);
	CHECK(p11_module_enter() == CKR_OK);
	p11_object_end_login(P11_SLOT_KEYCHAIN);
	p11_module_leave();
	CHECK(p11_object_take(P11_SLOT_KEYCHAIN, secret, &object) == CKR_OBJECT_HANDLE_INVALID);
	CHECK(p11_object_take(P11_SLOT_KEYCHAIN, handle, &object) == CKR_OK);
	CHECK(C_CloseSession(scene.session) == CKR_OK);
	CHECK(p11_object_is(object, CKA_MODIFIABLE)); /* held, so it is there */
	p11_object_give(object);
	CHECK(p11_object_take(P11_SLOT_KEYCHAIN, handle, &object) == CKR_OBJECT_HANDLE_INVALID);
	end(&scene);
}

TEST(handles_are_never_given_twice)
{
	struct scene scene = begin("[]", P11_SLOT_KEYCHAIN);
	CK_OBJECT_HANDLE first = note(scene.session, CK_FALSE);
	CK_OBJECT_HANDLE second = 0;

	CHECK(C_DestroyObject(scene.session, first) == CKR_OK);
	CHECK(C_DestroyObject(scene.session, first) == CKR_OBJECT_HANDLE_INVALID);
	second = note(scene.session, CK_FALSE);
	CHECK(second != first);
	end(&scene);
	scene = begin("[]", P11_SLOT_KEYCHAIN);
	CHECK(note(scene.session, CK_FALSE) > second);
	CHECK(C_DestroyObject(scene.session, second) == CKR_OBJECT_HANDLE_INVALID);
	end(&scene);
}

TEST(many_objects)
{
	struct scene scene = begin("[]", P11_SLOT_KEYCHAIN);
	CK_OBJECT_HANDLE last = 0;

	for (int i = 0; i < 300; i++)
		last = note(scene.session, CK_FALSE);
	CHECK(p11_module_enter() == CKR_OK);
	CHECK(p11_catalogue_get(last)->handle == last);
	CHECK(!p11_catalogue_get(last + 1) && !p11_catalogue_get(0));
	CHECK(!p11_catalogue_next(P11_SLOT_KEYCHAIN, last));
	p11_module_leave();
	end(&scene);
}

TEST(nobody_is_there)
{
	CK_OBJECT_HANDLE handle = 0;
	struct p11_object *object = NULL;
	struct scene scene;

	CHECK(p11_object_take(P11_SLOT_KEYCHAIN, 1, &object) == CKR_CRYPTOKI_NOT_INITIALIZED);
	CHECK(C_FindObjectsInit(1, NULL, 0) == CKR_CRYPTOKI_NOT_INITIALIZED);
	scene = begin("[]", P11_SLOT_KEYCHAIN);
	canned_daemon_stop(&scene.daemon);
	CHECK(C_FindObjectsInit(scene.session, NULL, 0) != CKR_OK);
	CHECK(C_FindObjectsFinal(scene.session) == CKR_OPERATION_NOT_INITIALIZED);
	handle = note(scene.session, CK_FALSE);
	CHECK(C_DestroyObject(scene.session, handle) == CKR_OK);
	CHECK(C_Finalize(NULL) == CKR_OK);
}
