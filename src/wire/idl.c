/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Parser of Varlink interface definitions (varlink.org, "Interface Definition"), by recursive
 * descent of bounded depth. Members may come in any order, so names of types are looked up last.
 */
#include "wire/idl_impl.h"

#include <stdlib.h>

#include "base/try.h"
#include "wire/lexer_impl.h"

struct idl_block {
	struct idl_block *next;
	_Alignas(max_align_t) unsigned char data[];
};

struct parser {
	struct idl *idl;
	struct lexer lexer;
	unsigned depth;
};

static void *idl_allocate(struct idl *idl, size_t size)
{
	struct idl_block *block = calloc(1, sizeof(*block) + size);

	if (!block)
		return NULL;
	block->next = idl->blocks;
	idl->blocks = block;
	return block->data;
}

struct idl *idl_free(struct idl *idl)
{
	if (!idl)
		return NULL;
	while (idl->blocks) {
		struct idl_block *block = idl->blocks;

		idl->blocks = block->next;
		free(block);
	}
	free(idl);
	return NULL;
}

static void idl_done(struct idl **idl)
{
	*idl = idl_free(*idl);
}

static enum kc_status wrong(const struct parser *parser, const char *why)
{
	return fail(KC_ERR_DECODE, "line %zu: %s", parser->lexer.line, why);
}

static bool is_upper(char c)
{
	return c >= 'A' && c <= 'Z';
}

static bool is_letter(char c)
{
	return is_upper(c) || (c >= 'a' && c <= 'z');
}

static bool is_letter_or_digit(char c)
{
	return is_letter(c) || (c >= '0' && c <= '9');
}

/* Field and enum names: [A-Za-z](_?[A-Za-z0-9])* */
static bool is_field_name(const char *name)
{
	if (!is_letter(name[0]))
		return false;
	for (const char *c = name + 1; *c; c++) {
		if (!is_letter_or_digit(*c) && !(*c == '_' && is_letter_or_digit(c[1])))
			return false;
	}
	return true;
}

/* Types, methods and errors: [A-Z][A-Za-z0-9]* */
static bool is_member_name(const char *name)
{
	if (!is_upper(name[0]))
		return false;
	for (const char *c = name; *c; c++) {
		if (!is_letter_or_digit(*c))
			return false;
	}
	return true;
}

/* Labels of letters, digits and inner '-', two at least, the first starting with a letter. */
static bool is_interface_name(const char *name)
{
	bool has_dot = false;

	if (!is_letter(name[0]))
		return false;
	for (const char *c = name; *c; c++) {
		bool joins = *c == '.' || *c == '-';

		if (!is_letter_or_digit(*c) && !joins)
			return false;
		if (joins && (!is_letter_or_digit(c[1]) && !(*c == '-' && c[1] == '-')))
			return false;
		has_dot = has_dot || *c == '.';
	}
	return has_dot;
}

/* A copy of the current word, which must satisfy @is_valid; goes past it. */
static enum kc_status parse_name(struct parser *parser, bool (*is_valid)(const char *),
				 const char **ret_name)
{
	struct kc_view word = parser->lexer.word;
	char *name = idl_allocate(parser->idl, word.len + 1);

	REQUIRE(name, KC_ERR_ALLOCATE, "out of memory");
	if (word.len > 0)
		memcpy(name, word.data, word.len);
	if (!is_valid(name))
		return wrong(parser, "a name is missing or has another form");
	TRY(lexer_next(&parser->lexer));
	*ret_name = name;
	return KC_OK;
}

static enum kc_status new_type(struct parser *parser, enum idl_kind kind,
			       struct idl_type **ret_type)
{
	struct idl_type *type = idl_allocate(parser->idl, sizeof(*type));

	REQUIRE(type, KC_ERR_ALLOCATE, "out of memory");
	type->kind = kind;
	*ret_type = type;
	return KC_OK;
}

static enum kc_status parse_type(struct parser *parser, struct idl_type **ret_type);

