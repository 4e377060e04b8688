internal import NIOCore
public import NIOSSL

/// A server's certificate chain and key, from the PEM files that `harborseal alliance add-server` writes.
public enum ServerIdentity {
    /// What a peer gets to say goodbye in: one that is cut off does not keep its place for the five seconds that are usual.
    private static var shutdownSeconds: Int64 { 1 }

    /// TLS with this identity, which asks no client for a certificate.
    ///
    /// - Throws: ``HTTPStartError`` with code `tlsUnusable`.
    public static func configuration(certificate: String, key: String) throws -> TLSConfiguration {
        do {
            let chain = try NIOSSLCertificate.fromPEMFile(certificate).map { NIOSSLCertificateSource.certificate($0) }
            var configuration = TLSConfiguration.makeServerConfiguration(
                certificateChain: chain, privateKey: .privateKey(try NIOSSLPrivateKey(file: key, format: .pem)))
            configuration.shutdownTimeout = .seconds(shutdownSeconds)
            return configuration
        } catch {
            throw HTTPStartError(
                code: .tlsUnusable, message: "\(certificate) and \(key) cannot be used for TLS: \(error)",
                nextStep: "name the certificate and the key that harborseal alliance add-server wrote, readable for this user")
        }
    }
}
