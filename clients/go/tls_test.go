// SPDX-License-Identifier: LGPL-2.1-or-later

package keycask_test

import (
	"bufio"
	"bytes"
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"net"
	"net/http"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"keycask.org/go/keycask"
)

var versions = map[string]uint16{"TLSv1.2": tls.VersionTLS12, "TLSv1.3": tls.VersionTLS13}

// server is a certificate for localhost, and what its clients need to know of it.
type server struct {
	certificate tls.Certificate
	files       []string
	roots       *x509.CertPool
}

func (w *world) server() *server {
	key := newEC(w.t)
	der, private := made(w.t, "localhost", "localhost", key)
	parsed, err := x509.ParseCertificate(der)
	check(w.t, err)
	s := &server{certificate: tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key},
		roots: x509.NewCertPool()}
	s.roots.AddCert(parsed)
	s.files = []string{"-cert", w.file("server.pem", encode("CERTIFICATE", der)), "-key",
		w.file("server.key", encode("PRIVATE KEY", private))}
	return s
}

func encode(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

// clientConfig is that of a client with this identity.
func (s *server) clientConfig(version uint16, identity *keycask.Identity) *tls.Config {
	config := &tls.Config{RootCAs: s.roots, ServerName: "localhost", MinVersion: version,
		MaxVersion: version}
	if identity != nil {
		config.Certificates = []tls.Certificate{identity.TLSCertificate()}
	}
	return config
}

// meet has both sides shake hands: the certificate that the client has shown.
func (s *server) meet(t testing.TB, client *tls.Config) ([]byte, error) {
	near, far := net.Pipe()
	guest := tls.Server(far, &tls.Config{Certificates: []tls.Certificate{s.certificate},
		ClientAuth: tls.RequireAnyClientCert})
	end := make(chan error, 1)
	go func() {
		err := guest.Handshake()
		if err == nil {
			_, err = guest.Write([]byte("hello"))
		}
		far.Close()
		end <- err
	}()
	connection := tls.Client(near, client)
	greeting, err := io.ReadAll(connection)
	near.Close()
	serverErr := <-end
	if err != nil {
		return nil, err
	}
	if string(greeting) != "hello" || serverErr != nil {
		t.Fatal(string(greeting), serverErr)
	}
	return guest.ConnectionState().PeerCertificates[0].Raw, nil
}

// everybody: RSA and EC, on a card and in the keychain.
func (w *world) everybody(client *keycask.Client) map[string]*keycask.Identity {
	w.insert("piv:9a=rsa2048,9e=p256", w.watch(client))
	w.add(client, "rsa", newRSA(w.t))
	w.add(client, "ec", newEC(w.t))
	found := w.identities(client, keycask.WithPIN(pin), keycask.WithoutUI())
	if len(found) != 4 {
		w.t.Fatal(found)
	}
	return found
}

func TestTLS(t *testing.T) {
	w := newWorld(t)
	client := w.client()
	everybody := w.everybody(client)
	s := w.server()
	var guests bytes.Buffer
	for label, identity := range everybody {
		for name, version := range versions {
			shown, err := s.meet(t, s.clientConfig(version, identity))
			if err != nil || !bytes.Equal(shown, identity.Certificate.Raw) {
				t.Fatal(label, name, err)
			}
		}
		guests.Write(encode("CERTIFICATE", identity.Certificate.Raw))
	}
	s.files = append(s.files, "-verifyCAfile", w.file("guests.pem", guests.Bytes()))
	for name, version := range versions {
		w.visitOpenSSL(s, name, version, everybody)
	}
	card := everybody["Certificate For PIV Authentication"]
	check(t, client.Close())
	w.failsToMeet(s, card, keycask.ErrAuthFailed, keycask.WithPIN("654321"))
	w.kill()
	w.failsToMeet(s, everybody["ec"], keycask.ErrNotAvailable)
}

func (w *world) failsToMeet(s *server, identity *keycask.Identity, kind *keycask.Error,
	options ...keycask.KeyOption) {
	w.t.Helper()
	var told error
	other := *identity
	other.Key = identity.Key.With(append(options, keycask.WithErrorFunc(func(err error) {
		told = err
	}))...)
	_, err := s.meet(w.t, s.clientConfig(tls.VersionTLS13, &other))
	failure := is(w.t, told, kind)
	if err == nil || !strings.Contains(err.Error(), failure.Error()) {
		w.t.Fatal(err)
	}
}

// visitOpenSSL has each of them ask s_server for its page about the connection.
func (w *world) visitOpenSSL(s *server, name string, version uint16, everybody map[string]*keycask.Identity) {
	command := exec.Command("openssl", append([]string{"s_server", "-accept", "127.0.0.1:0", "-www",
		"-Verify", "1", "-verify_return_error", "-partial_chain"}, s.files...)...)
	out, err := command.StdoutPipe()
	check(w.t, err)
	check(w.t, command.Start())
	defer func() { _ = command.Process.Kill(); _ = command.Wait() }()
	address := ""
	for lines := bufio.NewScanner(out); address == "" && lines.Scan(); {
		if found := regexp.MustCompile(`^ACCEPT (.*)$`).FindStringSubmatch(lines.Text()); found != nil {
			address = found[1]
		}
	}
	for label, identity := range everybody {
		transport := &http.Transport{TLSClientConfig: s.clientConfig(version, identity),
			DisableKeepAlives: true}
		answer, err := (&http.Client{Transport: transport}).Get("https://" + address + "/")
		if err != nil {
			w.t.Fatal(label, name, err)
		}
		page, err := io.ReadAll(answer.Body)
		check(w.t, err)
		answer.Body.Close()
		if !strings.Contains(string(page), name) || !strings.Contains(string(page), "Client certificate") {
			w.t.Fatal(string(page))
		}
	}
}

func TestTLSServer(t *testing.T) {
	w := newWorld(t)
	client := w.client()
	w.add(client, "server", newRSA(t))
	identity := w.identities(client)["server"]
	s := &server{certificate: identity.TLSCertificate()}
	guest := tls.Certificate{}
	guest.PrivateKey = newEC(t)
	der, _ := made(t, "guest", "", guest.PrivateKey.(crypto.Signer))
	guest.Certificate = [][]byte{der}
	for _, version := range versions {
		_, err := s.meet(t, &tls.Config{InsecureSkipVerify: true, MinVersion: version,
			MaxVersion: version, Certificates: []tls.Certificate{guest}})
		check(t, err)
	}
}

func TestPKCS1Only(t *testing.T) {
	w := newWorld(t)
	client := w.client()
	w.insert("openpgp:aut=rsa2048+cert", w.watch(client))
	s := w.server()
	for _, identity := range w.identities(client, keycask.WithPIN(pin)) {
		_, err := s.meet(t, s.clientConfig(tls.VersionTLS12, identity))
		check(t, err)
		_, err = s.meet(t, s.clientConfig(tls.VersionTLS13, identity))
		if err == nil {
			t.Fatal("a card without PSS in TLS 1.3")
		}
	}
}
