/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* org.keycask.Admin: the daemon about itself. */
#include <stdio.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "base/try.h"
#include "daemon/calls.h"
#include "daemon/examine.h"
#include "daemon/keychain.h"
#include "daemon/shutdown.h"
#include "sys/sandbox.h"
#include "tokens/manifest_set.h"

static enum kc_status describe_confinement(struct json_object **ret_names)
{
	CLEANUP(field_free) struct json_object *names = json_object_new_array();
	struct sandbox_support support = sandbox_describe();

	REQUIRE(names, KC_ERR_ALLOCATE, "out of memory");
	if (support.has_no_new_privs)
		TRY(field_append_text(names, "no_new_privs"));
	if (support.has_seccomp)
		TRY(field_append_text(names, "seccomp"));
	if (support.landlock_abi > 0)
		TRY(field_append_text(names, "landlock"));
	*ret_names = take(names);
	return KC_OK;
}

static enum kc_status describe_pin_cache(const struct config *config, struct json_object *status)
{
	CLEANUP(field_free) struct json_object *pin_cache = NULL;
	struct config_pin_limits limits = config_pin_limits(config);

	TRY(field_new_object(&pin_cache));
	TRY(field_put_text(pin_cache, "policy", config->pin_cache));
	TRY(field_put_number(pin_cache, "idle_s", limits.idle_s));
	TRY(field_put_number(pin_cache, "absolute_s", limits.absolute_s));
	return field_put(status, "pin_cache", take(pin_cache));
}

static enum kc_status make_status(const struct daemon *daemon, struct json_object **ret_status)
{
	CLEANUP(field_free) struct json_object *status = NULL;
	CLEANUP(field_free) struct json_object *confinement = NULL;
	CLEANUP(field_free) struct json_object *providers = NULL;

	TRY(registry_list_providers(daemon->registry, &providers));
	TRY(describe_confinement(&confinement));
	TRY(field_new_object(&status));
	TRY(field_put_text(status, "version", KEYCASK_VERSION));
	TRY(field_put_number(status, "pid", getpid()));
	TRY(field_put_text(status, "scope", "user"));
	TRY(field_put_text(status, "socket", daemon->socket));
	TRY(field_put_text(status, "slot_socket", daemon->slot_socket));
	TRY(field_put_text(status, "ssh_agent_socket", agent_socket_path(daemon->agent_socket)));
	TRY(field_put_text(status, "started", daemon->started));
	TRY(field_put(status, "confinement", take(confinement)));
	TRY(field_put(status, "providers", take(providers)));
	TRY(describe_pin_cache(&daemon->config, status));
	*ret_status = take(status);
	return KC_OK;
}

void admin_calls_status(struct wire_call *call)
{
	struct json_object *reply = NULL;
	enum kc_status status = KC_OK;

	error_clear();
	status = make_status(wire_call_context(call), &reply);
	if (status == KC_OK)
		wire_call_reply(call, reply);
	else
		wire_call_fail(call, status);
}

void admin_calls_examine(struct wire_call *call)
{
	struct json_object *findings = NULL;
	enum kc_status status = KC_OK;

	error_clear();
	status = examine_daemon(wire_call_context(call), &findings);
	calls_answer(call, status, "findings", findings);
}

static enum kc_status put_aids(const struct manifest *manifest, struct json_object *driver)
{
	CLEANUP(field_free) struct json_object *aids = json_object_new_array();

	REQUIRE(aids, KC_ERR_ALLOCATE, "out of memory");
	for (size_t i = 0; i < manifest->n_aids; i++)
		TRY(field_append_text(aids, manifest->aids[i]));
	return field_put(driver, "aids", take(aids));
}

static enum kc_status append_driver(struct json_object *drivers, const struct manifest *manifest)
{
	CLEANUP(field_free) struct json_object *driver = NULL;

	TRY(field_new_object(&driver));
	TRY(field_put_text(driver, "class_id", manifest->class_id));
	TRY(field_put_text(driver, "name", manifest->name));
	TRY(field_put_text(driver, "type", manifest->type));
	TRY(put_aids(manifest, driver));
	TRY(field_put_text(driver, "path", manifest->path));
	TRY(field_put_text(driver, "program", manifest->program));
	TRY(field_put_flag(driver, "enabled", manifest->is_enabled));
	TRY(field_put_text(driver, "reason", manifest->reason[0] ? manifest->reason : NULL));
	return field_append(drivers, take(driver));
}

static enum kc_status list_drivers(const struct daemon *daemon, struct json_object **ret_drivers)
{
	CLEANUP(field_free) struct json_object *drivers = json_object_new_array();
	const struct manifest_set *set = registry_manifests(daemon->registry);

	REQUIRE(drivers, KC_ERR_ALLOCATE, "out of memory");
	list_for_each (link, &set->manifests)
		TRY(append_driver(drivers, list_entry(link, struct manifest, link)));
	*ret_drivers = take(drivers);
	return KC_OK;
}

void admin_calls_list_drivers(struct wire_call *call)
{
	struct json_object *drivers = NULL;
	enum kc_status status = KC_OK;

	error_clear();
	status = list_drivers(wire_call_context(call), &drivers);
	calls_answer(call, status, "drivers", drivers);
}

void admin_calls_lock(struct wire_call *call)
{
	struct daemon *daemon = wire_call_context(call);

	error_clear();
	registry_lock(daemon->registry);
	keychain_lock_if_possible(daemon, call);
	wire_call_reply(call, NULL);
}

void admin_calls_enable_driver(struct wire_call *call)
{
	struct daemon *daemon = wire_call_context(call);
	struct json_object *parameters = wire_call_parameters(call);
	enum kc_status status = KC_OK;

	error_clear();
	status = registry_enable_driver(daemon->registry, field_text(parameters, "class_id"),
					field_flag(parameters, "enabled", false));
	if (status == KC_OK)
		wire_call_reply(call, NULL);
	else
		wire_call_fail(call, status);
}

void admin_calls_stop(struct wire_call *call)
{
	struct daemon *daemon = wire_call_context(call);

	log_info("req=%llu stage=dispatch: asked to stop", (unsigned long long)wire_call_id(call));
	wire_call_reply(call, NULL);
	shutdown_begin(daemon);
}
