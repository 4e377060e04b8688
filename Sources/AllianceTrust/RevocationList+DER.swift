internal import Foundation
internal import SwiftASN1
internal import X509

/// CertificateList (RFC 5280, 5.1), with the bytes that were signed kept as received.
struct ParsedRevocationList: DERParseable {
    var body: RevocationListBody
    var signedBytes: [UInt8]
    var signature: [UInt8]

    init(derEncoded node: ASN1Node) throws {
        self = try DER.sequence(node, identifier: .sequence) { nodes in
            guard let bodyNode = nodes.next() else {
                throw TrustError(.revocationList, "the revocation list is empty")
            }
            let body = try RevocationListBody(derEncoded: bodyNode)
            let algorithm = try RevocationAlgorithm(derEncoded: &nodes)
            guard algorithm == body.algorithm, algorithm.isECDSAWithSHA256 else {
                throw TrustError(.revocationList, "the revocation list is not signed with ECDSA and SHA-256")
            }
            let signature = try ASN1BitString(derEncoded: &nodes)
            guard signature.paddingBits == 0 else {
                throw TrustError(.revocationList, "the revocation list's signature is not whole bytes")
            }
            return ParsedRevocationList(
                body: body, signedBytes: Array(bodyNode.encodedBytes), signature: Array(signature.bytes))
        }
    }

    private init(body: RevocationListBody, signedBytes: [UInt8], signature: [UInt8]) {
        self.body = body
        self.signedBytes = signedBytes
        self.signature = signature
    }
}

/// AlgorithmIdentifier without parameters.
struct RevocationAlgorithm: DERParseable, DERSerializable, Equatable {
    static let ecdsaWithSHA256: ASN1ObjectIdentifier = [1, 2, 840, 10045, 4, 3, 2]
    var identifier: ASN1ObjectIdentifier = Self.ecdsaWithSHA256

    init() {}

    init(derEncoded node: ASN1Node) throws {
        identifier = try DER.sequence(node, identifier: .sequence) { nodes in
            try ASN1ObjectIdentifier(derEncoded: &nodes)
        }
    }

    var isECDSAWithSHA256: Bool { identifier == Self.ecdsaWithSHA256 }

    func serialize(into coder: inout DER.Serializer) throws {
        try coder.appendConstructedNode(identifier: .sequence) { try $0.serialize(identifier) }
    }
}

/// TBSCertList.
struct RevocationListBody: DERParseable {
    var algorithm: RevocationAlgorithm
    var issuer: DistinguishedName
    var thisUpdate: Int64
    var nextUpdate: Int64?
    var number: RevocationListNumber?
    var entries: [UnverifiedRevocationList.Entry]

    init(derEncoded node: ASN1Node) throws {
        self = try DER.sequence(node, identifier: .sequence) { nodes in try RevocationListBody(reading: &nodes) }
    }

    private init(reading nodes: inout ASN1NodeCollection.Iterator) throws {
        guard try Int(derEncoded: &nodes) == 1 else { throw TrustError(.revocationList, "only version 2 lists are read") }
        algorithm = try RevocationAlgorithm(derEncoded: &nodes)
        guard let issuerNode = nodes.next() else { throw TrustError(.revocationList, "the list names no issuer") }
        issuer = try DistinguishedName(derEncoded: issuerNode)
        guard let thisUpdateNode = nodes.next() else { throw TrustError(.revocationList, "the list has no date") }
        thisUpdate = try RevocationTime.seconds(thisUpdateNode)
        entries = []
        while let node = nodes.next() {
            if node.identifier == .utcTime || node.identifier == .generalizedTime {
                nextUpdate = try RevocationTime.seconds(node)
            } else if node.identifier == .sequence {
                entries = try DER.sequence(of: RevokedCertificate.self, identifier: .sequence, rootNode: node).map(\.entry)
            } else {
                let wrapped = try DER.explicitlyTagged(node, tagNumber: 0, tagClass: .contextSpecific) { $0 }
                number = try Self.readExtensions(wrapped)
            }
        }
    }

    /// The list's number. authorityKeyIdentifier changes nothing here; a list with any critical extension (a delta, an indirect
    /// or partial list) would be misread as a whole one.
    private static func readExtensions(_ node: ASN1Node) throws -> RevocationListNumber? {
        var number: RevocationListNumber?
        for ext in try DER.sequence(of: Certificate.Extension.self, identifier: .sequence, rootNode: node) {
            if ext.critical {
                throw TrustError(.revocationList, "the revocation list has a critical extension \(ext.oid), which is not known here")
            }
            if ext.oid == RevocationListNumber.identifier { number = try RevocationListNumber(ext.value) }
        }
        return number
    }
}

