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
        _ = hs_smallfile_remove(CText(name).pointer)
    }

    private func rename(_ from: UTF8Text, to: UTF8Text) -> Bool {
        let source = CText(from)
        let target = CText(to)
        return posix_rename(source.pointer, target.pointer) == 0
    }
}

/// A zero-ended copy of a text for C, alive as long as this object.
final class CText {
    private let buffer: UnsafeMutableBufferPointer<CChar>

    init(_ text: UTF8Text) {
        buffer = .allocate(capacity: text.byteCount + 1)
        for (index, byte) in text.bytes.enumerated() { buffer[index] = CChar(bitPattern: byte) }
        buffer[text.byteCount] = 0
    }

    deinit { buffer.deallocate() }

    var pointer: UnsafePointer<CChar> { UnsafePointer(buffer.baseAddress.unsafelyUnwrapped) }
}
