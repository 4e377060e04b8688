import DeviceCrypto
import Foundation
import Testing

@Suite("Certs-only messages")
struct CertificatesOnlyTests {
    /// Certificates of the real `openssl`, in one message of `openssl crl2pkcs7`.
    private struct Place {
        let folder: ScratchFolder
        private(set) var certificates: [[UInt8]] = []

        init(count: Int) throws {
            folder = try ScratchFolder()
            for index in 0..<count {
                try folder.openssl(
                    "req", "-x509", "-nodes", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-keyout", "key\(index)",
                    "-out", "certificate\(index)", "-subj", "/O=acme/CN=acme.gw-\(index)", "-days", "3")
                try folder.openssl("x509", "-in", "certificate\(index)", "-outform", "DER", "-out", "der")
                certificates.append(try folder.bytes("der"))
            }
        }

        func message(_ options: [String]) throws -> [UInt8] {
            var words = ["crl2pkcs7", "-outform", "DER", "-out", "message"] + options
            for index in certificates.indices { words += ["-certfile", "certificate\(index)"] }
            let told = try folder.run(words)
            #expect(told == 0)
            return try folder.bytes("message")
        }
    }

    @Test("openssl's messages of one and of three certificates are read")
    func real() throws {
        let one = try Place(count: 1)
        #expect(try CertificatesOnly.certificates(in: one.message(["-nocrl"]), limit: 1) == one.certificates)
        let three = try Place(count: 3)
        let found = try CertificatesOnly.certificates(in: three.message(["-nocrl"]), limit: 16)
        #expect(Set(found) == Set(three.certificates) && found.count == 3)
    }

    @Test("more certificates than were asked for are refused")
    func tooMany() throws {
        let message = try Place(count: 2).message(["-nocrl"])
        #expect(throws: DeviceCryptoError.self) { try CertificatesOnly.certificates(in: message, limit: 1) }
    }

    @Test("a message with a revocation list, a signer or a content is refused")
    func more() throws {
        let place = try Place(count: 1)
        try Data().write(to: place.folder.url.appendingPathComponent("index"))
        try Data("[ca]\ndefault_ca=c\n[c]\ndatabase=index\ndefault_md=sha256\ndefault_crl_days=3\n".utf8).write(to: place.folder.url.appendingPathComponent("conf"))
        try place.folder.openssl("ca", "-config", "conf", "-gencrl", "-cert", "certificate0", "-keyfile", "key0", "-out", "list")
        let withList = try place.message(["-in", "list"])
        #expect(throws: DeviceCryptoError.self) { try CertificatesOnly.certificates(in: withList, limit: 4) }
        try Data("content".utf8).write(to: place.folder.url.appendingPathComponent("content"))
        for option in ["-nodetach", "-binary"] {
            try place.folder.openssl(
                "cms", "-sign", "-in", "content", "-signer", "certificate0", "-inkey", "key0", "-outform", "DER", "-out", "signed", option)
            #expect(throws: DeviceCryptoError.self) { try CertificatesOnly.certificates(in: place.folder.bytes("signed"), limit: 4) }
        }
    }

    @Test("a message cut at any byte, or with one byte more, is refused")
    func truncated() throws {
        let message = try Place(count: 1).message(["-nocrl"])
        for count in message.indices {
            #expect(throws: DeviceCryptoError.self, "\(count)") { try CertificatesOnly.certificates(in: Array(message[..<count]), limit: 1) }
        }
        #expect(throws: DeviceCryptoError.self) { try CertificatesOnly.certificates(in: message + [0], limit: 1) }
    }

    @Test("other structures are refused", arguments: [
        // No certificates field; an empty one; version 3; data instead of signed data; a digest; a content.
        "302306092a864886f70d010702a0163014020101310030 0b06092a864886f70d0107013100",
        "302506092a864886f70d010702a01830160201013100300b06092a864886f70d010701a0003100",
        "302706092a864886f70d010702a01a30180201033100300b06092a864886f70d010701a00230003100",
        "302706092a864886f70d010701a01a30180201013100300b06092a864886f70d010701a00230003100",
        "302906092a864886f70d010702a01c301a02010131023000300b06092a864886f70d010701a00230003100",
        "302b06092a864886f70d010702a01e301c0201013100300f06092a864886f70d010701a0020400a00230003100",
        "", "30", "3000", "3080", "04020000", "a0020000",
    ])
    func others(digits: String) {
        #expect(throws: DeviceCryptoError.self) {
            try CertificatesOnly.certificates(in: hex(digits.replacingOccurrences(of: " ", with: "")), limit: 4)
        }
    }

    @Test("the same with nothing wrong is read, whatever stands in the certificate's place; an empty list of lists too")
    func smallest() throws {
        #expect(try CertificatesOnly.certificates(in: hex("302706092a864886f70d010702a01a30180201013100300b06092a864886f70d010701a00230003100"), limit: 1) == [[0x30, 0]])
        #expect(try CertificatesOnly.certificates(in: hex("302906092a864886f70d010702a01c301a0201013100300b06092a864886f70d010701a0023000a1003100"), limit: 1) == [[0x30, 0]])
    }

    @Test("no changed message crashes the reader, and none gives bytes that are not in it")
    func hostile() throws {
        let message = try Place(count: 1).message(["-nocrl"])
        for bit in 0..<message.count * 8 {
            var changed = message
            changed[bit / 8] ^= 1 << UInt8(bit % 8)
            let found = (try? CertificatesOnly.certificates(in: changed, limit: 4)) ?? []
            for certificate in found { _ = try? UnverifiedCertificate(der: certificate) }
        }
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<20_000 {
            var changed = message
            for _ in 0..<Int.random(in: 1...8, using: &generator) {
                let place = Int.random(in: 0..<changed.count, using: &generator)
                if Bool.random(using: &generator) {
                    changed[place] = UInt8.random(in: 0...255, using: &generator)
                } else {
                    changed.remove(at: place)
                }
            }
            _ = try? CertificatesOnly.certificates(in: changed, limit: 4)
        }
    }
}

extension ScratchFolder {
    /// The exit code of `openssl` with these words.
    fileprivate func run(_ words: [String]) throws -> Int32 {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["openssl"] + words
        process.currentDirectoryURL = url
        try process.run()
        process.waitUntilExit()
        return process.terminationStatus
    }
}
