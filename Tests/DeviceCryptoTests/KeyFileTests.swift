import AttestationFormat
import DeviceCrypto
import Foundation
import SmallFiles
import Testing

@Suite("Key files")
struct KeyFileTests {
    @Test("a saved key has mode 0600, leaves nothing beside it, and loads as the same key")
    func saveAndLoad() throws {
        let folder = try ScratchFolder()
        let key = try SigningKey.generate()
        try key.save(to: folder.path("seal.key"))
        #expect(try folder.names() == ["seal.key"])
        #expect(try SmallFile.facts(of: folder.path("seal.key")).permissions == 0o600)
        let loaded = try SigningKey.load(from: folder.path("seal.key"))
        #expect(loaded.publicKey == key.publicKey)
        #expect(try loaded.sign([1]) == (try key.sign([1])))
    }

    @Test("an existing key is never replaced, and stays as it was")
    func neverReplaced() throws {
        let folder = try ScratchFolder()
        try SigningKey.generate().save(to: folder.path("seal.key"))
        let before = try folder.bytes("seal.key")
        let error = #expect(throws: DeviceCryptoError.self) { try SigningKey.generate().save(to: folder.path("seal.key")) }
        guard case .file(let file) = error?.code else { return #expect(Bool(false), "another error: \(String(describing: error))") }
        #expect(file.isAlreadyThere)
        #expect(try folder.bytes("seal.key") == before)
        #expect(try folder.names() == ["seal.key"])
    }

    @Test("a draft that an interrupted run left behind does not stand in the way")
    func leftover() throws {
        let folder = try ScratchFolder()
        try folder.write("seal.key.new", [1, 2, 3])
        let key = try SigningKey.generate()
        try key.save(to: folder.path("seal.key"))
        #expect(try SigningKey.load(from: folder.path("seal.key")).publicKey == key.publicKey)
        #expect(try folder.names() == ["seal.key"])
    }

    @Test(
        "a key that others may read or change is refused with the chmod that mends it",
        arguments: [0o640, 0o604, 0o660, 0o644, 0o620, 0o602, 0o610, 0o601, 0o700 | 0o070, 0o777])
    func readableByOthers(mode: Int) throws {
        let folder = try ScratchFolder()
        try SigningKey.generate().save(to: folder.path("seal.key"))
        let path = try folder.write("loose.key", try folder.bytes("seal.key"), mode: mode)
        let error = #expect(throws: DeviceCryptoError.self) { try SigningKey.load(from: path) }
        #expect(error?.code == .keyReadableByOthers(permissions: UInt32(mode)))
        #expect(error?.message.hasSuffix("chmod 600 \(path.string)") == true)
        #expect(#expect(throws: DeviceCryptoError.self) { try SigningKey.refuseReaders(of: path) } == error)
    }

    @Test("a key that another library loads is judged without reading it; what is not there has no readers, what cannot be looked at is refused")
    func refuseReaders() throws {
        let folder = try ScratchFolder()
        try SigningKey.refuseReaders(of: try folder.write("link.key", Array("no key at all".utf8), mode: 0o600))
        try SigningKey.refuseReaders(of: folder.path("missing.key"))
        let error = #expect(throws: DeviceCryptoError.self) { try SigningKey.refuseReaders(of: folder.path(".")) }
        guard case .file = error?.code else { throw error ?? DeviceCryptoError(.noMemory) }
    }

    @Test("a key that only its owner may read is taken", arguments: [0o600, 0o400, 0o700])
    func owned(mode: Int) throws {
        let folder = try ScratchFolder()
        try SigningKey.generate().save(to: folder.path("seal.key"))
        let path = try folder.write("own.key", try folder.bytes("seal.key"), mode: mode)
        _ = try SigningKey.load(from: path)
    }

    @Test(
        "a key that belongs to another user is refused with the chown that mends it",
        .enabled(if: getuid() == 0, "only root can give a file away"))
    func anotherOwner() throws {
        let folder = try ScratchFolder()
        let path = folder.path("seal.key")
        try SigningKey.generate().save(to: path)
        #expect(chown(path.string, 12_345, gid_t.max) == 0)
        let error = #expect(throws: DeviceCryptoError.self) { try SigningKey.load(from: path) }
        #expect(error?.code == .keyOwnedByAnother(user: 12_345))
        #expect(error?.message.hasSuffix("with: chown 0 \(path.string)") == true)
    }

    @Test("a file cut at any byte inside its text is refused")
    func truncated() throws {
        let folder = try ScratchFolder()
        try SigningKey.generate().save(to: folder.path("seal.key"))
        let pem = try folder.bytes("seal.key")
        // The end line needs its last dash, but no line end behind it.
        for count in stride(from: 0, to: pem.count - 1, by: 3) {
            #expect(throws: DeviceCryptoError(.keyMalformed), "\(count) bytes") { try SigningKey(pem: Array(pem[..<count])) }
        }
    }

    @Test("a changed character never gives the same key silently, and never crashes")
    func corrupted() throws {
        let folder = try ScratchFolder()
        let key = try SigningKey.generate()
        try key.save(to: folder.path("seal.key"))
        let pem = try folder.bytes("seal.key")
        var refused = 0
        for index in stride(from: 0, to: pem.count, by: 2) {
            var changed = pem
            changed[index] ^= 0x03
            if let other = try? SigningKey(pem: changed) {
                // What still loads is the same key: the change hit what says nothing, such as a line's end.
                #expect(other.publicKey == key.publicKey)
            } else {
                refused += 1
            }
        }
        #expect(refused > 90)
    }

    @Test(
        "keys of other kinds are refused",
        arguments: [
            (["ecparam", "-name", "secp384r1", "-genkey", "-noout"], DeviceCryptoError.Code.keyNotP256),
            (["ecparam", "-name", "secp256k1", "-genkey", "-noout"], .keyNotP256),
            (["ecparam", "-name", "brainpoolP256r1", "-genkey", "-noout"], .keyNotP256),
            (["genrsa", "2048"], .keyNotP256),
            (["genpkey", "-algorithm", "ED25519"], .keyMalformed),
        ])
    func otherKinds(arguments: [String], code: DeviceCryptoError.Code) throws {
        let folder = try ScratchFolder()
        let made = try folder.openssl(arguments: arguments)
        let path = try folder.write("other.key", Array(made.output.utf8))
        #expect(throws: DeviceCryptoError(code, path: path)) { try SigningKey.load(from: path) }
    }

    @Test("a key with a password is refused")
    func locked() throws {
        let folder = try ScratchFolder()
        try SigningKey.generate().save(to: folder.path("seal.key"))
        try folder.openssl("ec", "-in", "seal.key", "-aes128", "-passout", "pass:secret", "-out", "locked.key")
        let path = try folder.write("locked.key", try folder.bytes("locked.key"))
        #expect(throws: DeviceCryptoError(.keyMalformed, path: path)) { try SigningKey.load(from: path) }
    }

    @Test("a private part with another key's public part is refused")
    func mismatch() throws {
        let folder = try ScratchFolder()
        try SigningKey.generate().save(to: folder.path("one.key"))
        try SigningKey.generate().save(to: folder.path("two.key"))
        try folder.openssl("ec", "-in", "one.key", "-outform", "DER", "-out", "one.der")
        try folder.openssl("ec", "-in", "two.key", "-outform", "DER", "-out", "two.der")
        let one = try folder.bytes("one.der")
        let two = try folder.bytes("two.der")
        // SEC 1: the private part ends at byte 39, the public part is the last 65.
        try folder.write("mixed.der", Array(one[..<(one.count - 65)] + two[(two.count - 65)...]))
        let body = Data(try folder.bytes("mixed.der")).base64EncodedString(options: [.lineLength64Characters, .endLineWithLineFeed])
        let pem = "-----BEGIN EC PRIVATE KEY-----\n\(body)\n-----END EC PRIVATE KEY-----\n"
        #expect(throws: DeviceCryptoError(.keyMismatch)) { try SigningKey(pem: Array(pem.utf8)) }
    }

    @Test("what is no private key at all is refused", arguments: [[], [0], Array("hello".utf8), [UInt8](repeating: 0x2D, count: 400)])
    func notAKey(bytes: [UInt8]) {
        #expect(throws: DeviceCryptoError(.keyMalformed)) { try SigningKey(pem: bytes) }
    }

    @Test("a folder, a missing file and a huge file are refused with their path")
    func notAFile() throws {
        let folder = try ScratchFolder()
        try FileManager.default.createDirectory(at: folder.url.appendingPathComponent("seal.key"), withIntermediateDirectories: false)
        #expect(throws: DeviceCryptoError(.file(FileError(.notRegular, folder.path("seal.key"))), path: folder.path("seal.key"))) {
            try SigningKey.load(from: folder.path("seal.key"))
        }
        let missing = #expect(throws: DeviceCryptoError.self) { try SigningKey.load(from: folder.path("none.key")) }
        #expect(missing?.message.contains("none.key: cannot be opened: No such file") == true)
        let huge = try folder.write("huge.key", [UInt8](repeating: 0x41, count: SigningKey.fileByteLimit + 1))
        #expect(throws: DeviceCryptoError(.file(FileError(.tooLarge, huge)), path: huge)) { try SigningKey.load(from: huge) }
        #expect(throws: DeviceCryptoError.self) { try SigningKey.generate().save(to: folder.path("no/such/folder/seal.key")) }
    }
}

extension ScratchFolder {
    func openssl(arguments: [String]) throws -> (code: Int32, output: String) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["openssl"] + arguments
        let output = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        process.standardInput = FileHandle.nullDevice
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return (process.terminationStatus, text)
    }
}
