/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * subjectAltName (RFC 5280 4.2.1.6): hosts by name and address, and the user principal name that
 * Microsoft's smart card logon has as an otherName. A name of a length or kind that its type does
 * not have is none: nobody shall be taken for somebody by half a name.
 */
#include "x509/alternative_names_impl.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

#include "base/try.h"
#include "codec/display.h"
#include "codec/utf8.h"

enum {
	NAMES_MAX = 256, /* of all kinds, that we pass on */
	TEXT_MAX = 254,	 /* bytes of one: RFC 1035 2.3.4, less the root */
	IPV4_BYTES = 4,
	IPV6_BYTES = 16,
};

struct lists {
	struct json_object *dns_names; /* borrowed */
	struct json_object *ip_addresses;
	struct json_object *principal_names;
};

static struct kc_view view_of_string(const ASN1_STRING *string)
{
	return view_of(ASN1_STRING_get0_data(string), (size_t)ASN1_STRING_length(string));
}

static enum kc_status append_text(struct json_object *list, struct kc_view name)
{
	CLEANUP(freep) char *text = NULL;

	if (name.len == 0 || name.len > TEXT_MAX || !utf8_is_text(name))
		return KC_OK;
	text = display_escape(name, TEXT_MAX);
	REQUIRE(text, KC_ERR_ALLOCATE, "out of memory");
	/* What had to be escaped, or cut, is not the name any more. */
	return strlen(text) == name.len ? field_append_text(list, text) : KC_OK;
}

static enum kc_status append_address(struct json_object *list, struct kc_view address)
{
	char text[INET6_ADDRSTRLEN];
	int family = address.len == IPV4_BYTES ? AF_INET : AF_INET6;

	if (address.len != IPV4_BYTES && address.len != IPV6_BYTES)
		return KC_OK;
	REQUIRE(inet_ntop(family, address.data, text, sizeof(text)), KC_ERR_INTERNAL,
		"no text of an address");
	return field_append_text(list, text);
}

static enum kc_status append_other(struct json_object *list, const OTHERNAME *other)
{
	if (OBJ_obj2nid(other->type_id) != NID_ms_upn || !other->value ||
	    other->value->type != V_ASN1_UTF8STRING)
		return KC_OK;
	return append_text(list, view_of_string(other->value->value.utf8string));
}

/* An IA5String by RFC 5280, and without anything that a host's name never has. */
static enum kc_status append_host(struct json_object *list, struct kc_view name)
{
	for (size_t i = 0; i < name.len; i++)
		if (name.data[i] <= ' ' || name.data[i] >= 0x7F)
			return KC_OK;
	return append_text(list, name);
}

static enum kc_status append(const struct lists *lists, const GENERAL_NAME *name)
{
	if (name->type == GEN_DNS)
		return append_host(lists->dns_names, view_of_string(name->d.dNSName));
	if (name->type == GEN_IPADD)
		return append_address(lists->ip_addresses, view_of_string(name->d.iPAddress));
	if (name->type == GEN_OTHERNAME)
		return append_other(lists->principal_names, name->d.otherName);
	return KC_OK;
}

static void names_done(GENERAL_NAMES **names)
{
	GENERAL_NAMES_free(*names);
	*names = NULL;
}

static enum kc_status put_list(struct json_object *fields, const char *name,
			       struct json_object **ret_list)
{
	struct json_object *list = json_object_new_array();

	TRY(field_put(fields, name, list));
	*ret_list = list;
	return KC_OK;
}

enum kc_status alternative_names_put(X509 *certificate, struct json_object *fields)
{
	CLEANUP(names_done)
	GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
	struct lists lists = {NULL, NULL, NULL};

	ERR_clear_error();
	TRY(put_list(fields, "dns_names", &lists.dns_names));
	TRY(put_list(fields, "ip_addresses", &lists.ip_addresses));
	TRY(put_list(fields, "principal_names", &lists.principal_names));
	for (int i = 0; i < sk_GENERAL_NAME_num(names) && i < NAMES_MAX; i++)
		TRY(append(&lists, sk_GENERAL_NAME_value(names, i)));
	return KC_OK;
}
