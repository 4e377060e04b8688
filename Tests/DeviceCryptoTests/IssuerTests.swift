import AttestationFormat
import DeviceCrypto
import Foundation
import Testing

/// A certification authority of the real `openssl`: certificates by it, and its revocation lists.
private struct Authority {
    let folder: ScratchFolder
    let certificate: UnverifiedCertificate

    init(hash: String = "-sha256") throws {
        folder = try ScratchFolder()
        try folder.openssl(
            "req", "-x509", "-nodes", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-keyout", "ca.key", "-out", "ca.crt", "-subj",
            "/O=pearl/CN=link CA", "-days", "3", hash)
        certificate = try UnverifiedCertificate.load(from: folder.path("ca.crt"))
    }

    /// One for a new key, with this serial number.
    func issue(_ serial: String, hash: String = "-sha256") throws -> UnverifiedCertificate {
        try folder.openssl(
            "req", "-new", "-nodes", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-keyout", "own.key", "-out", "own.csr", "-subj", "/O=acme/CN=acme.gw-1")
        // Version 3 comes with an extension only.
        try folder.write("extensions", Array("basicConstraints=critical,CA:FALSE\n".utf8))
        try folder.openssl(
            "x509", "-req", "-in", "own.csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-set_serial", "0x\(serial)", "-days", "2", hash, "-extfile", "extensions", "-out",
            "own.crt")
        return try UnverifiedCertificate.load(from: folder.path("own.crt"))
    }

    func list(_ serials: [String], reason: String = ",keyCompromise") throws -> [UInt8] {
        let lines = serials.map { "R\t350101000000Z\t260101000000Z\(reason)\t\($0)\tunknown\t/CN=x\n" }.joined()
        try folder.write("index", Array(lines.utf8))
        try folder.write("number", Array("07\n".utf8))
        try folder.write("conf", Array("[ca]\ndefault_ca=c\n[c]\ndatabase=index\ncrlnumber=number\ndefault_md=sha256\ndefault_crl_days=3\n".utf8))
        try folder.openssl("ca", "-config", "conf", "-gencrl", "-cert", "ca.crt", "-keyfile", "ca.key", "-out", "list")
        try folder.openssl("crl", "-in", "list", "-outform", "DER", "-out", "list.der")
        return try folder.bytes("list.der")
    }
}

@Suite("Who signed a certificate, and who took it back")
struct IssuerTests {
    @Test("the authority's key signed it, and no other key did")
    func signed() throws {
        let authority = try Authority()
        let (own, other) = (try authority.issue("0a"), try Authority())
        #expect(authority.certificate.isSigned(by: authority.certificate.publicKey))
        #expect(own.isSigned(by: authority.certificate.publicKey))
        #expect(!own.isSigned(by: other.certificate.publicKey) && !own.isSigned(by: own.publicKey))
    }

    @Test("r and s with leading zeros are read: a hundred certificates, some of which have them")
    func shortNumbers() throws {
        let authority = try Authority()
        for number in 1...100 {
            #expect(try authority.issue(String(format: "%02x", number)).isSigned(by: authority.certificate.publicKey), "\(number)")
        }
    }

    @Test("another hash than SHA-256 is nobody's signature", arguments: ["-sha384", "-sha1"])
    func otherHash(hash: String) throws {
        let authority = try Authority()
        #expect(try !authority.issue("0b", hash: hash).isSigned(by: authority.certificate.publicKey))
    }

    @Test("no certificate with a changed bit that can still be read counts as signed")
    func changed() throws {
        let authority = try Authority()
        let der = try authority.issue("0c").derBytes
        var readable = 0
        for bit in stride(from: 0, to: der.count * 8, by: 3) {
            var bytes = der
            bytes[bit / 8] ^= 1 << UInt8(bit % 8)
            // What stands between body and signature says which algorithm was meant; it is not part of what is signed.
            guard let certificate = try? UnverifiedCertificate(der: bytes), bytes.suffix(90) == der.suffix(90) else { continue }
            readable += 1
            #expect(!certificate.isSigned(by: authority.certificate.publicKey), "bit \(bit)")
        }
        #expect(readable > 100)
    }

    @Test("a list names the serial numbers that are on it and no others, with none, one and many of them", arguments: [
        [], ["0A"], ["0A", "00F1F2F3F4F5F6F7F8F9FAFBFCFDFEFF01", "7B"], (1...500).map { String(format: "%08X", $0 * 65_537) },
    ])
    func lists(serials: [String]) throws {
        let authority = try Authority()
        let list = try authority.list(serials)
        for serial in serials.prefix(3) + serials.suffix(1) {
            #expect(RevocationList.entry(of: try authority.issue(serial).serialNumber, in: list) == .revoked, "\(serial)")
        }
        for number: [UInt8] in [[0x0B], [0x0A, 0x0A], [], [0x7F, 0xFF, 0xFF, 0xFF, 0xFF]] {
            #expect(RevocationList.entry(of: number, in: list) == .absent, "\(number)")
        }
    }

    @Test("of a superseded certificate the time is known; any other reason, and none, is a revocation", arguments: ["", ",superseded", ",unspecified", ",cessationOfOperation", ",keyCompromise"])
    func reasons(reason: String) throws {
        let authority = try Authority()
        let entry = try RevocationList.entry(of: authority.issue("0B").serialNumber, in: authority.list(["0A", "0B"], reason: reason))
        // 2026-01-01.
        #expect(entry == (reason == ",superseded" ? .superseded(1_767_225_600) : .revoked))
    }

    @Test("a list that is cut is no list, a certificate is none, and no changed one crashes the reader")
    func damaged() throws {
        let authority = try Authority()
        let list = try authority.list(["0A", "0B"])
        for count in list.indices {
            #expect(RevocationList.entry(of: [0x0C], in: Array(list[..<count])) == nil, "\(count)")
        }
        #expect(RevocationList.entry(of: [0x0C], in: authority.certificate.derBytes) == nil)
        for bit in 0..<list.count * 8 {
            var changed = list
            changed[bit / 8] ^= 1 << UInt8(bit % 8)
            _ = RevocationList.entry(of: [0x0C], in: changed)
        }
    }
}
