# SPDX-License-Identifier: LGPL-2.1-or-later
"""What has to be proved before a key is used through keycask-pkcs11.so, and what becomes of an
operation whose token, daemon or person goes away in the middle of it."""
import contextlib
import os
import threading
import urllib.parse

from keycask_test import PIN, Daemon, check, check_equal, main, scratch, test
from person_scene import access_control
from pin_scene import VERIFY, configure
from pkcs11_client import Module, become_loader, check_raises_p11
from pkcs11_scene import DATA, KEYCHAIN, Pair, Scene, TokenScene, add_key, made
from prompt_scene import scripted

SHA256 = "CKM_ECDSA_SHA256"
WRONG = "654321"


class Card9(TokenScene):
    """A PIV card with a key that wants the PIN once, 9a, and one that wants it always, 9c."""

    def __init__(self, **settings):
        super().__init__("piv:9a=p256,9c=p384", PIN, **settings)

    def __enter__(self):
        super().__enter__()
        self.session.pin = None  # who gives it, and when, is what this is about
        keys = self.session.find(CKA_CLASS="CKO_PRIVATE_KEY")
        self.always = next(key for key in keys
                           if self.session.flag(key, "CKA_ALWAYS_AUTHENTICATE"))
        self.once = next(key for key in keys if key != self.always)
        return self

    def begin(self, key=None):
        self.session.begin("Sign", SHA256, key or self.always)

    def give(self, pin):
        self.session.login(pin, "CKU_CONTEXT_SPECIFIC")

    def sign(self):
        """What C_Sign makes of what was begun; it is a signature."""
        return self.session.whole("Sign", DATA, room=200)

    def n_verified(self):
        return sum(command.startswith(VERIFY) for command in self.card.commands())


@test
def a_pin_goes_with_one_operation():
    with Card9() as scene:
        before = scene.n_verified()
        for n in (1, 2):
            scene.begin()
            scene.give(PIN)
            # Neither question costs the PIN, nor another use of it.
            check_raises_p11("CKR_BUFFER_TOO_SMALL", scene.session.whole, "Sign", DATA, 5)
            check_equal(len(scene.session.whole("Sign", DATA)), 96, "bytes")
            check_equal(scene.n_verified() - before, n, "PINs shown to the card")
        scene.begin()
        check_raises_p11("CKR_USER_NOT_LOGGED_IN", scene.sign)
        scene.begin()  # and the failure has ended it
        scene.session.call("SignInit", None, scene.always)


@test
def a_pin_is_for_an_operation_that_wants_it():
    with Card9() as scene:
        check_raises_p11("CKR_OPERATION_NOT_INITIALIZED", scene.give, PIN)
        scene.begin(scene.once)
        check_raises_p11("CKR_OPERATION_NOT_INITIALIZED", scene.give, PIN)
        check_equal(len(scene.sign()), 64, "bytes")
        scene.begin()
        check_raises_p11("CKR_PIN_LEN_RANGE", scene.give, "1" * 9000)


@test
def a_wrong_pin_and_a_blocked_one():
    with Card9() as scene:
        for pin, name in ((WRONG, "CKR_PIN_INCORRECT"), (WRONG, "CKR_PIN_INCORRECT"),
                          # the last try is a person's to take
                          (WRONG, "CKR_FUNCTION_REJECTED")):
            scene.begin()
            scene.give(pin)
            check_raises_p11(name, scene.sign)
            check_raises_p11("CKR_OPERATION_NOT_INITIALIZED", scene.sign)
        with scene.daemon.connect() as connection, contextlib.suppress(Exception):
            connection.call("Tokens.VerifyPin", {"token_id": scene.token_id, "pin": WRONG,
                                                 "last_try": True})
        scene.begin()
        scene.give(PIN)
        check_raises_p11("CKR_PIN_LOCKED", scene.sign)


@test
def a_token_that_leaves_in_the_middle():
    """The same handles are good again when it is back."""
    with Card9() as scene:
        scene.begin(scene.once)
        scene.session.call("SignUpdate", DATA, len(DATA))
        scene.card.pull()
        scene.daemon.wait_for_removal()
        check_raises_p11(("CKR_DEVICE_REMOVED", "CKR_TOKEN_NOT_PRESENT"), scene.session.output,
                         "SignFinal", room=200)
        scene.card.insert(scene.daemon)
        scene.daemon.wait_for_token()
        check(scene.slot in scene.module.slots(), "it is in another slot")
        scene.session.login(PIN)
        check_equal(len(scene.session.sign(SHA256, scene.once, DATA)), 64, "bytes")


@test
def a_daemon_that_is_restarted_in_the_middle():
    with Daemon() as daemon:
        with daemon.connect() as connection:
            add_key(connection, made("P-256"))
        with Module(daemon) as module:
            session, other = module.open(KEYCHAIN), module.open(KEYCHAIN)
            pair = Pair(session, made("P-256"))
            session.begin("Sign", SHA256, pair.key)
            other.begin("Sign", SHA256, pair.key)
            session.call("SignUpdate", DATA, len(DATA))
            daemon.kill()
            check_raises_p11("CKR_DEVICE_ERROR", other.whole, "Sign", DATA, room=64)
            daemon.start()
            signature = session.output("SignFinal")
            session.verify(SHA256, pair.public_key, DATA, signature)


