/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The place of a question and its asker. */
#include "daemon/asking.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/try.h"
#include "daemon/client.h"

static struct prompt_place place_of(struct json_object *interaction)
{
	return (struct prompt_place){
		.tty = field_text(interaction, "tty"),
		.term = field_text(interaction, "term"),
		.display = field_text(interaction, "display"),
		.wayland_display = field_text(interaction, "wayland_display"),
		.xauthority = field_text(interaction, "xauthority"),
		.locale = field_text(interaction, "locale"),
	};
}

/* Consoles and serial lines, and pseudo-terminals: devices.txt of the kernel's documentation. */
static bool is_terminal_number(dev_t number)
{
	return major(number) == 4 || (major(number) >= 136 && major(number) <= 143);
}

/*
 * A terminal is a device of ours in /dev or /dev/pts, where no program can put links; any other
 * path would be opened with our rights.
 */
static bool is_terminal(const char *path)
{
	static const char *const folders[] = {"/dev/", "/dev/pts/"};
	bool is_in_place = false;
	struct stat info;

	for (size_t i = 0; path && i < ARRAY_LEN(folders); i++) {
		size_t len = strlen(folders[i]);

		is_in_place |= strncmp(path, folders[i], len) == 0 && !strchr(path + len, '/');
	}
	return is_in_place && stat(path, &info) == 0 && S_ISCHR(info.st_mode) &&
	       is_terminal_number(info.st_rdev) && info.st_uid == geteuid();
}

/* A program in a sandbox could say a display, or a terminal, of its own and agree there itself; and
 * what it calls its display is not what we would find by that name. */
static bool may_say_where(struct wire_call *call)
{
	const struct client *client = wire_call_peer(call);

	return client_is_in_our_login(client) && client_peer(client)->sandbox.kind == PEER_IN_NONE;
}

/* The caller's place counts in our own login session only (design/decisions.md 17). */
struct prompt_place asking_place(struct wire_call *call)
{
	struct json_object *interaction = field_get(wire_call_parameters(call), "interaction");
	struct prompt_place place = {
		.display = secure_getenv("DISPLAY"),
		.wayland_display = secure_getenv("WAYLAND_DISPLAY"),
		.xauthority = secure_getenv("XAUTHORITY"),
		.locale = secure_getenv("LC_ALL"),
	};

	if (interaction && may_say_where(call))
		place = place_of(interaction);
	if (!is_terminal(place.tty))
		place.tty = NULL;
	return place;
}

struct prompt_text asking_text(struct wire_call *call, enum prompt_kind kind)
{
	const struct peer *peer = client_peer(wire_call_peer(call));

	return (struct prompt_text){
		.kind = kind,
		.client = (int)peer->pid,
		.program = peer->executable,
		.application = peer->name,
		.reason = field_text(field_get(wire_call_parameters(call), "interaction"),
				     "operation_prompt"),
		.tries_left = -1,
	};
}

enum kc_status asking_read_ui(struct wire_call *call, bool *ret_may_ask)
{
	struct json_object *interaction = field_get(wire_call_parameters(call), "interaction");
	const char *ui = field_text(interaction, "authentication_ui");

	REQUIRE(!ui || strcmp(ui, "allow") == 0 || strcmp(ui, "fail") == 0, KC_ERR_PARAM,
		"authentication_ui must be \"allow\" or \"fail\"");
	*ret_may_ask = !ui || strcmp(ui, "allow") == 0;
	return KC_OK;
}

enum kc_status asking_require_person(struct wire_call *call, bool may_ask, const char *needed,
				     const char *command)
{
	struct prompt_place place = asking_place(call);

	if (!may_ask)
		error_set_hint("authentication_ui \"allow\" asks somebody");
	else if (!prompt_is_possible(&place))
		error_set_hint("there is neither terminal nor display to ask at: keycask %s "
			       "--password-fd",
			       command);
	else
		return KC_OK;
	return fail(KC_ERR_INTERACTION_NOT_ALLOWED, "%s", needed);
}