/* Append a field to @type. Each name once, and not too many. */
static enum kc_status add_field(struct parser *parser, struct idl_type *type,
				struct idl_field *field)
{
	struct idl_field **end = &type->fields;
	size_t n = 1;

	while (*end) {
		if (strcmp((*end)->name, field->name) == 0)
			return wrong(parser, "a field's name is there twice");
		end = &(*end)->next;
		n++;
	}
	if (n > IDL_FIELDS_MAX)
		return wrong(parser, "too many fields");
	*end = field;
	return KC_OK;
}

/* After its name: ": type" makes a struct, nothing an enum, and all fields must agree. */
static enum kc_status parse_field(struct parser *parser, struct idl_type *type)
{
	struct idl_field *field = idl_allocate(parser->idl, sizeof(*field));
	bool is_struct = false;

	REQUIRE(field, KC_ERR_ALLOCATE, "out of memory");
	TRY(parse_name(parser, is_field_name, &field->name));
	is_struct = lexer_is(&parser->lexer, ":");
	if (type->fields && is_struct != (type->kind == IDL_STRUCT))
		return wrong(parser, "a struct and an enum in one");
	type->kind = is_struct ? IDL_STRUCT : IDL_ENUM;
	if (is_struct) {
		TRY(lexer_next(&parser->lexer));
		TRY(parse_type(parser, &field->type));
	}
	return add_field(parser, type, field);
}

/* "(a: int, b: string)", "(a, b)" or "()", an empty struct. */
static enum kc_status parse_fields(struct parser *parser, struct idl_type **ret_type)
{
	struct idl_type *type = NULL;

	TRY(new_type(parser, IDL_STRUCT, &type));
	TRY(lexer_expect(&parser->lexer, "("));
	while (!lexer_is(&parser->lexer, ")")) {
		if (type->fields)
			TRY(lexer_expect(&parser->lexer, ","));
		TRY(parse_field(parser, type));
	}
	TRY(lexer_next(&parser->lexer));
	*ret_type = type;
	return KC_OK;
}

static enum kc_status parse_struct(struct parser *parser, struct idl_type **ret_type)
{
	struct idl_type *type = NULL;

	TRY(parse_fields(parser, &type));
	if (type->kind != IDL_STRUCT)
		return wrong(parser, "an enum where only a struct may stand");
	*ret_type = type;
	return KC_OK;
}

static enum kc_status parse_word_type(struct parser *parser, struct idl_type **ret_type)
{
	static const char *const words[] = {
		[IDL_BOOL] = "bool",	 [IDL_INT] = "int",	  [IDL_FLOAT] = "float",
		[IDL_STRING] = "string", [IDL_OBJECT] = "object",
	};
	struct idl_type *type = NULL;

	TRY(new_type(parser, IDL_NAMED, &type));
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (!lexer_is(&parser->lexer, words[i]))
			continue;
		type->kind = (enum idl_kind)i;
		*ret_type = type;
		return lexer_next(&parser->lexer);
	}
	type->line = parser->lexer.line;
	TRY(parse_name(parser, is_member_name, &type->name));
	type->next_named = parser->idl->named;
	parser->idl->named = type;
	*ret_type = type;
	return KC_OK;
}

/* After '[': "]type" or "string]type". */
static enum kc_status parse_collection(struct parser *parser, struct idl_type **ret_type)
{
	struct idl_type *type = NULL;

	TRY(new_type(parser, IDL_ARRAY, &type));
	TRY(lexer_expect(&parser->lexer, "["));
	if (lexer_is(&parser->lexer, "string")) {
		type->kind = IDL_MAP;
		TRY(lexer_next(&parser->lexer));
	}
	TRY(lexer_expect(&parser->lexer, "]"));
	TRY(parse_type(parser, &type->inner));
	*ret_type = type;
	return KC_OK;
}

