internal import AttestationFormat
internal import CPosixShims
internal import DeviceCrypto
internal import GatewayAgent
internal import SmallFiles

/// Keeps the alliance's trust file: a newer one is written beside it, synced, and renamed over it.
final class TrustFileAdapter: TrustPort {
    private let path: UTF8Text

    init(path: UTF8Text) { self.path = path }

    func rootKey(ofCertificate certificate: [UInt8]) -> PublicKey? {
        (try? UnverifiedCertificate(der: certificate))?.publicKey
    }

    func replaceTrustFile(with bytes: [UInt8]) -> Bool {
        let temporary = path + ".update"
        do throws(FileError) {
            removeLeftover(temporary)
            try SmallFile.writeNew(temporary, bytes)
        } catch {
            return false
        }
        guard rename(temporary, to: path) else { return false }
        do throws(FileError) { try SmallFile.syncDirectory(of: path) } catch { return false }
        return true
    }

    /// A file that an interrupted replacement left behind.
    private func removeLeftover(_ name: UTF8Text) {
        _ = name.withCText { hs_smallfile_remove($0) }
    }

    private func rename(_ from: UTF8Text, to: UTF8Text) -> Bool {
        from.withCText { source in to.withCText { target in posix_rename(source, target) } } == 0
    }
}

extension UTF8Text {
    /// Lends a zero-ended copy to C for the length of a call.
    func withCText<Result>(_ body: (UnsafePointer<CChar>) -> Result) -> Result {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: byteCount + 1) { buffer in
            for (index, byte) in bytes.enumerated() { buffer[index] = CChar(bitPattern: byte) }
            buffer[byteCount] = 0
            return body(UnsafePointer(buffer.baseAddress.unsafelyUnwrapped))
        }
    }
}
