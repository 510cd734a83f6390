/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CLI_KEYCHAIN_NOTE_H
#define CLI_KEYCHAIN_NOTE_H

/*
 * Say on standard error what the keychain has to tell: that it was found damaged, that items cannot
 * be opened, that it is not available. Nothing when all is well. The thread's error record stays as
 * it is.
 */
void keychain_note_print(void);

#endif
