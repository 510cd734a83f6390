// SPDX-License-Identifier: LGPL-2.1-or-later

package keycask_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"keycask.org/go/keycask"
)

// What the tests stand on: a real keycaskd in a folder of its own and software cards. The programs
// come from PATH, as tests/integration/test_go_package.py sets it.

const (
	pin      = "123456"
	patience = 20 * time.Second
)

var background = context.Background()

type world struct {
	t      testing.TB
	folder string
	daemon *exec.Cmd
	card   *exec.Cmd
}

// newWorld is the environment of a user without a daemon.
func newWorld(t testing.TB) *world {
	t.Helper()
	if _, err := exec.LookPath("keycaskd"); err != nil {
		t.Skip("keycaskd is not in PATH")
	}
	folder := t.TempDir()
	set := func(name, value string) {
		before, was := os.LookupEnv(name)
		check(t, os.Setenv(name, value))
		t.Cleanup(func() {
			if was {
				os.Setenv(name, before)
			} else {
				os.Unsetenv(name)
			}
		})
	}
	set("XDG_RUNTIME_DIR", folder)
	set("KEYCASK_SOCKET", filepath.Join(folder, "run", "keycask.sock"))
	set("KEYCASK_STATE_DIR", filepath.Join(folder, "state"))
	set("KEYCASK_CONFIG_DIR", filepath.Join(folder, "config"))
	set("KEYCASK_AUTOSTART", "0")
	w := &world{t: t, folder: folder}
	t.Cleanup(func() { w.pull(); w.stop() })
	return w
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// is fails unless err is that failure of the daemon.
func is(t testing.TB, err error, kind *keycask.Error) *keycask.Error {
	t.Helper()
	var failure *keycask.Error
	if !errors.Is(err, kind) || !errors.As(err, &failure) {
		t.Fatalf("%v is not %s", err, kind.Name)
	}
	return failure
}

func (w *world) start(name string, arguments ...string) *exec.Cmd {
	w.t.Helper()
	command := exec.Command(name, arguments...)
	log, err := os.OpenFile(filepath.Join(w.folder, name+".log"),
		os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	check(w.t, err)
	defer log.Close()
	command.Stdout, command.Stderr = log, log
	check(w.t, command.Start())
	return command
}

// client of the daemon, which is started when there is none yet.
func (w *world) client() *keycask.Client {
	w.t.Helper()
	if w.daemon == nil {
		w.daemon = w.start("keycaskd", "--user", "--foreground", "--providers", "embedded")
	}
	for end := time.Now().Add(patience); ; time.Sleep(5 * time.Millisecond) {
		client, err := keycask.Dial(background)
		if err == nil {
			w.t.Cleanup(func() { client.Close() })
			return client
		}
		if time.Now().After(end) {
			w.t.Fatal(err)
		}
	}
}

func end(process **exec.Cmd, how os.Signal) {
	if *process != nil {
		_ = (*process).Process.Signal(how)
		_ = (*process).Wait()
		*process = nil
	}
}

func (w *world) stop() { end(&w.daemon, os.Interrupt) }
func (w *world) kill() { end(&w.daemon, os.Kill) }
func (w *world) pull() { end(&w.card, os.Interrupt) }

// insert puts a card in, a new one when there was none, and waits until it is told.
func (w *world) insert(profile string, events <-chan keycask.Event) keycask.Event {
	w.t.Helper()
	file := filepath.Join(w.folder, "card.json")
	if _, err := os.Stat(file); err != nil {
		w.run("keycask-vcard", "new", file, "--profile", profile)
	}
	w.card = w.start("keycask-vcard", "start", file, "--socket",
		filepath.Join(w.folder, "run", "slot.sock"))
	return w.next(events, "inserted")
}

func (w *world) next(events <-chan keycask.Event, kind string) keycask.Event {
	w.t.Helper()
	select {
	case event := <-events:
		if event.Event != kind {
			w.t.Fatalf("%+v is not %s", event, kind)
		}
		return event
	case <-time.After(patience):
		w.t.Fatalf("no %s", kind)
	}
	return keycask.Event{}
}

func (w *world) run(name string, arguments ...string) string {
	w.t.Helper()
	out, err := exec.Command(name, arguments...).CombinedOutput()
	if err != nil {
		w.t.Fatalf("%s: %v\n%s", name, err, out)
	}
	return string(out)
}

func (w *world) file(name string, content []byte) string {
	path := filepath.Join(w.folder, name)
	check(w.t, os.WriteFile(path, content, 0o600))
	return path
}

// watch until the end of the test.
func (w *world) watch(client *keycask.Client) <-chan keycask.Event {
	ctx, cancel := context.WithCancel(background)
	events, err := client.Watch(ctx)
	check(w.t, err)
	w.t.Cleanup(func() {
		cancel()
		for range events {
		}
	})
	return events
}

// identities are all there are, by label, used with these options.
func (w *world) identities(client *keycask.Client, options ...keycask.KeyOption) map[string]*keycask.Identity {
	w.t.Helper()
	items, err := client.List(background, "identity", nil)
	check(w.t, err)
	found := map[string]*keycask.Identity{}
	for _, item := range items {
		found[item.Text("label")], err = client.Identity(background, item.PersistentRef(), options...)
		check(w.t, err)
	}
	return found
}

// made is a new certificate and its key, signed by itself.
func made(t testing.TB, name, host string, key crypto.Signer) (der, private []byte) {
	template := x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature}
	if host != "" {
		template.DNSNames = []string{host}
	}
	der, err := x509.CreateCertificate(rand.Reader, &template, &template, key.Public(), key)
	check(t, err)
	private, err = x509.MarshalPKCS8PrivateKey(key)
	check(t, err)
	return der, private
}

// add makes a software identity.
func (w *world) add(client *keycask.Client, name string, key crypto.Signer) {
	w.t.Helper()
	der, private := made(w.t, name, "", key)
	var text bytes.Buffer
	check(w.t, pem.Encode(&text, &pem.Block{Type: "PRIVATE KEY", Bytes: private}))
	check(w.t, pem.Encode(&text, &pem.Block{Type: "CERTIFICATE", Bytes: der}))
	_, err := client.Add(background, keycask.Query{"class": "identity", "value_data": text.Bytes()})
	check(w.t, err)
}

func newRSA(t testing.TB) crypto.Signer {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	check(t, err)
	return key
}

func newEC(t testing.TB) crypto.Signer {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	check(t, err)
	return key
}
