/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Child processes with a Varlink control socket on descriptor 3. */
#include "tokens/helper.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/try.h"
#include "sys/child.h"
#include "sys/paths.h"
#include "sys/socket.h"

struct helper {
	struct child child;
	struct wire_caller *caller;
	helper_ended_fn on_ended;
	void *userdata;
};

struct helper *helper_free(struct helper *helper)
{
	if (!helper)
		return NULL;
	helper->caller = wire_caller_free(helper->caller);
	child_end(&helper->child, NULL);
	free(helper);
	return NULL;
}

static void on_closed(void *userdata)
{
	struct helper *helper = userdata;
	int wait_status = 0;

	helper->caller = wire_caller_free(helper->caller);
	child_end_gently(&helper->child, &wait_status);
	helper->on_ended(helper->userdata, wait_status);
}

static enum kc_status start_child(struct helper *helper, const struct helper_options *options,
				  int control)
{
	char path[PATHS_MAX];
	int descriptors[2] = {control, options->descriptor};

	if (!strchr(options->program, '/'))
		TRY(paths_helper(options->program, path, sizeof(path)));
	return child_start(strchr(options->program, '/') ? options->program : path,
			   options->arguments, descriptors, options->descriptor < 0 ? 1 : 2,
			   &helper->child);
}

enum kc_status helper_new(sd_event *event, const struct helper_options *options,
			  struct helper **ret_helper)
{
	CLEANUP(helper_freep) struct helper *helper = calloc(1, sizeof(*helper));
	CLEANUP(socket_close) int ours = -1;
	CLEANUP(socket_close) int theirs = -1;

	REQUIRE(helper, KC_ERR_ALLOCATE, "out of memory");
	REQUIRE(options->definition, KC_ERR_INTERNAL, "a helper without definition");
	*helper = (struct helper){
		.child = CHILD_NONE, .on_ended = options->on_ended, .userdata = options->userdata};
	TRY(socket_make_pair(SOCK_STREAM, &ours, &theirs));
	TRY(start_child(helper, options, theirs));
	TRY(socket_set_nonblocking(ours, true));
	TRY(wire_caller_new(event, take_fd(ours), on_closed, helper, &helper->caller));
	TRY(wire_caller_hold_to(helper->caller, options->definition));
	*ret_helper = take(helper);
	return KC_OK;
}

enum kc_status helper_call(struct helper *helper, const char *method,
			   struct json_object *parameters, int descriptor, unsigned deadline_ms,
			   wire_reply_fn on_reply, void *userdata)
{
	if (!helper->caller)
		field_free(&parameters);
	REQUIRE(helper->caller, KC_ERR_NOT_AVAILABLE, "the helper process has ended");
	return wire_caller_call(helper->caller, method, parameters, descriptor, deadline_ms,
				on_reply, userdata);
}

enum kc_status helper_stream(struct helper *helper, const char *method, wire_reply_fn on_reply,
			     void *userdata)
{
	REQUIRE(helper->caller, KC_ERR_NOT_AVAILABLE, "the helper process has ended");
	return wire_caller_stream(helper->caller, method, NULL, on_reply, userdata);
}
