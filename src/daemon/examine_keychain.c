/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The keychain's file: can it be used, and has something been found in it? */
#include "base/try.h"
#include "daemon/examine.h"

static enum kc_status examine_closed(const struct engine_file *file, struct json_object *findings)
{
	const struct examine_finding closed = {FINDING_PROBLEM, "keychain", file->reason,
					       file->hint};

	return examine_finding_add(findings, &closed,
				   "the keychain is not available; cards can be used without");
}

static enum kc_status examine_open(struct engine *engine, const struct engine_file *file,
				   struct json_object *findings)
{
	const struct examine_finding fine = {FINDING_OK, "keychain", NULL, NULL};
	const struct examine_finding read_only = {
		FINDING_WARNING, "keychain", "nothing can be added, changed or deleted",
		"make keychain.db and its folder writable for you, then: keycask daemon stop"};
	char path[PATHS_MAX];

	TRY(paths_state("keychain.db", path, sizeof(path)));
	if (file->is_read_only)
		return examine_finding_add(findings, &read_only,
					   "the keychain can only be read: %s", path);
	return examine_finding_add(
		findings, &fine, "the keychain is %s: %s",
		keybag_state(engine_keybag(engine)) == KEYBAG_UNLOCKED ? "unlocked" : "locked",
		path);
}

/* For as long as the damaged file is kept. */
static enum kc_status examine_report(const struct engine_file *file, struct json_object *findings)
{
	const struct examine_finding report = {FINDING_WARNING, "keychain", file->reason,
					       file->hint};

	return examine_finding_add(findings, &report, "the keychain was found damaged");
}

static enum kc_status examine_items(const struct engine_file *file, struct json_object *findings)
{
	const struct examine_finding damaged = {
		FINDING_WARNING, "keychain",
		"they are damaged, or were changed by something other than keycaskd",
		"look for what is missing in a backup: keycask restore"};

	if (file->n_unreadable == 0)
		return KC_OK;
	return examine_finding_add(findings, &damaged, "%zu %s cannot be opened",
				   file->n_unreadable, file->n_unreadable == 1 ? "item" : "items");
}

enum kc_status examine_keychain(const struct daemon *daemon, struct json_object *findings)
{
	struct engine_file file = engine_file(daemon->engine);

	if (!file.is_open)
		return examine_closed(&file, findings);
	TRY(examine_open(daemon->engine, &file, findings));
	if (file.reason)
		TRY(examine_report(&file, findings));
	return examine_items(&file, findings);
}
