/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One table of the kinds of keys that the agent serves. ssh-dss is gone from OpenSSH, and keys of
 * FIDO tokens (sk-…) sign through helpers that only OpenSSH's own agent has.
 */
#include "frontends/ssh_agent/ssh_kind.h"

#include <string.h>

#include <keycask/names.h>

#include "base/cleanup.h"
#include "codec/ssh_wire.h"

static const struct ssh_kind kinds[] = {
	{"ssh-ed25519", "ssh-ed25519-cert-v01@openssh.com", KC_KEY_TYPE_NAME_ED25519, NULL, 0},
	{"ecdsa-sha2-nistp256", "ecdsa-sha2-nistp256-cert-v01@openssh.com", KC_KEY_TYPE_NAME_EC,
	 "nistp256", 256},
	{"ecdsa-sha2-nistp384", "ecdsa-sha2-nistp384-cert-v01@openssh.com", KC_KEY_TYPE_NAME_EC,
	 "nistp384", 384},
	{"ecdsa-sha2-nistp521", "ecdsa-sha2-nistp521-cert-v01@openssh.com", KC_KEY_TYPE_NAME_EC,
	 "nistp521", 521},
	{"ssh-rsa", "ssh-rsa-cert-v01@openssh.com", KC_KEY_TYPE_NAME_RSA, NULL, 0},
};

bool ssh_kind_is_rsa(const struct ssh_kind *kind)
{
	return strcmp(kind->key_type, KC_KEY_TYPE_NAME_RSA) == 0;
}

const struct ssh_kind *ssh_kind_find(struct kc_view name, bool *ret_is_certificate)
{
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		bool is_certificate = ssh_wire_is(name, kinds[i].certificate_name);

		if (is_certificate || ssh_wire_is(name, kinds[i].name)) {
			*ret_is_certificate = is_certificate;
			return &kinds[i];
		}
	}
	return NULL;
}

const struct ssh_kind *ssh_kind_of(const char *key_type, int64_t size_in_bits)
{
	for (size_t i = 0; key_type && i < ARRAY_LEN(kinds); i++) {
		const struct ssh_kind *kind = &kinds[i];

		if (strcmp(kind->key_type, key_type) != 0)
			continue;
		if (ssh_kind_is_rsa(kind) && size_in_bits < SSH_KIND_RSA_MIN_BITS)
			return NULL;
		if (kind->size_in_bits == 0 || kind->size_in_bits == size_in_bits)
			return kind;
	}
	return NULL;
}
