// SPDX-License-Identifier: LGPL-2.1-or-later
// A program on Java's SunPKCS11 that does what test_java.py writes to its standard input, a line for
// each thing, and ends each answer with a line "done" or "failed: why":
//
//     list                          what the key store has, "ALIAS: subject (kind of key)"
//     sign ALIAS ALGORITHM          signs and verifies with the certificate
//     visit PORT PROTOCOL ALIAS     logs in to https://localhost:PORT/ and shows the page
//
// Its arguments: the provider's configuration, and the certificate of the authority of servers.

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.Provider;
import java.security.Security;
import java.security.Signature;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.MGF1ParameterSpec;
import java.security.spec.PSSParameterSpec;
import java.util.Collections;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedKeyManager;

public class Keystore {
    static Provider provider;
    static KeyStore authorities;

    /** Says who comes, whatever the server would like. */
    static class Visitor extends X509ExtendedKeyManager {
        final String alias;
        final KeyStore.PrivateKeyEntry entry;

        Visitor(String alias) throws GeneralSecurityException, IOException {
            this.alias = alias;
            this.entry = (KeyStore.PrivateKeyEntry) open().getEntry(alias, null);
        }

        @Override
        public String chooseClientAlias(String[] types, Principal[] issuers, Socket socket) {
            return alias;
        }

        @Override
        public String[] getClientAliases(String type, Principal[] issuers) {
            return new String[] {alias};
        }

        @Override
        public X509Certificate[] getCertificateChain(String name) {
            return new X509Certificate[] {(X509Certificate) entry.getCertificate()};
        }

        @Override
        public PrivateKey getPrivateKey(String name) {
            return entry.getPrivateKey();
        }

        @Override
        public String chooseServerAlias(String type, Principal[] issuers, Socket socket) {
            return null;
        }

        @Override
        public String[] getServerAliases(String type, Principal[] issuers) {
            return null;
        }
    }

    static KeyStore open() throws GeneralSecurityException, IOException {
        KeyStore store = KeyStore.getInstance("PKCS11", provider);
        store.load(null, null);
        return store;
    }

    static void list() throws GeneralSecurityException, IOException {
        KeyStore store = open();
        for (String alias : Collections.list(store.aliases())) {
            X509Certificate certificate = (X509Certificate) store.getCertificate(alias);
            System.out.printf("%s: %s (%s)%n", alias, certificate.getSubjectX500Principal(),
                    store.getKey(alias, null).getAlgorithm());
        }
    }

    static void sign(String alias, String algorithm) throws GeneralSecurityException, IOException {
        byte[] message = "what is signed".getBytes(StandardCharsets.UTF_8);
        KeyStore store = open();
        PrivateKey key = (PrivateKey) store.getKey(alias, null);
        Signature signer = signature(algorithm, provider);
        signer.initSign(key);
        signer.update(message);
        byte[] signature = signer.sign();
        Signature judge = signature(algorithm,
                Security.getProvider(key.getAlgorithm().equals("RSA") ? "SunRsaSign" : "SunEC"));
        judge.initVerify(store.getCertificate(alias).getPublicKey());
        judge.update(message);
        System.out.println(judge.verify(signature) ? "good" : "bad");
    }

    static Signature signature(String algorithm, Provider who) throws GeneralSecurityException {
        Signature signature = Signature.getInstance(algorithm, who);
        if (algorithm.equals("RSASSA-PSS")) {
            signature.setParameter(
                    new PSSParameterSpec("SHA-256", "MGF1", MGF1ParameterSpec.SHA256, 32, 1));
        }
        return signature;
    }

    static void visit(int port, String protocol, String alias)
            throws GeneralSecurityException, IOException {
        TrustManagerFactory trust = TrustManagerFactory.getInstance("PKIX");
        trust.init(authorities);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(new KeyManager[] {new Visitor(alias)}, trust.getTrustManagers(), null);
        try (SSLSocket socket =
                (SSLSocket) context.getSocketFactory().createSocket("127.0.0.1", port)) {
            socket.setEnabledProtocols(new String[] {protocol});
            OutputStream out = socket.getOutputStream();
            out.write("GET / HTTP/1.0\r\nHost: www.example.org\r\n\r\n".getBytes(
                    StandardCharsets.US_ASCII));
            System.out.println(new String(socket.getInputStream().readAllBytes(),
                    StandardCharsets.UTF_8));
        }
    }

    static void obey(String[] words) throws GeneralSecurityException, IOException {
        switch (words[0]) {
            case "list" -> list();
            case "sign" -> sign(words[1], words[2]);
            case "visit" -> visit(Integer.parseInt(words[1]), words[2], words[3]);
            default -> throw new IllegalArgumentException(words[0]);
        }
    }

    static String reasons(Throwable trouble) {
        return trouble == null ? "" : trouble + "; " + reasons(trouble.getCause());
    }

    public static void main(String[] arguments) throws Exception {
        provider = Security.getProvider("SunPKCS11").configure(arguments[0]);
        Security.addProvider(provider);
        authorities = KeyStore.getInstance("PKCS12");
        authorities.load(null, null);
        authorities.setCertificateEntry("ca", CertificateFactory.getInstance("X.509")
                .generateCertificate(Files.newInputStream(Path.of(arguments[1]))));
        BufferedReader input = new BufferedReader(new InputStreamReader(System.in));
        for (String line = input.readLine(); line != null; line = input.readLine()) {
            try {
                obey(line.split("\t"));
                System.out.println("done");
            } catch (GeneralSecurityException | IOException | RuntimeException trouble) {
                System.out.println("failed: " + reasons(trouble));
            }
        }
    }
}
