internal import Foundation
internal import SwiftASN1
internal import X509

/// A certificate or revocation list in one line, for people; nothing is verified.
public enum CertificateSummary {
    /// `O=acme, CN=acme.gw-1, by O=acme, CN=acme issuing, 2026-01-01 00:00:00Z to 2056-01-01 00:00:00Z`.
    public static func text(der: [UInt8]) -> String {
        guard let certificate = try? Certificate(derEncoded: der) else { return "\(der.count) bytes that are no certificate" }
        let from = UTCText.text(seconds: Int64(certificate.notValidBefore.timeIntervalSince1970))
        let until = UTCText.text(seconds: Int64(certificate.notValidAfter.timeIntervalSince1970))
        return "\(name(certificate.subject)), by \(name(certificate.issuer)), \(from) to \(until)"
    }

    /// `by O=acme, CN=acme issuing, number 7, of 2026-11-22 15:47:23Z, 2 revoked`.
    public static func text(revocationList der: [UInt8]) -> String {
        guard let list = try? UnverifiedRevocationList(der: der) else { return "\(der.count) bytes that are no revocation list" }
        let number = list.number.map { ", number \($0)" } ?? ""
        return "by \(name(list.issuer))\(number), of \(UTCText.text(seconds: list.thisUpdateSeconds)), \(list.entries.count) revoked"
    }

    static func name(_ name: DistinguishedName) -> String {
        let parts = [("O", CertificateNames.organisation(of: name)), ("CN", CertificateNames.commonName(of: name))]
        let known = parts.compactMap { label, value in value.map { "\(label)=\($0)" } }
        return known.isEmpty ? name.description : known.joined(separator: ", ")
    }
}
