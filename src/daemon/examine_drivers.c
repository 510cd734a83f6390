/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The drivers, and what keeps them in: what the kernel offers, and what holds of those that run. */
#include "daemon/examine.h"

#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/try.h"
#include "sys/confined.h"
#include "sys/sandbox.h"
#include "tokens/manifest_set.h"

enum {
	CHILDREN_MAX = 64,
	ADVICE_MAX = 512,
};

static enum kc_status examine_broken(const struct manifest *manifest, struct json_object *findings)
{
	char advice[ADVICE_MAX];
	const struct examine_finding broken = {FINDING_PROBLEM, "drivers", manifest->reason,
					       advice};

	(void)snprintf(advice, sizeof(advice),
		       "correct it, or remove it; all that is wrong: keycask driver validate %s",
		       manifest->path);
	return examine_finding_add(findings, &broken, "the driver in %s cannot be used",
				   manifest->path);
}

/* Its program was there when the manifest was read. */
static enum kc_status examine_program(const struct manifest *manifest, struct json_object *findings)
{
	const struct examine_finding fine = {FINDING_OK, "drivers", NULL, NULL};
	const struct examine_finding missing = {
		FINDING_PROBLEM, "drivers", "its cards cannot be used", "install the driver again"};

	if (access(manifest->program, X_OK) != 0)
		return examine_finding_add(findings, &missing,
					   "the program %s of the driver %s is missing",
					   manifest->program, manifest->class_id);
	return examine_finding_add(findings, &fine, "the driver %s (%s) is ready", manifest->name,
				   manifest->class_id);
}

/* Once, and not of each driver: their manifests are right, and nobody shall remove them. */
static enum kc_status examine_choices(const struct manifest_set *set, struct json_object *findings)
{
	const struct examine_finding broken = {
		FINDING_PROBLEM, "drivers", set->choices_reason,
		"correct that file, or remove it: then no driver is switched off"};

	return set->choices_reason[0]
		       ? examine_finding_add(findings, &broken,
					     "no driver is used while drivers.json cannot be read")
		       : KC_OK;
}

static enum kc_status examine_driver(const struct manifest_set *set,
				     const struct manifest *manifest, struct json_object *findings)
{
	const struct examine_finding off = {FINDING_OK, "drivers", NULL, NULL};

	if (manifest->reason[0] && strcmp(manifest->reason, set->choices_reason) == 0)
		return KC_OK;
	if (manifest->is_switched_off)
		return examine_finding_add(findings, &off, "the driver %s is switched off",
					   manifest->class_id);
	return manifest->is_enabled ? examine_program(manifest, findings)
				    : examine_broken(manifest, findings);
}

enum kc_status examine_drivers(const struct daemon *daemon, struct json_object *findings)
{
	const struct examine_finding none = {
		FINDING_PROBLEM, "drivers", "no card can be used without",
		"install keycask again; or is KEYCASK_DRIVER_DIR wrong?"};
	const struct manifest_set *set = registry_manifests(daemon->registry);

	if (list_is_empty(&set->manifests))
		return examine_finding_add(findings, &none, "there are no drivers in %s",
					   daemon->driver_folder);
	TRY(examine_choices(set, findings));
	list_for_each (link, &set->manifests)
		TRY(examine_driver(set, list_entry(link, struct manifest, link), findings));
	return KC_OK;
}

static bool is_confined(const struct confined *child)
{
	return child->has_seccomp && child->has_no_new_privs;
}

static enum kc_status examine_loose(const struct confined *child, struct json_object *findings)
{
	const struct examine_finding loose = {
		FINDING_PROBLEM, "confinement",
		"it parses what cards say, and could do more than that",
		"do not use it: keycask daemon stop; and report it"};

	return examine_finding_add(findings, &loose, "%s (process %ld) runs without %s",
				   child->name, (long)child->pid,
				   child->has_seccomp ? "no_new_privs" : "seccomp");
}

/* Not what was asked for, but what holds. */
static enum kc_status examine_children(struct json_object *findings)
{
	const struct examine_finding fine = {FINDING_OK, "confinement", NULL, NULL};
	struct confined children[CHILDREN_MAX];
	size_t n = confined_children("keycask-", children, CHILDREN_MAX);
	size_t n_confined = 0;

	for (size_t i = 0; i < n; i++) {
		if (is_confined(&children[i]))
			n_confined++;
		else if (!children[i].is_new)
			TRY(examine_loose(&children[i], findings));
	}
	return examine_finding_add(findings, &fine, "helper processes that run confined now: %zu",
				   n_confined);
}

static enum kc_status examine_support(struct json_object *findings)
{
	struct sandbox_support support = sandbox_describe();
	const struct examine_finding fine = {FINDING_OK, "confinement", NULL, NULL};
	const struct examine_finding less = {
		FINDING_WARNING, "confinement",
		"seccomp alone keeps helpers in; Landlock would do so a second time",
		"a kernel with Landlock (5.13 or newer, lsm=landlock,… at its start)"};
	const struct examine_finding missing = {
		FINDING_PROBLEM, "confinement", "drivers do not start unconfined",
		"a kernel with seccomp filters, or a container that allows them"};

	if (!support.has_seccomp || !support.has_no_new_privs)
		return examine_finding_add(findings, &missing, "this system has no %s",
					   support.has_seccomp ? "no_new_privs" : "seccomp");
	if (support.landlock_abi == 0)
		return examine_finding_add(
			findings, &less,
			"helpers are confined by seccomp and no_new_privs, without "
			"Landlock");
	return examine_finding_add(
		findings, &fine,
		"helpers are confined by seccomp, no_new_privs and Landlock (ABI %d)",
		support.landlock_abi);
}

/* design/decisions.md 13: what there is besides, and what is done without it. */
static enum kc_status examine_kernel(struct json_object *findings)
{
	const struct examine_finding fine = {
		FINDING_OK, "confinement",
		"clients are told apart by process ID and start time, which works with either",
		NULL};
	struct utsname name;

	REQUIRE(uname(&name) == 0, KC_ERR_INTERNAL, "the kernel does not say its name");
	return examine_finding_add(findings, &fine, "Linux %s %s SO_PEERPIDFD, %s user namespaces",
				   name.release, confined_has_peer_pidfd() ? "with" : "without",
				   confined_has_user_namespaces() ? "with" : "without");
}

enum kc_status examine_drivers_confinement(struct json_object *findings)
{
	TRY(examine_support(findings));
	TRY(examine_children(findings));
	return examine_kernel(findings);
}
