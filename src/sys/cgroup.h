/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SYS_CGROUP_H
#define SYS_CGROUP_H

/*
 * What the control group of a process says: the text of /proc/PID/cgroup, cgroups(7). Pure. A
 * program of the user may move itself within what systemd leaves to the user's manager; one in a
 * sandbox sees no cgroupfs, and nobody but root gets into a unit of the system.
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/bytes.h"

/* The systemd unit of the process in @text, "foo.service": of the user's manager if that runs it,
 * else of the system's. False: none, or its name does not fit. */
bool cgroup_find_unit(struct kc_view text, char *ret_unit, size_t size);

/* The snap whose application or service it is, by snapd's names for scopes and services. */
bool cgroup_find_snap(struct kc_view text, char *ret_snap, size_t size);

/* "foo" of "snap.foo.bar…": units and AppArmor profiles of snaps are named so. */
bool cgroup_snap_of(const char *name, char *ret_snap, size_t size);

#endif
