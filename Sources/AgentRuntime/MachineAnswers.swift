internal import AttestationFormat
internal import DeviceCrypto
internal import EventJournal

/// Known answers of modules that the self-test of ``SelfTest`` does not reach.
enum MachineAnswers {
    /// RFC 3720's check value, by the processor's own instruction where it has one and by tables: a journal written on one
    /// machine is read on another.
    static var journal: [KnownAnswer] {
        [
            KnownAnswer("CRC-32C of \"123456789\"") {
                let digits: [UInt8] = Array(0x31...0x39)
                return CRC32C.checksum(of: digits.span) == 0xE306_9283 && CRC32C.checksumByTables(of: digits.span) == 0xE306_9283
            }
        ]
    }
}
