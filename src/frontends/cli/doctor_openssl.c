/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * OpenSSL 3.0 reaches PKCS#11 by the engine of libp11, which loads p11-kit-proxy unless it is told
 * of another module; curl and nginx do so through OpenSSL.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "frontends/cli/doctor_programs.h"
#include "frontends/cli/setup.h"
#include "frontends/peer_program.h"

static void free_answer(struct peer_program_answer **answer)
{
	free(*answer);
}

/* Where the engine is: openssl version -e says: ENGINESDIR: "/usr/lib/…". */
static bool find_engine(char ret_path[DOCTOR_PATH_MAX])
{
	static const char *const arguments[] = {"openssl", "version", "-e", NULL};
	CLEANUP(free_answer) struct peer_program_answer *answer = calloc(1, sizeof(*answer));
	char *quote = NULL;

	if (!answer || peer_program_run(arguments, answer) != KC_OK)
		return false;
	quote = strchr(answer->output, '"');
	if (!quote)
		return false;
	(void)snprintf(ret_path, DOCTOR_PATH_MAX, "%.*s/pkcs11.so", (int)strcspn(quote + 1, "\""),
		       quote + 1);
	return access(ret_path, R_OK) == 0;
}

/* The module that the engine loads by itself. It stands beside the folder of engines. */
static bool has_proxy(const char *engine)
{
	char path[DOCTOR_PATH_MAX + 32];
	const char *end = strstr(engine, "/engines");

	(void)snprintf(path, sizeof(path), "%.*s/p11-kit-proxy.so", (int)(end ? end - engine : 0),
		       engine);
	return access(path, R_OK) == 0;
}

/* NULL: the engine gets at the items; otherwise why not. */
static const char *trouble(const struct doctor_scene *scene, const char **ret_advice)
{
	const char *chosen = secure_getenv("PKCS11_MODULE_PATH");
	char engine[DOCTOR_PATH_MAX];

	*ret_advice = "sudo apt install libengine-pkcs11-openssl p11-kit-modules";
	if (!find_engine(engine))
		return "the engine for PKCS#11 is not installed";
	*ret_advice = "unset it, or let it name p11-kit-proxy.so";
	if (chosen && !strstr(chosen, "keycask-pkcs11.so") && !strstr(chosen, "p11-kit-proxy.so"))
		return "PKCS11_MODULE_PATH names another module";
	if (chosen && strstr(chosen, "keycask-pkcs11.so"))
		return NULL;
	*ret_advice = "sudo apt install p11-kit-modules";
	if (!has_proxy(engine))
		return "p11-kit-proxy.so, which the engine loads, is not installed";
	*ret_advice = "sudo apt install keycask-pkcs11";
	return scene->has_p11_kit ? NULL : "its engine asks p11-kit, which does not see them";
}

void doctor_openssl_look_at_engine(struct doctor_scene *scene)
{
	const char *advice = NULL;
	const char *why = NULL;

	if (!peer_program_find("openssl", NULL))
		return;
	why = trouble(scene, &advice);
	if (why)
		doctor_misses(scene, "OpenSSL (and nginx)", why, advice);
	else
		doctor_sees(scene, "OpenSSL (and nginx)", "by \"-engine pkcs11\" and pkcs11: URIs");
}

void doctor_openssl_look_at_curl(struct doctor_scene *scene)
{
	static const char *const arguments[] = {"curl", "--version", NULL};
	CLEANUP(free_answer) struct peer_program_answer *answer = calloc(1, sizeof(*answer));
	const char *advice = NULL;
	const char *why = NULL;

	if (!peer_program_find("curl", NULL) || !answer ||
	    peer_program_run(arguments, answer) != KC_OK)
		return;
	why = trouble(scene, &advice);
	if (!strstr(answer->output, "OpenSSL/"))
		doctor_misses(scene, "curl", "it is not built with OpenSSL",
			      "install Debian's curl");
	else if (why)
		doctor_misses(scene, "curl", why, advice);
	else
		doctor_sees(scene, "curl", "by pkcs11: URIs as --cert and --key");
}
