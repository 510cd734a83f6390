# SPDX-License-Identifier: LGPL-2.1-or-later
"""A client that is not ours: Go's varlink package, as Debian has it, lists, watches and signs."""
import json
import pathlib
import shutil
import subprocess

from der import certificates, unb64
from keycask_test import (BUILD, PIN, SOURCE, Card, Daemon, base_environment, check, check_equal, main,
                          openssl, run, scratch, skip_unless, test)

GOPATH = pathlib.Path("/usr/share/gocode")
PACKAGE = "github.com/varlink/go"
CLIENT = SOURCE / "tests/integration/go/main.go"


def go(*arguments, gopath=GOPATH, **options):
    """The go command, offline: nothing but Debian's packages."""
    skip_unless(shutil.which("go"), "golang-go is not installed")
    skip_unless((GOPATH / "src" / PACKAGE).is_dir(),
                "golang-github-varlink-go-dev is not installed")
    return run("go", *arguments, env={
        **base_environment(), "GOPATH": str(gopath), "GO111MODULE": "off", "GOPROXY": "off",
        "GOFLAGS": "", "GOTOOLCHAIN": "local",
        "GOCACHE": str(BUILD / "gocache")}, **options)


class Client:
    """The Go program beside the test: what it prints, value by value."""

    def __init__(self, daemon):
        path = scratch() / "client"
        go("build", "-o", path, CLIENT)
        self.process = subprocess.Popen([str(path), f"unix:{daemon.socket}"], text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        env=base_environment())
        self.process.stdin.write(PIN + "\n")
        self.process.stdin.close()

    def next(self, kind):
        """The next value, which is of this kind."""
        line = self.process.stdout.readline()
        check(line, f"the Go client ended before: {kind}")
        printed = json.loads(line)
        check_equal(printed["kind"], kind, "what the Go client prints next")
        return printed["value"]

    def finish(self):
        check_equal(self.process.stdout.read(), "", "what the Go client prints in the end")
        check_equal(self.process.wait(), 0, "the Go client's exit status")
        self.process.stdout.close()


def check_description(info):
    """The interfaces as Go's parser reads them are those of protocol/."""
    check_equal((info["vendor"], info["product"]), ("keycask", "keycaskd"), "who answers")
    for name in ("Items", "Keys", "Tokens", "Slots", "Admin"):
        text = (SOURCE / f"protocol/org.keycask.{name}.varlink").read_text()
        methods = [line.split()[1].split("(")[0] for line in text.splitlines()
                   if line.startswith("method ")]
        check_equal(info["methods"][f"org.keycask.{name}"], methods, f"methods of {name}")
    check_equal(info["methods"]["org.varlink.service"], ["GetInfo", "GetInterfaceDescription"],
                "methods of the service")


def check_signature(card, slot, label, signed):
    """openssl verifies it with the certificate in the card's file."""
    check_equal(signed["label"], label, "key")
    check_equal(signed["valid"], True, "Keys.Verify")
    certificate = openssl("x509", "-inform", "DER", input=certificates(card.file)[slot].der)
    public_key = scratch() / "key.pem"
    public_key.write_bytes(openssl("x509", "-pubkey", "-noout", input=certificate))
    (scratch() / "signature").write_bytes(unb64(signed["signature"]))
    openssl("dgst", "-sha256", "-verify", public_key, "-signature", scratch() / "signature",
            input=b"signed by way of Go\n")


@test
def a_go_client_watches_lists_and_signs():
    with Daemon() as daemon, Card("piv:9a=rsa2048,9c=p256,9d=p256") as card:
        client = Client(daemon)
        check_description(client.next("info"))
        client.next("waiting")
        card.insert(daemon)
        event = client.next("event")
        check_equal(event["event"], "inserted", "event")
        (token,) = client.next("tokens")
        check_equal((token["token_id"], token["state"], token["driver"]),
                    (event["token_id"], "present", "org.keycask.piv"), "token")
        identities = client.next("identities")
        check_equal([unb64(item["application_label"]) for item in identities],
                    [found.public_key_hash for found in certificates(card.file).values()],
                    "identities")
        refused = client.next("refused")
        check_equal(refused["error"], "org.keycask.Keys.Failed", "error")
        record = refused["record"]
        check_equal((record["status"], record["name"], record["tries_left"]),
                    (-25293, "auth_failed", 2), "a wrong PIN")
        check_signature(card, "9a", "Key For PIV Authentication", client.next("signature"))
        check_signature(card, "9c", "Key For Digital Signature", client.next("signature"))
        client.next("pulling")
        card.pull()
        check_equal(client.next("event"), {**event, "event": "removed"}, "event")
        record = client.next("refused")["record"]
        check_equal((record["status"], record["name"]), (-25300, "item_not_found"), "dead reference")
        client.finish()


@test
def bindings_generated_from_our_interfaces_compile():
    """The package has no command to make calls, but one that makes Go code of an interface."""
    workspace = scratch() / "go"
    generator = scratch() / "generator"
    go("build", "-o", generator, f"{PACKAGE}/cmd/varlink-go-interface-generator")
    with Daemon() as daemon, daemon.connect() as connection:
        for name in connection.call("org.varlink.service.GetInfo")["interfaces"]:
            description = connection.call("org.varlink.service.GetInterfaceDescription",
                                          {"interface": name})["description"]
            folder = workspace / "src" / name.replace(".", "").lower()
            folder.mkdir(parents=True)
            path = folder / f"{name}.varlink"
            # Capital letters in an interface's name are Varlink, but not for this old parser.
            path.write_text(description.replace(f"interface {name}", f"interface {name.lower()}"))
            run(generator, path)
            check(list(folder.glob("*.go")), f"{name}: no Go code")
    go("build", "./...", gopath=f"{workspace}:{GOPATH}", cwd=workspace / "src")


@test
def the_go_program_is_formatted_and_vetted():
    skip_unless(shutil.which("gofmt"), "golang-go is not installed")
    check_equal(run("gofmt", "-l", CLIENT)[0], b"", "what gofmt would change")
    go("vet", CLIENT)


main()
