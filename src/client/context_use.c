/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Authentication contexts of this process, all in one list under the line's lock: a context and
 * the connection that knows it change together, and fork() makes both anew.
 */
#include "client/context_use.h"

#include <keycask/context.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "base/secret.h"
#include "base/try.h"
#include "client/interaction.h"
#include "client/line.h"
#include "sys/socket.h"

enum {
	NAME_MAX_BYTES = 40,
	PASSWORD_MAX = 255,
};

struct kc_authentication_context {
	struct list link; /* of all */
	char name[NAME_MAX_BYTES];
	struct secret password; /* empty: none */
	bool interaction_not_allowed;
	char *remote;	     /* its name in the daemon; NULL: not known there */
	unsigned generation; /* of the connection that has it */
};

static struct {
	struct list contexts;
	unsigned n_made;
} all = {.contexts = {&all.contexts, &all.contexts}};

/* --- in the daemon --------------------------------------------------------------------------- */

static bool is_known(const struct kc_authentication_context *context,
		     const struct context_line *line)
{
	return context->remote && context->generation == line->generation;
}

static void forget_remote(struct kc_authentication_context *context)
{
	free(context->remote);
	context->remote = NULL;
}

/* The daemon ends it with the connection at the latest, so failing does no harm. */
static void end_remote(struct kc_authentication_context *context, const struct context_line *line)
{
	CLEANUP(field_free) struct json_object *parameters = NULL;
	CLEANUP(field_free) struct json_object *answer = NULL;
	struct error_record before = *error_get();

	if (line->client && is_known(context, line) && field_new_object(&parameters) == KC_OK &&
	    field_put_text(parameters, "context", context->remote) == KC_OK)
		ignore(wire_client_call(line->client, "org.keycask.Keychain.EndContext",
					take(parameters), -1, LINE_QUERY_MS, &answer) != KC_OK);
	error_adopt(&before);
	forget_remote(context);
}

static enum kc_status describe(const struct kc_authentication_context *context,
			       struct json_object *parameters, int *ret_fd)
{
	const struct interaction_secret password = {"application_password",
						    secret_view(&context->password)};

	if (context->interaction_not_allowed)
		TRY(field_put_flag(parameters, "interaction_not_allowed", true));
	if (context->password.len == 0)
		return KC_OK;
	return interaction_put_sealed(&password, 1, parameters, ret_fd);
}

static enum kc_status keep_remote(struct kc_authentication_context *context,
				  const struct context_line *line, const char *name)
{
	REQUIRE(name, KC_ERR_INTERNAL, "the daemon gave a context no name");
	forget_remote(context);
	context->remote = strdup(name);
	REQUIRE(context->remote, KC_ERR_ALLOCATE, "out of memory");
	context->generation = line->generation;
	return KC_OK;
}

static enum kc_status make_known(struct kc_authentication_context *context,
				 const struct context_line *line)
{
	CLEANUP(field_free) struct json_object *parameters = NULL;
	CLEANUP(field_free) struct json_object *answer = NULL;
	CLEANUP(socket_close) int fd = -1;

	if (is_known(context, line))
		return KC_OK;
	TRY(field_new_object(&parameters));
	TRY(describe(context, parameters, &fd));
	TRY(wire_client_call(line->client, "org.keycask.Keychain.NewContext", take(parameters), fd,
			     LINE_QUERY_MS, &answer));
	return keep_remote(context, line, field_text(answer, "context"));
}

static struct kc_authentication_context *find(const char *name)
{
	list_for_each (link, &all.contexts) {
		struct kc_authentication_context *context =
			list_entry(link, struct kc_authentication_context, link);

		if (strcmp(context->name, name) == 0)
			return context;
	}
	return NULL;
}

enum kc_status context_use_prepare(const struct context_line *line, struct json_object *object,
				   const char *name, char **local)
{
	const char *text = field_text(object, name);
	struct kc_authentication_context *context = NULL;

	if (!text)
		return KC_OK;
	context = find(*local ? *local : text);
	if (!context)
		return KC_OK;
	if (!*local)
		*local = strdup(context->name);
	REQUIRE(*local, KC_ERR_ALLOCATE, "out of memory");
	TRY(make_known(context, line));
	return field_put_text(object, name, context->remote);
}

/* --- in this process ------------------------------------------------------------------------- */

enum kc_status kc_authentication_context_new(struct kc_authentication_context **ret_context)
{
	struct kc_authentication_context *context = NULL;

	error_clear();
	context = calloc(1, sizeof(*context));
	REQUIRE(context, KC_ERR_ALLOCATE, "out of memory");
	ignore(line_hold().generation == 0);
	(void)snprintf(context->name, sizeof(context->name), "local context %u", ++all.n_made);
	list_append(&all.contexts, &context->link);
	line_release();
	*ret_context = context;
	return KC_OK;
}

struct kc_authentication_context *kc_authentication_context_free(
	struct kc_authentication_context *context)
{
	struct context_line line;

	if (!context)
		return NULL;
	line = line_hold();
	list_remove(&context->link);
	end_remote(context, &line);
	line_release();
	secret_done(&context->password);
	free(context);
	return NULL;
}

static enum kc_status check_password(struct kc_view password)
{
	REQUIRE(!password.data || (password.len > 0 && password.len <= PASSWORD_MAX), KC_ERR_PARAM,
		"an application password has 1 to %d bytes", PASSWORD_MAX);
	REQUIRE(!password.data || !memchr(password.data, 0, password.len), KC_ERR_PARAM,
		"an application password is text");
	return KC_OK;
}

enum kc_status kc_authentication_context_set_application_password(
	struct kc_authentication_context *context, struct kc_view password)
{
	struct secret kept = {0};
	struct context_line line;

	error_clear();
	REQUIRE(context, KC_ERR_PARAM, "no context");
	TRY(check_password(password));
	if (password.data)
		TRY(secret_init(&kept, password));
	line = line_hold();
	end_remote(context, &line);
	secret_done(&context->password);
	context->password = secret_take(&kept);
	line_release();
	return KC_OK;
}

void kc_authentication_context_set_interaction_not_allowed(
	struct kc_authentication_context *context, bool interaction_not_allowed)
{
	struct context_line line;

	if (!context || context->interaction_not_allowed == interaction_not_allowed)
		return;
	line = line_hold();
	end_remote(context, &line);
	context->interaction_not_allowed = interaction_not_allowed;
	line_release();
}

const char *kc_authentication_context_name(const struct kc_authentication_context *context)
{
	return context ? context->name : NULL;
}
