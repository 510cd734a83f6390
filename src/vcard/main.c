/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* keycask-vcard: a smart card in software. Finds the command; the commands are command_*.c. */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "vcard/command.h"

static const char help[] =
	"Usage: keycask-vcard COMMAND …\n"
	"A PIV and OpenPGP smart card in software, for tests. Do not keep real keys in it.\n"
	"\n"
	"Commands:\n"
	"  new FILE [--profile PROFILE] [--pin PIN] [--ca FILE] [--force]\n"
	"        make a card in FILE: PIN 123456, PUK 12345678, management key\n"
	"        010203040506070801020304050607080102030405060708 (3DES);\n"
	"        of OpenPGP, PW1 123456 and PW3 12345678\n"
	"  start FILE (--socket PATH | --vpcd HOST[:PORT]) [--fault FAULT]…\n"
	"        [--touch WHEN] [--keypad FIFO] [--log FILE]\n"
	"        put the card into a reader; it stays until this process is stopped\n"
	"  run [--profile PROFILE] [--pin PIN] [--fault FAULT]… [--touch WHEN]\n"
	"      [--keypad FIFO] [--log FILE] -- COMMAND…\n"
	"        run COMMAND with a keychain daemon and a new card of its own\n"
	"\n"
	"Profiles: piv, or piv:[SLOT=]ALGORITHM[+OPTION]…,…\n"
	"  slots        9a 9c 9d 9e, 82 to 95\n"
	"  algorithms   rsa2048 rsa3072 rsa4096 p256 p384\n"
	"  options      gzip (compressed certificate); never, once or always (PIN policy);\n"
	"               touch or touch-cached (touch policy)\n"
	"  manners      pin=both or pin=global (a global PIN, 87654321, besides),\n"
	"               extended=none or extended=BYTES, strict=yes (no vendor extensions),\n"
	"               firmware=5.7 (keys are moved and deleted)\n"
	"  piv alone is piv:9a=rsa2048,9c=p256,9d=rsa2048,9e=p256, piv:none has no keys\n"
	"Profiles: openpgp, or openpgp:KEY=ALGORITHM[+OPTION]…,…\n"
	"  keys         sig dec aut\n"
	"  algorithms   those of piv; p521, ed25519 (sig, aut), x25519 (dec)\n"
	"  options      cert (a certificate); touch\n"
	"  manners      pin=lasting (PW1 for several signatures), extended\n"
	"  openpgp alone is openpgp:sig=rsa2048,dec=rsa2048,aut=p256\n"
	"Profiles: both, or PROFILE/PROFILE: both applications\n"
	"\n"
	"Faults: KIND@WHEN[:ARGUMENT], WHEN the number of an APDU or * for each\n"
	"  remove@7       pulled after answering APDU 7\n"
	"  mute@3         answers nothing from APDU 3 on\n"
	"  sw@5:6F00      refuses APDU 5 with this status word\n"
	"  slow@*:200     answers 200 ms late\n"
	"  truncate@4:3   sends only the first 3 bytes of the answer\n"
	"  extend@4:16    sends 16 bytes of junk behind the answer\n"
	"  flip@4:13      inverts bit 13 of the answer\n"
	"\n"
	"Options:\n"
	"  --ca FILE      write the certificate of the card's test CA there, as PEM\n"
	"  --force        replace a card that is there already\n"
	"  --touch WHEN   now (the default), never, MILLISECONDS, or wait (for SIGUSR1)\n"
	"  --keypad FIFO  a reader with a keypad; its keys are what is written there:\n"
	"                 digits, newline to end, backspace, ESC to cancel\n"
	"  --log FILE     append a line for each APDU and event, with PINs hidden\n"
	"  -h, --help     show this text\n"
	"  -V, --version  show the version\n";

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
} commands[] = {
	{"new", command_new},
	{"start", command_start},
	{"run", command_run},
};

static int say(const char *text)
{
	return fputs(text, stdout) >= 0 && fflush(stdout) == 0 ? COMMAND_DONE : COMMAND_FAILED;
}

static bool asks_for_help(const char *word)
{
	return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
}

int main(int argc, char **argv)
{
	log_setup("keycask-vcard", LOG_LEVEL_WARNING);
	if (argc < 2)
		return command_wrong_call("a command is needed");
	if (asks_for_help(argv[1]) || (argc > 2 && asks_for_help(argv[2])))
		return say(help);
	if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0)
		return say("keycask-vcard " KEYCASK_VERSION "\n");
	for (size_t i = 0; i < ARRAY_LEN(commands); i++)
		if (strcmp(commands[i].name, argv[1]) == 0)
			return commands[i].run(argc - 1, argv + 1);
	return command_wrong_call("there is no command \"%s\"", argv[1]);
}