@test
def a_child_goes_on_with_what_its_parent_began():
    """Both sign what was given before the fork, each with a connection of its own."""
    with Scene("P-256") as scene:
        session, pair = scene.session, scene.pair
        session.begin("Sign", SHA256, pair.key)
        session.call("SignUpdate", DATA, len(DATA))
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            os.write(writer, session.output("SignFinal"))
            os._exit(0)
        check_equal(os.waitpid(child, 0)[1], 0, "the child's status")
        for signature in (os.read(reader, 100), session.output("SignFinal")):
            session.verify(SHA256, pair.public_key, DATA, signature)


@test
def four_threads():
    """Each with a session of its own, and all of them in the one connection of the process."""
    with Scene("P-256") as scene:
        key, public_key = scene.pair.key, scene.pair.public_key
        n_good = []

        def work(number):
            session = scene.module.open(KEYCHAIN)
            for n in range(20):
                data = b"%d %d" % (number, n)
                session.verify(SHA256, public_key, data, session.sign(SHA256, key, data))
                n_good.append(1)
            session.close()

        threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        check_equal(len(n_good), 80, "signatures")


# --- somebody who is asked -----------------------------------------------------------------------


def pinentry(name, answer, said="/dev/null"):
    """One that gives this answer to whatever it is asked, and writes down what it was told to say."""
    return scripted(name, "echo OK", "while read -r command rest; do", 'case "$command" in',
                    f"GETPIN|CONFIRM|MESSAGE) {answer} ;;", "BYE) echo OK; exit 0 ;;",
                    f"SETDESC) echo \"$rest\" > '{said}'; echo OK ;;",
                    "*) echo OK ;;", "esac", "done")


CANCEL = 'echo "ERR 83886179 Operation cancelled <Pinentry>"'


@test
def somebody_cancels_the_question_for_a_pin():
    os.environ["DISPLAY"] = ":99"
    with Card9(pinentry=pinentry("cancel", CANCEL)) as scene:
        scene.begin()
        check_raises_p11("CKR_FUNCTION_CANCELED", scene.sign)


@test
def somebody_is_asked_for_a_pin():
    """Without a PIN from the program, with C_Login and without."""
    os.environ["DISPLAY"] = ":99"
    with Card9(pinentry=pinentry("typist", f'printf "D {PIN}\\nOK\\n"')) as scene:
        for asks in (False, True):
            scene.begin()
            if asks:
                scene.give(None)
            check_equal(len(scene.sign()), 96, "bytes")


@test
def somebody_is_told_what_the_login_is_for():
    """There is no key yet: the program, the token, and what it wants."""
    os.environ["DISPLAY"] = ":99"
    said = scratch() / "said"
    typist = pinentry("asked", f'printf "D {PIN}\\nOK\\n"', said)
    with TokenScene("piv:9a=p256", pinentry=typist) as scene:
        scene.session.login()
        lines = urllib.parse.unquote(said.read_text().strip()).splitlines()
        check("Reason: log in to the token" in lines, f"the prompt says {lines}")
        for name in ("Program: ", "Token: "):
            check(any(line.startswith(name) for line in lines), f"no {name}in {lines}")
        key = scene.session.find_one(CKA_CLASS="CKO_PRIVATE_KEY")
        check_equal(len(scene.session.sign(SHA256, key, DATA)), 64, "bytes")


@test
def somebody_who_is_asked_too_often_is_asked_no_more():
    """What is refused for now is no broken token, whatever else a program makes of it."""
    os.environ["DISPLAY"] = ":99"
    with Card9(pinentry=pinentry("cancel", CANCEL), prompt_quota=5) as scene:
        scene.session.logout()
        check_raises_p11("CKR_FUNCTION_CANCELED", scene.session.login)
        check_raises_p11("CKR_FUNCTION_REJECTED", scene.session.login)
        scene.session.login(PIN)
        scene.begin()
        check_raises_p11("CKR_FUNCTION_REJECTED", scene.sign)
    with Card9(pinentry="/nonexistent/pinentry") as scene:
        scene.begin()
        check_raises_p11("CKR_FUNCTION_REJECTED", scene.sign)
        scene.session.logout()
        check_raises_p11("CKR_FUNCTION_REJECTED", scene.session.login)


@test
def somebody_refuses_a_key_of_the_keychain():
    os.environ["DISPLAY"] = ":99"
    with configure(Daemon(), pinentry=pinentry("cancel", CANCEL)) as daemon:
        with daemon.connect() as connection:
            add_key(connection, made("P-256"),
                    access_control=access_control("user_presence", "private_key_usage"))
        with Module(daemon) as module:
            session = module.open(KEYCHAIN)
            pair = Pair(session, made("P-256"))
            check_raises_p11("CKR_FUNCTION_REJECTED", session.sign, SHA256, pair.key, DATA, room=64)


become_loader()
main()