/// One element of revokedCertificates.
private struct RevokedCertificate: DERParseable {
    static let invalidityDate: ASN1ObjectIdentifier = [2, 5, 29, 24]
    var entry: UnverifiedRevocationList.Entry

    init(derEncoded node: ASN1Node) throws {
        entry = try DER.sequence(node, identifier: .sequence) { nodes in
            let serial = try ArraySlice<UInt8>(derEncoded: &nodes)
            guard let dateNode = nodes.next() else { throw TrustError(.revocationList, "a revoked serial has no date") }
            let revoked = try RevocationTime.seconds(dateNode)
            let facts = try nodes.next().map { try Self.facts($0) }
            return UnverifiedRevocationList.Entry(
                serialNumber: Array(serial), sinceSeconds: facts?.since ?? revoked, revokedSeconds: revoked, isSuperseded: facts?.isSuperseded ?? false)
        }
    }

    private static func facts(_ node: ASN1Node) throws -> (since: Int64?, isSuperseded: Bool) {
        var (since, isSuperseded): (Int64?, Bool) = (nil, false)
        for ext in try DER.sequence(of: Certificate.Extension.self, identifier: .sequence, rootNode: node) {
            if ext.oid == invalidityDate {
                since = try RevocationTime.seconds(DER.parse(ext.value))
            } else if ext.oid == RevocationReason.identifier, !ext.critical {
                isSuperseded = ext.value.elementsEqual(RevocationReason.superseded)
            } else if ext.critical {
                throw TrustError(.revocationList, "a revoked serial has a critical extension \(ext.oid), which is not known here")
            }
        }
        return (since, isSuperseded)
    }
}

/// CRLReason (RFC 5280, section 5.3.1): only one of its values changes what somebody does here.
enum RevocationReason {
    static let identifier: ASN1ObjectIdentifier = [2, 5, 29, 21]
    /// ENUMERATED 4 in DER.
    static let superseded: [UInt8] = [0x0A, 0x01, 0x04]
}

/// Time ::= UTCTime or GeneralizedTime, to seconds since 1970 and back.
enum RevocationTime {
    static func seconds(_ node: ASN1Node) throws -> Int64 {
        if node.identifier == .utcTime {
            let time = try UTCTime(derEncoded: node)
            return try seconds(time.year, time.month, time.day, time.hours, time.minutes, time.seconds)
        }
        let time = try GeneralizedTime(derEncoded: node)
        return try seconds(time.year, time.month, time.day, time.hours, time.minutes, time.seconds)
    }

    static func time(_ seconds: Int64) throws -> GeneralizedTime {
        let parts = calendar.dateComponents(
            [.year, .month, .day, .hour, .minute, .second], from: Date(timeIntervalSince1970: Double(seconds)))
        return try GeneralizedTime(
            year: parts.year ?? 0, month: parts.month ?? 0, day: parts.day ?? 0, hours: parts.hour ?? 0,
            minutes: parts.minute ?? 0, seconds: parts.second ?? 0, fractionalSeconds: 0)
    }

    static func utcTime(_ seconds: Int64) throws -> UTCTime {
        let time = try time(seconds)
        return try UTCTime(
            year: time.year, month: time.month, day: time.day, hours: time.hours, minutes: time.minutes,
            seconds: time.seconds)
    }

    /// RFC 5280, 5.1.2.4: dates through 2049 as UTCTime, later ones as GeneralizedTime.
    static func serialize(_ seconds: Int64, into coder: inout DER.Serializer) throws {
        if seconds < 2_524_608_000 {
            try coder.serialize(utcTime(seconds))
        } else {
            try coder.serialize(time(seconds))
        }
    }

    private static func seconds(
        _ year: Int, _ month: Int, _ day: Int, _ hours: Int, _ minutes: Int, _ seconds: Int
    ) throws -> Int64 {
        let parts = DateComponents(
            year: year, month: month, day: day, hour: hours, minute: minutes, second: seconds)
        guard let date = calendar.date(from: parts), let whole = Int64(exactly: date.timeIntervalSince1970.rounded()) else {
            throw TrustError(.revocationList, "a date in the revocation list is out of range")
        }
        return whole
    }

    private static var calendar: Calendar {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = TimeZone(secondsFromGMT: 0) ?? .current
        return calendar
    }
}
