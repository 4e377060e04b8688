public import AttestationFormat
internal import SmallFiles

extension UnverifiedCertificate {
    /// The most bytes of a certificate's file: PEM may come with its chain and a text form in front.
    private static let fileByteLimit = 65_536

    /// Reads DER, or the first certificate of a PEM text.
    ///
    /// - Throws: `certificateMalformed`, `certificateNotP256`.
    public convenience init(pemOrDER bytes: [UInt8]) throws(DeviceCryptoError) {
        if bytes.first == DERReader.Tag.sequence {
            try self.init(der: bytes)
            return
        }
        guard let der = PEMBlock.firstCertificate(in: bytes) else {
            throw DeviceCryptoError(.certificateMalformed(offset: 0))
        }
        try self.init(der: der)
    }

    /// Loads a certificate from a file, PEM or DER.
    ///
    /// - Throws: `file`, `certificateMalformed`, `certificateNotP256`, with the path.
    public static func load(from path: UTF8Text) throws(DeviceCryptoError) -> UnverifiedCertificate {
        let bytes: [UInt8]
        do throws(FileError) {
            bytes = try SmallFile.read(path, limit: fileByteLimit)
        } catch {
            throw DeviceCryptoError(.file(error), path: path)
        }
        do throws(DeviceCryptoError) {
            return try UnverifiedCertificate(pemOrDER: bytes)
        } catch {
            throw DeviceCryptoError(error.code, path: path)
        }
    }
}
