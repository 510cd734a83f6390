# SPDX-License-Identifier: LGPL-2.1-or-later
"""OpenSC's pkcs11-tool on a card in pcscd's reader and on the keychain: its own test, and objects that
it makes, writes and deletes. What each --test really runs, slot by slot, is seen by the integration
test of the same name."""
from scene import *

MANAGEMENT_KEY = "010203040506070801020304050607080102030405060708"
OFFICER = ("--login", "--login-type", "so", "--so-pin", MANAGEMENT_KEY)
USER = ("--login", "--pin", PIN)
KEYCHAIN = "keychain"


def tool(scene, token, *options, status=0):
    words = ("--slot", "1") if token == KEYCHAIN else ("--token-label", token)
    said = scene.run("pkcs11-tool", "--module", scene.module, *words, *options, status=status)
    return b"".join(said).decode()


def write_files(scene):
    """A key and its certificate, as pkcs11-tool takes them: the certificate."""
    key = MadeKey("rsa2048")
    certificate = scene.ca.issue(key, "Brought", "keyUsage=digitalSignature")
    scene.write("key.der", openssl("pkey", "-outform", "DER", input=key.pem))
    scene.write("certificate.der", openssl("x509", "-outform", "DER", input=certificate))
    return certificate


def check_pair(scene, name, mechanism="SHA256-RSA-PKCS"):
    """The key that is there under that ID signs, and its public key knows that."""
    scene.write("data", b"data")
    tool(scene, KEYCHAIN, "--sign", "--mechanism", mechanism, "--id", name, "-i", "data", "-o",
         "signature")
    said = tool(scene, KEYCHAIN, "--verify", "--mechanism", mechanism, "--id", name, "-i", "data",
                "--signature-file", "signature")
    check("Signature is valid" in said, said)


@test(seconds=PATIENT)
def its_own_test_passes():
    with Scene() as scene:
        token = scene.identities["card"].token
        for slot, login in ((KEYCHAIN, ("--login", "--pin", "")), (token, USER)):
            for options in ((), ("--allow-sw",), login, (*login, "--allow-sw")):
                said = tool(scene, slot, "--test", *options)
                check("No errors" in said, f"{slot} {options}: {said}")


@test(seconds=PATIENT)
def objects_of_the_keychain():
    with Scene(slot=None) as scene:
        write_files(scene)
        tool(scene, KEYCHAIN, "--keypairgen", "--key-type", "EC:prime256v1", "--id", "4711", "--label",
             "made")
        check_pair(scene, "4711", "ECDSA-SHA256")
        for kind, name in (("privkey", "key.der"), ("cert", "certificate.der")):
            tool(scene, KEYCHAIN, "--write-object", name, "--type", kind, "--id", "55", "--label", "w")
        check_pair(scene, "55")
        before = tool(scene, KEYCHAIN, "--list-objects")
        check("made" in before and before.count("ID:         55\n") == 3, before)
        for kind, name in (("cert", "55"), ("privkey", "55"), ("privkey", "4711")):
            tool(scene, KEYCHAIN, "--delete-object", "--type", kind, "--id", name)
        after = tool(scene, KEYCHAIN, "--list-objects")
        check("made" not in after and "ID:         55\n" not in after, after)


@test(seconds=PATIENT)
def objects_of_a_card():
    """In places of its key management, whose keys sign nothing."""
    with Scene() as scene:
        token = scene.identities["card"].token
        certificate = scene.write("certificate.pem", write_files(scene))
        said = tool(scene, token, *OFFICER, "--write-object", "key.der", "--type", "privkey", "--id", "82")
        brought = said.split("ID:")[1].split()[0]
        tool(scene, token, *OFFICER, "--write-object", "certificate.der", "--type", "cert", "--id", "82")
        shown = tool(scene, token, "--list-objects", "--type", "cert")
        check(f"ID:         {brought}\n" in shown, shown)
        said = tool(scene, token, *OFFICER, "--keypairgen", "--key-type", "EC:prime256v1", "--id", "83")
        check("Usage:      derive\n" in said, said)
        scene.write("sealed", openssl("pkeyutl", "-encrypt", "-certin", "-inkey", certificate,
                                      input=b"a letter"))
        tool(scene, token, *USER, "--decrypt", "--mechanism", "RSA-PKCS", "--id", brought, "-i", "sealed",
             "-o", "opened")
        check_equal((scene.work / "opened").read_bytes(), b"a letter", "what was sealed")
        said = tool(scene, token, *OFFICER, "--keypairgen", "--key-type", "EC:prime256v1", "--id", "9a",
                    status=1)
        check("C_GenerateKeyPair failed" in said, f"a key that is there stays: {said}")
        tool(scene, token, *OFFICER, "--delete-object", "--type", "cert", "--id", brought)
        shown = tool(scene, token, "--list-objects", "--type", "cert")
        check(brought not in shown and "Certificate For PIV Authentication" in shown, shown)


main()
