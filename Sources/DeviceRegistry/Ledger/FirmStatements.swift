public import AllianceTrust
public import AttestationFormat

/// What firms tell the ledgers, as wire-format.md, section 5 has it.
public struct FirmStatements: LedgerStatementMaker {
    public init() {}

    public func registration(
        certificate: [UInt8], of gateway: GatewayName, issuedSeconds: Int64, signer: AllianceSigningKey
    ) throws -> [UInt8] {
        let header = RegistrationHeader(registering: gateway, keyID: signer.keyID, issuedAtSeconds: UInt64(clamping: issuedSeconds))
        return try signed(header, payload: certificate, by: signer)
    }

    public func revocation(list: [UInt8], firm: Name, alliance: Name, issuedSeconds: Int64, signer: AllianceSigningKey) throws -> [UInt8] {
        let header = RegistrationHeader(
            revocationsOf: firm, in: alliance, keyID: signer.keyID, issuedAtSeconds: UInt64(clamping: issuedSeconds))
        return try signed(header, payload: list, by: signer)
    }

    private func signed(_ header: RegistrationHeader, payload: [UInt8], by signer: AllianceSigningKey) throws -> [UInt8] {
        let signature = try signer.sign(RegistrationStatement.bytesToSign(header: header, payload: payload))
        return try RegistrationStatement(header: header, payload: payload, signature: signature).bytes
    }
}