static enum kc_status parse_bare_type(struct parser *parser, struct idl_type **ret_type)
{
	if (lexer_is(&parser->lexer, "["))
		return parse_collection(parser, ret_type);
	if (lexer_is(&parser->lexer, "("))
		return parse_fields(parser, ret_type);
	return parse_word_type(parser, ret_type);
}

static enum kc_status parse_type(struct parser *parser, struct idl_type **ret_type)
{
	struct idl_type *type = NULL;
	bool is_nullable = lexer_is(&parser->lexer, "?");

	if (++parser->depth > IDL_DEPTH_MAX)
		return wrong(parser, "types nested too deeply");
	if (is_nullable)
		TRY(lexer_next(&parser->lexer));
	TRY(parse_bare_type(parser, &type));
	type->is_nullable = is_nullable;
	parser->depth--;
	*ret_type = type;
	return KC_OK;
}

/* Types, methods and errors share their names. */
static enum kc_status add_member(struct parser *parser, struct idl_member *member)
{
	struct idl_member **end = &parser->idl->members;
	size_t n = 1;

	while (*end) {
		if (strcmp((*end)->name, member->name) == 0)
			return wrong(parser, "a member's name is there twice");
		end = &(*end)->next;
		n++;
	}
	if (n > IDL_MEMBERS_MAX)
		return wrong(parser, "too many members");
	*end = member;
	return KC_OK;
}

static enum kc_status parse_member_kind(struct parser *parser, enum idl_member_kind *ret_kind)
{
	if (lexer_is(&parser->lexer, "type"))
		*ret_kind = IDL_MEMBER_TYPE;
	else if (lexer_is(&parser->lexer, "method"))
		*ret_kind = IDL_MEMBER_METHOD;
	else if (lexer_is(&parser->lexer, "error"))
		*ret_kind = IDL_MEMBER_ERROR;
	else
		return wrong(parser, "neither type nor method nor error");
	return lexer_next(&parser->lexer);
}

static enum kc_status parse_member(struct parser *parser)
{
	struct idl_member *member = idl_allocate(parser->idl, sizeof(*member));

	REQUIRE(member, KC_ERR_ALLOCATE, "out of memory");
	TRY(parse_member_kind(parser, &member->kind));
	TRY(parse_name(parser, is_member_name, &member->name));
	if (member->kind == IDL_MEMBER_TYPE)
		TRY(parse_fields(parser, &member->input));
	else
		TRY(parse_struct(parser, &member->input));
	if (member->kind == IDL_MEMBER_METHOD) {
		TRY(lexer_expect(&parser->lexer, "->"));
		TRY(parse_struct(parser, &member->output));
	}
	return add_member(parser, member);
}

static enum kc_status resolve_names(struct idl *idl)
{
	for (struct idl_type *type = idl->named; type; type = type->next_named) {
		const struct idl_member *member = idl_find(idl, IDL_MEMBER_TYPE, type->name);

		REQUIRE(member, KC_ERR_DECODE, "line %zu: no type %s", type->line, type->name);
		type->inner = member->input;
	}
	return KC_OK;
}

static enum kc_status parse_interface(struct parser *parser, struct kc_view text)
{
	TRY(lexer_init(&parser->lexer, text));
	TRY(lexer_expect(&parser->lexer, "interface"));
	TRY(parse_name(parser, is_interface_name, &parser->idl->name));
	while (parser->lexer.word.len > 0)
		TRY(parse_member(parser));
	return resolve_names(parser->idl);
}

enum kc_status idl_parse(const char *text, struct idl **ret_idl)
{
	struct kc_view view = view_of_text(text);
	CLEANUP(idl_done) struct idl *idl = calloc(1, sizeof(*idl));
	struct parser parser = {.idl = idl};

	REQUIRE(idl, KC_ERR_ALLOCATE, "out of memory");
	REQUIRE(view.len <= IDL_TEXT_MAX, KC_ERR_DECODE, "line 1: definition too long");
	TRY(parse_interface(&parser, view));
	*ret_idl = take(idl);
	return KC_OK;
}
