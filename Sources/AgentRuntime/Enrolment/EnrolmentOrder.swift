internal import AttestationFormat
internal import CPosixShims
internal import DeviceCrypto
internal import DeviceEnrolment
internal import MerkleTree

/// What `enroll` was asked for: an enrolment text, or its parts.
final class EnrolmentOrder {
    /// How the link CA's certificate is known.
    enum Authority {
        /// By its hash, in the enrolment text.
        case hash(Digest)
        /// By a file that somebody brought here.
        case file(UTF8Text)
    }

    let address: RegistryAddress
    let gateway: GatewayID
    let code: EnrolmentCode
    let authority: Authority
    let trustHash: Digest?
    let brokers: UTF8Text?

    init(_ arguments: Arguments) throws(EnrolmentError) {
        guard arguments.operands.count == 1, var operand = arguments.operands.first else { throw EnrolmentError(.badText) }
        // A command line is seen by everybody on the machine; a text on standard input is not.
        if operand == "-" { operand = Self.standardInput() }
        var typedHash: Digest?
        if let typed = arguments.value("--trust-hash") {
            guard let hash = Digest(hexadecimal: typed) else { throw EnrolmentError(.badText, "--trust-hash") }
            typedHash = hash
        }
        guard operand.hasPrefix("https:") else {
            guard arguments.option(besides: ["--trust-hash", "--accept-trust", "--broker", "--replace"]) == nil else {
                throw EnrolmentError(.badText)
            }
            let text = try EnrolmentText(parsing: operand)
            (address, gateway, code) = (text.address, text.gateway, text.code)
            authority = .hash(text.authorityHash)
            trustHash = typedHash ?? text.trustHash
            brokers = arguments.value("--broker") ?? text.brokers
            return
        }
        address = try RegistryAddress(url: operand)
        guard let device = arguments.value("--device"), let gateway = GatewayID(device) else {
            throw EnrolmentError(.badText, "--device")
        }
        guard let code = arguments.value("--code") else { throw EnrolmentError(.badCode) }
        guard let file = arguments.value("--ca") else { throw EnrolmentError(.badText, "--ca") }
        self.gateway = gateway
        self.code = try EnrolmentCode(code)
        authority = .file(file)
        trustHash = typedHash
        brokers = arguments.value("--broker")
    }

    /// The first line.
    private static func standardInput() -> UTF8Text {
        var bytes = [UInt8](repeating: 0, count: EnrolmentText.byteLimit + 1)
        var count = 0
        while count < bytes.count, !bytes[..<count].contains(UInt8(ascii: "\n")) {
            let got = bytes.withUnsafeMutableBufferPointer { buffer in
                buffer.baseAddress.map { posix_read(0, $0 + count, buffer.count - count) } ?? 0
            }
            guard got > 0 else { break }
            count += got
        }
        let line = bytes[..<count].prefix { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r") }
        return UTF8Text(validating: Array(line)) ?? ""
    }

    /// The link CA's certificate.
    func anchor() throws(EnrolmentError) -> UnverifiedCertificate {
        switch authority {
        case .file(let path):
            do throws(DeviceCryptoError) { return try UnverifiedCertificate.load(from: path) } catch { throw EnrolmentError.crypto(error) }
        case .hash(let hash):
            let found = try RegistryClient.anchor(withHash: hash, from: address)
            do throws(DeviceCryptoError) { return try UnverifiedCertificate(der: found) } catch { throw EnrolmentError.crypto(error) }
        }
    }
}
