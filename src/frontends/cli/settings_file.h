/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CLI_SETTINGS_FILE_H
#define CLI_SETTINGS_FILE_H

/* Settings of other programs, one a line, as far as it takes to see what they are set to. */

#include <stdbool.h>
#include <stddef.h>

/* The last "NAME: VALUE" or "NAME = VALUE" of the file @path. False: none, or no such file. */
bool settings_file_get(const char *path, const char *name, char *ret_value, size_t size);

/* Does the line @wanted stand there? Comments and blanks around it do not count. */
bool settings_file_has(const char *path, const char *wanted);

#endif
