import AllianceTrust
public import AttestationFormat
import enum Crypto.P256
import Foundation
import SwiftASN1
import X509

/// A certificate request (PKCS#10, RFC 2986) whose sender has shown possession of the key: P-256, ecdsa-with-SHA256, nothing else.
///
/// The names in it are wishes: what is issued always has the registry's names, and ``check(for:)`` refuses a wish for another one.
public struct CertificateRequest: Sendable {
    /// The key to be certified.
    public let publicKey: AttestationFormat.PublicKey
    /// The request itself.
    public let der: [UInt8]
    let names: RequestedNames

    /// A request for P-256 with all names and some extensions has 500 bytes.
    static let derByteLimit = 4_096
    /// The same as base64, with line ends.
    static let bodyByteLimit = 8_192

    /// Reads the body of an EST request: DER, or base64 of it (RFC 8951, section 3.1), line ends and blanks ignored.
    ///
    /// - Throws: ``RegistryError`` with code `tooLarge`, before anything is parsed; `requestForm`, `rsaKey`, `otherCurve`, `otherKey`, `weakHash`,
    ///   `otherAlgorithm`, `requestSignature`.
    public init(body: [UInt8]) throws {
        guard body.count <= Self.bodyByteLimit else { throw Self.tooLarge(body.count, limit: Self.bodyByteLimit) }
        let der = try Self.der(of: body)
        guard der.count <= Self.derByteLimit else { throw Self.tooLarge(der.count, limit: Self.derByteLimit) }
        let parsed: ParsedRequest
        do {
            parsed = try ParsedRequest(derEncoded: der)
        } catch let error as RegistryError {
            throw error
        } catch {
            throw RegistryError(.requestForm, "the request is no PKCS#10 in DER: \(DERFault.words(error))", nextStep: "make it anew: openssl req -new -key KEY")
        }
        let key = try parsed.checkedKey()
        try parsed.checkAlgorithm()
        guard let signature = try? P256.Signing.ECDSASignature(derRepresentation: parsed.signature),
            key.isValidSignature(signature, for: parsed.signedBytes)
        else {
            throw RegistryError(
                .requestSignature, "the request's signature does not verify: it was not made with the key that it names, or was changed",
                nextStep: "make the request anew")
        }
        guard let publicKey = PublicKey(uncompressedPoint: Array(key.x963Representation)) else {
            throw RegistryError(.requestForm, "the request's key is no uncompressed point")
        }
        self.publicKey = publicKey
        self.der = der
        names = parsed.names
    }

    /// Refuses a request that names something else than this gateway. It may name nothing.
    ///
    /// - Throws: ``RegistryError`` with code `foreignName`.
    public func check(for gateway: GatewayName) throws {
        guard let foreign = names.foreign(to: gateway) else { return }
        throw RegistryError(
            .foreignName, "the request is for \(PrintableText.line(foreign, limit: 100)), and the registered device is \(gateway.gatewayID)",
            nextStep: "leave the names out, or ask for CN=\(gateway.gatewayID), O=\(gateway.firm) and the URI \(gateway.issuer)")
    }

    private static func der(of body: [UInt8]) throws -> [UInt8] {
        // DER of a sequence; base64 of one begins with M.
        if body.first == 0x30 { return body }
        guard !body.starts(with: Array("-----BEGIN".utf8)) else {
            throw RegistryError(
                .requestForm, "the request is PEM", nextStep: "send its base64 without the lines of hyphens, or DER: openssl req -outform DER")
        }
        let text = body.filter { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }
        guard !text.isEmpty, let data = Data(base64Encoded: Data(text)) else {
            throw RegistryError(.requestForm, "the request is neither DER nor base64", nextStep: "openssl req -outform DER | openssl base64")
        }
        return [UInt8](data)
    }

    private static func tooLarge(_ byteCount: Int, limit: Int) -> RegistryError {
        RegistryError(.tooLarge, "the request has \(byteCount) bytes, more than \(limit)", nextStep: "send one request, for a P-256 key")
    }
}
