/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The two ends of a constraint, read as they come and compared with what a connection has proved.
 */
#include "frontends/ssh_agent/ssh_hop.h"

#include <time.h>

#include "base/try.h"
#include "codec/ssh_wire.h"
#include "frontends/ssh_agent/ssh_blob.h"
#include "frontends/ssh_agent/ssh_destination.h"
#include "frontends/ssh_agent/ssh_signature.h"

/* --- reading ------------------------------------------------------------------------------- */

static enum kc_status read_key_of(struct kc_view *keys, struct kc_view *ret_blob,
				  bool *ret_is_authority)
{
	TRY(ssh_wire_string(keys, ret_blob));
	return ssh_wire_bool(keys, ret_is_authority);
}

static enum kc_status count_keys(struct ssh_hop *hop)
{
	struct kc_view keys = hop->keys;
	struct kc_view blob = {NULL, 0};
	bool is_authority = false;

	for (hop->n_keys = 0; keys.len > 0; hop->n_keys++) {
		TRY(read_key_of(&keys, &blob, &is_authority));
		REQUIRE(hop->n_keys < SSH_DESTINATION_KEYS_MAX && blob.len <= SSH_BLOB_MAX,
			KC_ERR_DECODE, "a destination with too many keys");
	}
	return KC_OK;
}

/* A name with a zero byte would be shown as another one. */
static enum kc_status check_name(struct kc_view name)
{
	REQUIRE(name.len == 0 || !memchr(name.data, 0, name.len), KC_ERR_DECODE,
		"a destination whose name has a zero byte");
	return KC_OK;
}

/* What OpenSSH sends: user, host, a string for extensions to come, keys. */
static enum kc_status read_hop(struct kc_view *input, struct ssh_hop *hop)
{
	struct kc_view content = {NULL, 0};
	struct kc_view reserved = {NULL, 0};

	TRY(ssh_wire_string(input, &content));
	TRY(ssh_wire_string(&content, &hop->user));
	TRY(ssh_wire_string(&content, &hop->host));
	TRY(ssh_wire_string(&content, &reserved));
	REQUIRE(reserved.len == 0, KC_ERR_DECODE, "a destination with an unknown extension");
	TRY(check_name(hop->user));
	TRY(check_name(hop->host));
	hop->keys = content;
	return count_keys(hop);
}

/* "the agent will ensure that the 'from_username' field is empty, and that 'to_hostname' and
 * 'to_hostkeys' have been supplied". */
static enum kc_status check_ends(const struct ssh_constraint *constraint)
{
	REQUIRE(constraint->from.user.len == 0 &&
			(constraint->from.host.len == 0) == (constraint->from.n_keys == 0),
		KC_ERR_DECODE, "a destination whose first end contradicts itself");
	REQUIRE(constraint->to.host.len > 0 && constraint->to.n_keys > 0, KC_ERR_DECODE,
		"a destination without host or host keys");
	return KC_OK;
}

enum kc_status ssh_hop_read_constraint(struct kc_view *constraints,
				       struct ssh_constraint *ret_constraint)
{
	struct ssh_constraint constraint = {0};
	struct kc_view content = {NULL, 0};
	struct kc_view reserved = {NULL, 0};

	TRY(ssh_wire_string(constraints, &content));
	TRY(read_hop(&content, &constraint.from));
	TRY(read_hop(&content, &constraint.to));
	TRY(ssh_wire_string(&content, &reserved));
	REQUIRE(reserved.len == 0, KC_ERR_DECODE, "a destination with an unknown extension");
	TRY(ssh_wire_end(content));
	TRY(check_ends(&constraint));
	*ret_constraint = constraint;
	return KC_OK;
}

/* --- comparing ----------------------------------------------------------------------------- */

/* Without recursion: after a mismatch it goes on behind the last '*'. */
bool ssh_hop_matches(struct kc_view pattern, struct kc_view text)
{
	size_t p = 0;
	size_t t = 0;
	size_t star = SIZE_MAX;
	size_t star_text = 0;

	while (t < text.len) {
		if (p < pattern.len && pattern.data[p] == '*') {
			star = p++;
			star_text = t;
		} else if (p < pattern.len &&
			   (pattern.data[p] == '?' || pattern.data[p] == text.data[t])) {
			p++;
			t++;
		} else if (star != SIZE_MAX) {
			p = star + 1;
			t = ++star_text;
		} else {
			return false;
		}
	}
	while (p < pattern.len && pattern.data[p] == '*')
		p++;
	return p == pattern.len;
}

static bool is_principal(const struct ssh_blob *certificate, struct kc_view host)
{
	struct kc_view principals = certificate->principals;
	struct kc_view principal = {NULL, 0};

	while (principals.len > 0) {
		if (ssh_wire_string(&principals, &principal) != KC_OK)
			return false;
		if (ssh_hop_matches(principal, host))
			return true;
	}
	return false;
}

static bool is_valid_now(const struct ssh_blob *certificate)
{
	time_t now = time(NULL);

	return now >= 0 && certificate->valid_after <= (uint64_t)now &&
	       (uint64_t)now < certificate->valid_before;
}

/* Whoever presents a certificate has made it up, unless its authority has signed it. Of a host
 * there are no critical options to know, and of one that is not known "the certificate must be
 * refused" (PROTOCOL.certkeys). */
static bool is_certified(struct kc_view host_key, struct kc_view authority, struct kc_view host)
{
	struct ssh_blob certificate;
	struct ssh_blob key;

	return ssh_blob_read(host_key, &certificate) == KC_OK && certificate.is_certificate &&
	       certificate.is_of_host && certificate.critical_options.len == 0 &&
	       view_equal(certificate.signature_key, authority) && is_valid_now(&certificate) &&
	       is_principal(&certificate, host) && ssh_blob_read(authority, &key) == KC_OK &&
	       !key.is_certificate &&
	       ssh_signature_verify(&key, certificate.signed_part, certificate.signature) == KC_OK;
}

bool ssh_hop_is(const struct ssh_hop *hop, struct kc_view host_key)
{
	struct kc_view keys = hop->keys;
	struct kc_view blob = {NULL, 0};
	bool is_authority = false;

	while (keys.len > 0) {
		if (read_key_of(&keys, &blob, &is_authority) != KC_OK)
			return false;
		if (is_authority ? is_certified(host_key, blob, hop->host)
				 : view_equal(host_key, blob))
			return true;
	}
	return false;
}
