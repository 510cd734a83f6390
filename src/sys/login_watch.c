/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Signals of org.freedesktop.login1 (its manual page says what each means): PrepareForSleep of the
 * manager; Lock, and LockedHint turning true, of a session that is this user's. Everything is
 * asynchronous: the bus may be slow, and the daemon serves others.
 */
#include "sys/login_watch.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

#include "base/log.h"
#include "base/try.h"

#define LOGIN	      "org.freedesktop.login1"
#define MANAGER	      "org.freedesktop.login1.Manager"
#define SESSION	      "org.freedesktop.login1.Session"
#define PROPERTIES    "org.freedesktop.DBus.Properties"
#define SESSION_PATHS "/org/freedesktop/login1/session"

struct login_watch {
	sd_bus *bus;
	login_away_fn on_away;
	void *userdata;
	int inhibitor; /* sleep waits for us while it is open; -1: it does not */
};

struct login_watch *login_watch_free(struct login_watch *watch)
{
	if (!watch)
		return NULL;
	sd_bus_close_unref(watch->bus);
	if (watch->inhibitor >= 0)
		close(watch->inhibitor);
	free(watch);
	return NULL;
}

/* --- sleep --------------------------------------------------------------------------------- */

static int on_inhibited(sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	struct login_watch *watch = userdata;
	int fd = -1;

	(void)error;
	if (sd_bus_message_is_method_error(reply, NULL) ||
	    sd_bus_message_read(reply, "h", &fd) < 0) {
		log_debug("sleep does not wait for us");
		return 0;
	}
	if (watch->inhibitor >= 0)
		close(watch->inhibitor);
	watch->inhibitor = fcntl(fd, F_DUPFD_CLOEXEC, 3); /* that one is the message's */
	return 0;
}

/* Ask that the machine does not sleep before we have heard of it. */
static int delay_sleep(struct login_watch *watch)
{
	return sd_bus_call_method_async(watch->bus, NULL, LOGIN, "/org/freedesktop/login1", MANAGER,
					"Inhibit", on_inhibited, watch, "ssss", "sleep", "keycask",
					"PINs are forgotten first", "delay");
}

static int on_prepare_for_sleep(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	struct login_watch *watch = userdata;
	int is_beginning = 0;

	(void)error;
	if (sd_bus_message_read(message, "b", &is_beginning) < 0)
		return 0;
	if (!is_beginning) {
		ignore(delay_sleep(watch) < 0);
		return 0;
	}
	watch->on_away(watch->userdata, "the machine is about to sleep");
	if (watch->inhibitor >= 0)
		close(watch->inhibitor);
	watch->inhibitor = -1;
	return 0;
}

/* --- lock ---------------------------------------------------------------------------------- */

/* A session that cannot tell whose it is may have been ours: rather too often than not. */
static int on_user_known(sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	struct login_watch *watch = userdata;
	uint32_t uid = (uint32_t)geteuid();

	(void)error;
	if (!sd_bus_message_is_method_error(reply, NULL) &&
	    sd_bus_message_enter_container(reply, 'v', "(uo)") > 0)
		ignore(sd_bus_message_read(reply, "(uo)", &uid, NULL) < 0);
	if (uid == (uint32_t)geteuid())
		watch->on_away(watch->userdata, "the screen is being locked");
	return 0;
}

/* Every session's signals reach us: whose is it? */
static int on_lock(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	struct login_watch *watch = userdata;

	(void)error;
	ignore(sd_bus_call_method_async(watch->bus, NULL, LOGIN, sd_bus_message_get_path(message),
					PROPERTIES, "Get", on_user_known, watch, "ss", SESSION,
					"User") < 0);
	return 0;
}

/* Is LockedHint among the changed properties, a{sv}, and true? */
static int has_locked(sd_bus_message *message)
{
	const char *name = NULL;
	int is_locked = 0;

	if (sd_bus_message_skip(message, "s") < 0 ||
	    sd_bus_message_enter_container(message, 'a', "{sv}") < 0)
		return 0;
	while (sd_bus_message_enter_container(message, 'e', "sv") > 0) {
		if (sd_bus_message_read(message, "s", &name) < 0)
			return 0;
		if (strcmp(name, "LockedHint") == 0 &&
		    sd_bus_message_read(message, "v", "b", &is_locked) >= 0)
			return is_locked;
		if (sd_bus_message_skip(message, "v") < 0 ||
		    sd_bus_message_exit_container(message) < 0)
			return 0;
	}
	return 0;
}

static int on_properties_changed(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	return has_locked(message) ? on_lock(message, userdata, error) : 0;
}

/* --- the bus ------------------------------------------------------------------------------- */

static int on_bus_left(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	(void)message;
	(void)userdata;
	(void)error;
	log_warning("the system bus has left: PINs outlive locking and sleep until keycaskd is "
		    "started again");
	return 0;
}

static int on_match(sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	(void)userdata;
	(void)error;
	if (sd_bus_message_is_method_error(reply, NULL))
		log_warning("the system bus does not tell of locking and sleep");
	return 0;
}

/* Rules are asked for one after the other; the bus keeps them until the connection ends. */
static int listen_to(struct login_watch *watch, const char *rule, sd_bus_message_handler_t handler)
{
	return sd_bus_add_match_async(watch->bus, NULL, rule, handler, on_match, watch);
}

static int subscribe(struct login_watch *watch)
{
	int error = sd_bus_match_signal_async(watch->bus, NULL, "org.freedesktop.DBus.Local", NULL,
					      "org.freedesktop.DBus.Local", "Disconnected",
					      on_bus_left, NULL, watch);

	if (error >= 0)
		error = listen_to(watch,
				  "type='signal',sender='" LOGIN "',interface='" MANAGER
				  "',member='PrepareForSleep'",
				  on_prepare_for_sleep);
	if (error >= 0)
		error = listen_to(watch,
				  "type='signal',sender='" LOGIN "',interface='" SESSION
				  "',member='Lock',path_namespace='" SESSION_PATHS "'",
				  on_lock);
	if (error >= 0)
		error = listen_to(watch,
				  "type='signal',sender='" LOGIN "',interface='" PROPERTIES
				  "',member='PropertiesChanged',arg0='" SESSION
				  "',path_namespace='" SESSION_PATHS "'",
				  on_properties_changed);
	return error < 0 ? error : delay_sleep(watch);
}

static enum kc_status connect_bus(struct login_watch *watch, sd_event *event)
{
	int error = sd_bus_open_system(&watch->bus);

	REQUIRE(error >= 0, KC_ERR_NOT_AVAILABLE, "no system bus: %s", strerror(-error));
	error = sd_bus_attach_event(watch->bus, event, SD_EVENT_PRIORITY_NORMAL);
	if (error >= 0)
		error = subscribe(watch);
	REQUIRE(error >= 0, KC_ERR_NOT_AVAILABLE, "the system bus: %s", strerror(-error));
	return KC_OK;
}

enum kc_status login_watch_new(sd_event *event, login_away_fn on_away, void *userdata,
			       struct login_watch **ret_watch)
{
	CLEANUP(login_watch_freep) struct login_watch *watch = calloc(1, sizeof(*watch));

	REQUIRE(watch, KC_ERR_ALLOCATE, "out of memory");
	*watch = (struct login_watch){.on_away = on_away, .userdata = userdata, .inhibitor = -1};
	TRY(connect_bus(watch, event));
	*ret_watch = take(watch);
	return KC_OK;
}
