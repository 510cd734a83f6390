/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef WIRE_IDL_IMPL_H
#define WIRE_IDL_IMPL_H

/* A parsed interface, as idl.c builds it and idl_check.c reads it. All of it is in one arena. */

#include <stdbool.h>
#include <stddef.h>

#include "wire/idl.h"

enum {
	IDL_TEXT_MAX = 256 * 1024, /* bytes of one definition */
	IDL_DEPTH_MAX = 16,	   /* types within types */
	IDL_FIELDS_MAX = 128,	   /* fields of one struct, names of one enum */
	IDL_MEMBERS_MAX = 256,	   /* types, methods and errors of one interface */
};

enum idl_kind {
	IDL_BOOL,
	IDL_INT,
	IDL_FLOAT,
	IDL_STRING,
	IDL_OBJECT,
	IDL_ARRAY,  /* of inner */
	IDL_MAP,    /* of inner, keys are text */
	IDL_STRUCT, /* of fields */
	IDL_ENUM,   /* of fields without type */
	IDL_NAMED,  /* inner is filled in once all types are known */
};

struct idl_field {
	const char *name;
	struct idl_type *type;
	struct idl_field *next;
};

struct idl_type {
	enum idl_kind kind;
	bool is_nullable;
	struct idl_type *inner;
	struct idl_field *fields;
	const char *name;	     /* IDL_NAMED */
	size_t line;		     /* IDL_NAMED */
	struct idl_type *next_named; /* idl::named */
};

enum idl_member_kind {
	IDL_MEMBER_TYPE,
	IDL_MEMBER_METHOD,
	IDL_MEMBER_ERROR,
};

struct idl_member {
	enum idl_member_kind kind;
	const char *name;
	struct idl_type *input; /* the type itself for a type, the parameters for an error */
	struct idl_type *output;
	struct idl_member *next;
};

struct idl {
	const char *name;
	struct idl_member *members;
	struct idl_type *named;
	struct idl_block *blocks;
};

/* NULL when there is none. */
const struct idl_member *idl_find(const struct idl *idl, enum idl_member_kind kind,
				  const char *name);

#endif
