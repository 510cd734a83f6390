# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a package of ours is built of: headers, library, pkg-config file and manual, installed to a
folder, and a program outside of this tree that is built with nothing else."""
import json
import os
import re

from keycask_test import BUILD, SOURCE, check, check_equal, main, run, scratch, test

# Every public header, and dictionaries as they are written in both languages.
PROGRAM = """
#include <stdio.h>
#include <stdlib.h>
%s
int main(void)
{
	struct kc_options options = KC_OPTIONS_INIT;
	struct kc_pin_change change = KC_PIN_CHANGE_INIT;
	struct kc_dictionary *item = KC_DICTIONARY(
		{KC_CLASS, KC_TEXT(KC_CLASS_GENERIC_PASSWORD)}, {KC_VALUE_DATA, KC_DATA(kc_view_of_text("x"))},
		{KC_ATTR_ACCESS_CONTROL, KC_NESTED_OF({KC_ACCESS_CONTROL_FLAGS, KC_ARRAY_OF(
			KC_TEXT(KC_ACCESS_CONTROL_USER_PRESENCE))})});
	char *json = NULL;

	if (kc_dictionary_to_json(item, &json) != KC_OK || options.size + change.size == 0)
		return 1;
	printf("%%s %%s\\n", kc_version(), json);
	free(json);
	return kc_dictionary_free(item) != NULL;
}
"""
EXPECTED = ('{"class":"generic_password","value_data":"eA==",'
            '"access_control":{"flags":["user_presence"]}}')


def option(name):
    options = json.loads((BUILD / "meson-info/intro-buildoptions.json").read_text())
    return next(row["value"] for row in options if row["name"] == name)


def install():
    """The folder that everything for programs has been installed to."""
    folder = scratch() / "root"
    if not folder.exists():
        run("meson", "install", "-C", BUILD, "--no-rebuild", "--quiet", "--destdir", folder,
            "--tags", "devel,runtime,man")
    return folder


def pkg_config(*arguments):
    (folder,) = install().glob("**/pkgconfig")
    env = {**os.environ, "PKG_CONFIG_LIBDIR": str(folder), "PKG_CONFIG_SYSROOT_DIR": str(install())}
    out, _ = run("pkg-config", *arguments, "keycask", env=env)
    return out.decode().split()


def compile_and_run(compiler, language, standard, sanitizers):
    headers = sorted(path.name for path in (SOURCE / "include/keycask").glob("*.h"))
    includes = "\n".join(f"#include <keycask/{name}>" for name in headers
                         if name not in ("driver.h", "pin_format.h"))
    source = scratch() / f"program.{language}"
    source.write_text(PROGRAM % includes)
    program = scratch() / "program"
    run(compiler, f"-std={standard}", "-Wall", "-Wextra", "-Wpedantic", "-Werror", *sanitizers, source,
        "-o", program, *pkg_config("--cflags", "--libs"))
    (library,) = install().glob("**/libkeycask.so.0")
    out, _ = run(program, env={**os.environ, "LD_LIBRARY_PATH": str(library.parent)})
    (version,) = pkg_config("--modversion")
    check_equal(out.decode(), f"{version} {EXPECTED}\n", f"what {compiler}'s program says")


@test
def a_program_is_built_with_pkg_config_in_c_and_in_cpp():
    sanitize = option("b_sanitize")
    if sanitize == "none":
        sanitizers, compilers = [], [("gcc", "g++"), ("clang-14", "clang++-14")]
    else:  # a library with a sanitizer in it wants a program of the same compiler
        sanitizers, compilers = [f"-fsanitize={sanitize}"], [("gcc", "g++")]
    for c_compiler, cpp_compiler in compilers:
        compile_and_run(c_compiler, "c", "c99", sanitizers)
        compile_and_run(cpp_compiler, "cpp", "c++17", sanitizers)


@test
def each_function_has_its_manual_page():
    (folder,) = install().glob("**/man3")
    pages = {path.name[:-2] for path in folder.glob("kc_*.3")}
    with open(SOURCE / "src/client/libkeycask.map", encoding="utf-8") as text:
        functions = set(re.findall(r"\b(kc_\w+);", text.read()))
    check_equal(pages, functions, "pages of functions")
    page = (folder / "keycask_key.3").read_text()
    for part in (".SH NAME", "kc_key_sign", ".SH SYNOPSIS", "KC_ERR_AUTH_FAILED", "Ownership:"):
        check(part in page, f"{part} is not in keycask_key.3")


main()
