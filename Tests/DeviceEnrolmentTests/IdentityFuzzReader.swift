import AttestationFormat
import DeviceCrypto
import MerkleTree

@testable import DeviceEnrolment
@testable import SealToken

/// The readers of what a registry answers, a technician types and a token says, fed with anything: fuzzed by Tests/Fuzz/run.sh, and fed
/// with its corpus by the tests. None may trap.
enum IdentityFuzzReader: String, CaseIterable {
    case httpAnswer, enrolmentText, certificatesOnly, certificate, revocationList, tokenMessage, tokenURI

    /// Feeds one input; whether the reader took it.
    @discardableResult
    func feed(_ bytes: [UInt8]) -> Bool {
        switch self {
        case .httpAnswer: feedAnswer(bytes)
        case .enrolmentText: UTF8Text(validating: bytes).map { feedText($0) } ?? false
        case .certificatesOnly: feedCertificates(bytes)
        case .certificate: feedCertificate(bytes)
        case .revocationList: RevocationList.entry(of: [1], in: bytes) != nil
        case .tokenMessage: feedMessage(bytes)
        case .tokenURI: UTF8Text(validating: bytes).map { (try? TokenURI($0)) != nil } ?? false
        }
    }

    /// The bytes come whole and in pieces: no answer may depend on where they are cut.
    private func feedAnswer(_ bytes: [UInt8]) -> Bool {
        let whole = Self.answer(bytes, pieceByteCount: max(1, bytes.count))
        for count in [1, 7] {
            precondition(Self.answer(bytes, pieceByteCount: count) == whole, "an answer depends on where the bytes are cut")
        }
        guard let whole else { return false }
        precondition((0...86_400).contains(whole.retrySeconds ?? 0) && whole.words.byteCount <= 800)
        _ = whole.dateSeconds
        return true
    }

    private static func answer(_ bytes: [UInt8], pieceByteCount: Int) -> HTTPAnswer? {
        var reader = HTTPReader()
        for start in stride(from: 0, to: bytes.count, by: pieceByteCount) {
            do throws(HTTPReader.Failure) {
                if let answer = try reader.take(bytes[start..<min(bytes.count, start + pieceByteCount)]) { return answer }
            } catch {
                return nil
            }
        }
        return nil
    }

    private func feedText(_ text: UTF8Text) -> Bool {
        do throws(EnrolmentError) {
            let read = try EnrolmentText(parsing: text)
            precondition(read.code.text.byteCount == EnrolmentCode.characterCount && !read.address.host.bytes.isEmpty)
            return true
        } catch {
            precondition(!error.message.isEmpty)
            return false
        }
    }

    private func feedCertificate(_ bytes: [UInt8]) -> Bool {
        guard let certificate = try? UnverifiedCertificate(der: bytes) else { return false }
        _ = certificate.isSigned(by: certificate.publicKey)
        return true
    }

    /// Each certificate is a piece of the message, so all of them together are shorter than it is.
    private func feedCertificates(_ bytes: [UInt8]) -> Bool {
        guard let certificates = try? CertificatesOnly.certificates(in: bytes, limit: 4) else { return false }
        precondition(!certificates.isEmpty && certificates.count <= 4)
        precondition(certificates.reduce(0) { $0 + $1.count } < bytes.count)
        for certificate in certificates { _ = try? UnverifiedCertificate(der: certificate) }
        return true
    }

    /// What is read is written back as the same bytes: nothing of a message is passed over.
    private func feedMessage(_ bytes: [UInt8]) -> Bool {
        guard let message = TokenMessage(parsing: bytes) else { return false }
        precondition(message.bytes == bytes, "a message that means something else when it is written again")
        return true
    }
}
