/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CLI_DOCTOR_PROGRAMS_H
#define CLI_DOCTOR_PROGRAMS_H

/*
 * Which programs of this machine see the items, from their own settings: nothing is loaded, and
 * nobody asked. Programs that are not installed are passed over. Each finding has the topic
 * "programs".
 */

#include "frontends/cli/doctor.h"

enum {
	DOCTOR_PATH_MAX = 512,
};

/* What several of them ask. */
struct doctor_scene {
	struct doctor *doctor;
	const char *home; /* never NULL */
	bool has_p11_kit; /* programs on p11-kit see the items */
};

void doctor_programs_look_at_each(struct doctor *doctor);

/* ok: @program sees them, @how. */
void doctor_sees(const struct doctor_scene *scene, const char *program, const char *how);

/* A warning: it does not. */
void doctor_misses(const struct doctor_scene *scene, const char *program, const char *why,
		   const char *advice);

/* doctor_p11_kit.c: p11-kit's settings, which many programs share. */
void doctor_p11_kit_look_at_module(struct doctor_scene *scene);
void doctor_p11_kit_look_at_opensc(struct doctor_scene *scene);

/* doctor_ssh.c: who signs for ssh, and for git. */
void doctor_ssh_look_at_agent(struct doctor_scene *scene);
void doctor_ssh_look_at_git(struct doctor_scene *scene);

/* doctor_openssl.c: OpenSSL's engine, and who takes it. */
void doctor_openssl_look_at_engine(struct doctor_scene *scene);
void doctor_openssl_look_at_curl(struct doctor_scene *scene);

#endif
