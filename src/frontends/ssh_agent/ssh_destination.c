/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The walk along the bound hosts. Each of them needs a constraint that leads to it from the one
 * before; a login is permitted at the last one only, and only over a connection that was bound for
 * it. What is not understood permits nothing, nor does a way on which a binding was refused, for
 * good: a host that the agent is forwarded to could have a key that is refused here and be left out
 * of its own way.
 */
#include "frontends/ssh_agent/ssh_destination.h"

#include "base/try.h"
#include "codec/ssh_wire.h"
#include "frontends/ssh_agent/ssh_hop.h"
#include "frontends/ssh_agent/ssh_login.h"

void ssh_destinations_done(struct ssh_destinations *destinations)
{
	bytes_done(&destinations->encoded);
}

enum kc_status ssh_destinations_check(struct kc_view constraints)
{
	struct ssh_constraint constraint;

	REQUIRE(constraints.len > 0, KC_ERR_DECODE, "a constraint without destinations");
	for (size_t n = 0; constraints.len > 0; n++) {
		REQUIRE(n < SSH_DESTINATIONS_MAX, KC_ERR_DECODE, "too many destinations");
		TRY(ssh_hop_read_constraint(&constraints, &constraint));
	}
	return KC_OK;
}

enum kc_status ssh_destinations_add(struct ssh_destinations *destinations,
				    struct kc_view constraints)
{
	TRY(ssh_destinations_check(constraints));
	return bytes_append(&destinations->encoded, constraints);
}

/* --- the walk ------------------------------------------------------------------------------ */

/* From one host to the next; NULL: from here, or to wherever. */
struct step {
	const struct kc_view *from;
	const struct kc_view *to;
	const struct kc_view *user; /* NULL: nobody logs in */
};

static bool leads(const struct ssh_constraint *constraint, const struct step *step)
{
	if (step->from ? !ssh_hop_is(&constraint->from, *step->from) : constraint->from.n_keys > 0)
		return false;
	if (step->to && !ssh_hop_is(&constraint->to, *step->to))
		return false;
	return !step->user || constraint->to.user.len == 0 ||
	       ssh_hop_matches(constraint->to.user, *step->user);
}

static bool find_step(const struct ssh_destinations *destinations, const struct step *step,
		      struct ssh_constraint *ret_constraint)
{
	struct kc_view rest = bytes_view(&destinations->encoded);

	while (rest.len > 0) {
		if (ssh_hop_read_constraint(&rest, ret_constraint) != KC_OK)
			return false;
		if (leads(ret_constraint, step))
			return true;
	}
	return false;
}

/* @user NULL: only to be shown. */
static bool walk(const struct ssh_destinations *destinations, const struct ssh_way *way,
		 const struct kc_view *user)
{
	const struct kc_view *from = NULL;
	struct ssh_constraint constraint;

	for (size_t i = 0; i < way->n_bound; i++) {
		bool is_last = i + 1 == way->n_bound;
		struct step step = {from, &way->bound[i].host_key, is_last ? user : NULL};

		if (is_last ? user && way->bound[i].is_forwarding : !way->bound[i].is_forwarding)
			return false;
		if (!find_step(destinations, &step, &constraint))
			return false;
		from = &way->bound[i].host_key;
	}
	return true;
}

/* A host that the agent is forwarded to sees only what can be of use beyond it. */
static bool leads_on(const struct ssh_destinations *destinations, const struct ssh_way *way)
{
	const struct ssh_bound *last = &way->bound[way->n_bound - 1];
	struct step step = {.from = &last->host_key};
	struct ssh_constraint constraint;

	return !last->is_forwarding || find_step(destinations, &step, &constraint);
}

bool ssh_destinations_show(const struct ssh_destinations *destinations, const struct ssh_way *way)
{
	if (ssh_destinations_are_any(destinations))
		return true;
	if (way->has_failed)
		return false;
	if (way->n_bound == 0)
		return true; /* a program of this machine */
	return walk(destinations, way, NULL) && leads_on(destinations, way);
}

/* The login names the session that was bound last, and, where it names one, its host key. Over
 * another host it has to: that one could make the session its own. */
static bool is_of_session(const struct ssh_login *login, const struct ssh_way *way)
{
	const struct ssh_bound *last = &way->bound[way->n_bound - 1];

	if (!view_equal(login->session_id, last->session_id))
		return false;
	if (!login->has_host_key)
		return way->n_bound == 1;
	return view_equal(login->host_key, last->host_key);
}

bool ssh_destinations_permit(const struct ssh_destinations *destinations, const struct ssh_way *way,
			     struct kc_view key, struct kc_view data)
{
	struct ssh_login login;

	if (ssh_destinations_are_any(destinations))
		return true;
	return way->n_bound > 0 && !way->has_failed && ssh_login_read(data, key, &login) == KC_OK &&
	       is_of_session(&login, way) && walk(destinations, way, &login.user);
}

struct kc_view ssh_destinations_name(const struct ssh_destinations *destinations,
				     const struct ssh_way *way)
{
	struct ssh_constraint constraint;
	struct step step = {0};

	if (way->n_bound == 0)
		return view_of(NULL, 0);
	step.to = &way->bound[way->n_bound - 1].host_key;
	if (way->n_bound > 1)
		step.from = &way->bound[way->n_bound - 2].host_key;
	return find_step(destinations, &step, &constraint) ? constraint.to.host : view_of(NULL, 0);
}

/* --- writing ------------------------------------------------------------------------------- */

static enum kc_status put_hop(const struct ssh_destination_hop *hop, struct bytes *bytes)
{
	CLEANUP(bytes_done) struct bytes content = BYTES_INIT(SSH_DESTINATIONS_BYTES_MAX);

	TRY(ssh_wire_put_text(&content, hop ? hop->user : NULL));
	TRY(ssh_wire_put_text(&content, hop ? hop->host : NULL));
	TRY(ssh_wire_put_text(&content, NULL));
	for (size_t i = 0; hop && i < hop->n_keys; i++) {
		TRY(ssh_wire_put_string(&content, hop->keys[i]));
		TRY(bytes_append_byte(&content, hop->are_authorities[i]));
	}
	return ssh_wire_put_string(bytes, bytes_view(&content));
}

enum kc_status ssh_destination_put(const struct ssh_destination_hop *from,
				   const struct ssh_destination_hop *to, struct bytes *bytes)
{
	CLEANUP(bytes_done) struct bytes content = BYTES_INIT(SSH_DESTINATIONS_BYTES_MAX);

	TRY(put_hop(from, &content));
	TRY(put_hop(to, &content));
	TRY(ssh_wire_put_text(&content, NULL));
	return ssh_wire_put_string(bytes, bytes_view(&content));
}
