/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a parsed interface is asked. A check goes down with the JSON value, whose depth is limited,
 * not with the types, which may refer to themselves.
 */
#include "base/try.h"
#include "wire/idl_impl.h"

const char *idl_name(const struct idl *idl)
{
	return idl->name;
}

const struct idl_member *idl_find(const struct idl *idl, enum idl_member_kind kind,
				  const char *name)
{
	for (const struct idl_member *member = idl->members; member; member = member->next) {
		if (member->kind == kind && strcmp(member->name, name) == 0)
			return member;
	}
	return NULL;
}

size_t idl_method_count(const struct idl *idl)
{
	size_t n = 0;

	for (const struct idl_member *member = idl->members; member; member = member->next)
		n += member->kind == IDL_MEMBER_METHOD;
	return n;
}

const char *idl_method_name(const struct idl *idl, size_t index)
{
	size_t n = 0;

	for (const struct idl_member *member = idl->members; member; member = member->next) {
		if (member->kind == IDL_MEMBER_METHOD && n++ == index)
			return member->name;
	}
	return NULL;
}

bool idl_has_method(const struct idl *idl, const char *method)
{
	return idl_find(idl, IDL_MEMBER_METHOD, method) != NULL;
}

bool idl_has_error(const struct idl *idl, const char *error)
{
	return idl_find(idl, IDL_MEMBER_ERROR, error) != NULL;
}

static bool fits(const struct idl_type *type, struct json_object *value, const char **ret_field);

static const struct idl_field *find_field(const struct idl_type *type, const char *name)
{
	for (const struct idl_field *field = type->fields; field; field = field->next) {
		if (strcmp(field->name, name) == 0)
			return field;
	}
	return NULL;
}

static bool has_known_fields_only(const struct idl_type *type, struct json_object *object,
				  const char **ret_field)
{
	struct json_object_iterator i = json_object_iter_begin(object);
	struct json_object_iterator end = json_object_iter_end(object);

	while (!json_object_iter_equal(&i, &end)) {
		const char *name = json_object_iter_peek_name(&i);

		if (!find_field(type, name)) {
			*ret_field = name;
			return false;
		}
		json_object_iter_next(&i);
	}
	return true;
}

/* *ret_field becomes the innermost field that does not fit. */
static bool fits_struct(const struct idl_type *type, struct json_object *object,
			const char **ret_field)
{
	for (const struct idl_field *field = type->fields; field; field = field->next) {
		const char *offender = field->name;

		if (!fits(field->type, field_get(object, field->name), &offender)) {
			*ret_field = offender;
			return false;
		}
	}
	return !object || has_known_fields_only(type, object, ret_field);
}

static bool fits_array(const struct idl_type *type, struct json_object *array,
		       const char **ret_field)
{
	for (size_t i = 0; i < json_object_array_length(array); i++) {
		if (!fits(type->inner, json_object_array_get_idx(array, i), ret_field))
			return false;
	}
	return true;
}

static bool fits_map(const struct idl_type *type, struct json_object *map, const char **ret_field)
{
	struct json_object_iterator i = json_object_iter_begin(map);
	struct json_object_iterator end = json_object_iter_end(map);

	while (!json_object_iter_equal(&i, &end)) {
		if (!fits(type->inner, json_object_iter_peek_value(&i), ret_field))
			return false;
		json_object_iter_next(&i);
	}
	return true;
}

static bool fits_enum(const struct idl_type *type, struct json_object *value)
{
	return json_object_is_type(value, json_type_string) &&
	       find_field(type, json_object_get_string(value));
}

static bool fits(const struct idl_type *type, struct json_object *value, const char **ret_field)
{
	if (!value)
		return type->is_nullable;
	switch (type->kind) {
	case IDL_BOOL:
		return json_object_is_type(value, json_type_boolean);
	case IDL_INT:
		return json_object_is_type(value, json_type_int);
	case IDL_FLOAT:
		return json_object_is_type(value, json_type_double) ||
		       json_object_is_type(value, json_type_int);
	case IDL_STRING:
		return json_object_is_type(value, json_type_string);
	case IDL_OBJECT:
		return json_object_is_type(value, json_type_object);
	case IDL_ARRAY:
		return json_object_is_type(value, json_type_array) &&
		       fits_array(type, value, ret_field);
	case IDL_MAP:
		return json_object_is_type(value, json_type_object) &&
		       fits_map(type, value, ret_field);
	case IDL_STRUCT:
		return json_object_is_type(value, json_type_object) &&
		       fits_struct(type, value, ret_field);
	case IDL_ENUM:
		return fits_enum(type, value);
	case IDL_NAMED:
		return fits(type->inner, value, ret_field);
	}
	return false;
}

enum kc_status idl_check(const struct idl *idl, const char *method, enum idl_side side,
			 struct json_object *parameters, const char **ret_parameter)
{
	const struct idl_member *member = idl_find(idl, IDL_MEMBER_METHOD, method);
	const char *offender = method;
	bool fits_all = member && fits_struct(side == IDL_INPUT ? member->input : member->output,
					      parameters, &offender);

	if (fits_all)
		return KC_OK;
	*ret_parameter = offender;
	return fail(KC_ERR_PARAM, "wrong parameter");
}
