/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SSH_AGENT_SSH_FITNESS_H
#define SSH_AGENT_SSH_FITNESS_H

/* Which keys are not for SSH, as their certificates say: those that encrypt or sign certificates
 * only. keycask's choice for the purpose "ssh" judges; here its words are brought to keys. */

#include <keycask/dictionary.h>

#include "base/bytes.h"

struct ssh_fitness;

KC_MUST_CHECK enum kc_status ssh_fitness_new(struct ssh_fitness **ret_fitness);
struct ssh_fitness *ssh_fitness_free(struct ssh_fitness *fitness);

/* -1: its certificates say that it is not for SSH; else its place among those that fit, or, when no
 * certificate says anything, one behind them. @hash is its KC_ATTR_APPLICATION_LABEL. */
int ssh_fitness_place(const struct ssh_fitness *fitness, struct kc_view hash);

enum {
	SSH_FITNESS_UNKNOWN = 500,
};

#endif
