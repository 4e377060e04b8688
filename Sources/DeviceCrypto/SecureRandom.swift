internal import CMbedTLSShims

/// Random bytes from the kernel (getrandom). No state in this process, so nothing repeats after a fork or a clone.
public enum SecureRandom {
    /// `count` bytes. Waits once after boot until the kernel's generator has been seeded.
    ///
    /// - Throws: ``DeviceCryptoError/Code/noRandom`` when the kernel refuses.
    public static func bytes(count: Int) throws(DeviceCryptoError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        let done = bytes.withUnsafeMutableBufferPointer { hs_random($0.baseAddress, $0.count) }
        guard done else { throw DeviceCryptoError(.noRandom) }
        return bytes
    }

    /// A random 64-bit number, for jitter and epochs.
    public static func word() throws(DeviceCryptoError) -> UInt64 {
        var word: UInt64 = 0
        let done = withUnsafeMutableBytes(of: &word) {
            hs_random($0.baseAddress?.assumingMemoryBound(to: UInt8.self), $0.count)
        }
        guard done else { throw DeviceCryptoError(.noRandom) }
        return word
    }
}
