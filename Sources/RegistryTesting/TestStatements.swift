public import AllianceTrust
public import AttestationFormat
public import DeviceRegistry
import MerkleTree

/// Ledger statements as wire-format.md, section 5 has them, for tests of what the registry does with them.
public struct TestStatements: LedgerStatementMaker {
    public init() {}

    public func registration(
        certificate: [UInt8], of gateway: GatewayName, issuedSeconds: Int64, signer: AllianceSigningKey
    ) throws -> [UInt8] {
        try Self.sign(
            certificate, type: "vnd.harborseal.registration", contentType: "application/pkix-cert",
            issuer: "hs:" + gateway.alliance.text + "/" + gateway.firm.text, subject: gateway.issuer, issuedSeconds, signer)
    }

    public func revocation(
        list: [UInt8], firm: Name, alliance: Name, issuedSeconds: Int64, signer: AllianceSigningKey
    ) throws -> [UInt8] {
        let issuer = "hs:" + alliance.text + "/" + firm.text
        return try Self.sign(
            list, type: "vnd.harborseal.revocation", contentType: "application/pkix-crl", issuer: issuer, subject: issuer + "/revocations",
            issuedSeconds, signer)
    }

    private static func sign(
        _ payload: [UInt8], type: UTF8Text, contentType: UTF8Text, issuer: UTF8Text, subject: UTF8Text, _ issuedSeconds: Int64,
        _ signer: AllianceSigningKey
    ) throws -> [UInt8] {
        var header = CBORWriter()
        header.beginMap(5)
        header.write(UInt64(1))
        header.write(Int64(-7))
        header.write(UInt64(3))
        header.write(contentType)
        header.write(UInt64(4))
        header.write(signer.keyID)
        header.write(UInt64(15))
        header.beginMap(3)
        header.write(UInt64(1))
        header.write(issuer)
        header.write(UInt64(2))
        header.write(subject)
        header.write(UInt64(6))
        header.write(issuedSeconds)
        header.write(UInt64(16))
        header.write(type)
        var toSign = CBORWriter()
        toSign.beginArray(4)
        toSign.write("Signature1" as UTF8Text)
        toSign.write(header.bytes)
        toSign.write([UInt8]())
        toSign.write(payload)
        var message = CBORWriter()
        message.writeSign1Tag()
        message.beginArray(4)
        message.write(header.bytes)
        message.beginMap(0)
        message.write(payload)
        message.write(try signer.sign(toSign.bytes).bytes)
        return message.bytes
    }
}
