internal import AttestationFormat
internal import CPosixShims
internal import CTokenShims
internal import SmallFiles

/// A PIN on its way from its source to the token: wiped when it goes. No copy of it is made but the one that is wiped here.
struct TokenPIN: ~Copyable {
    /// No token takes a longer one.
    static let byteLimit = 128
    /// Editors end a file with a line break, some with two bytes.
    private static let fileByteLimit = byteLimit + 2
    private static let permissionsOfOthers: UInt32 = 0o077

    private let start: UnsafeMutablePointer<UInt8>
    private let count: Int

    /// Reads it.
    ///
    /// - Throws: ``TokenError`` that names the source and never what stands there.
    init(_ source: TokenURI.PINSource) throws(TokenError) {
        var bytes: [UInt8]
        switch source {
        case .file(let path): bytes = try TokenPIN.read(path)
        case .environment(let name): bytes = try TokenPIN.take(name)
        }
        defer { TokenPIN.wipe(&bytes) }
        var count = bytes.count
        if count > 0, bytes[count - 1] == UInt8(ascii: "\n") { count -= 1 }
        if count > 0, bytes[count - 1] == UInt8(ascii: "\r") { count -= 1 }
        guard (1...TokenPIN.byteLimit).contains(count), bytes[..<count].allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
            throw TokenError(.pinMalformed, at: source.words)
        }
        start = UnsafeMutablePointer<UInt8>.allocate(capacity: count)
        for index in 0..<count { start[index] = bytes[index] }
        self.count = count
    }

    deinit {
        hs_token_wipe(start, count)
        start.deallocate()
    }

    /// Gives the bytes to a login.
    borrowing func use<Result>(_ body: (UnsafePointer<UInt8>, Int) -> Result) -> Result { body(start, count) }

    private static func read(_ path: UTF8Text) throws(TokenError) -> [UInt8] {
        var file: (bytes: [UInt8], facts: SmallFile.Facts)
        do throws(FileError) {
            file = try SmallFile.readWithFacts(path, limit: fileByteLimit)
        } catch {
            throw TokenError(.pinFile(error), at: path.string, error.reason)
        }
        // Root may read everything anyway; any other owner is one reader too many.
        let isOwn = file.facts.owner == SmallFile.effectiveUser || file.facts.owner == 0
        guard isOwn, file.facts.permissions & permissionsOfOthers == 0 else {
            wipe(&file.bytes)
            throw TokenError(
                .pinFileOpen, at: path.string, "owner \(file.facts.owner), mode 0\(String(file.facts.permissions, radix: 8))")
        }
        // Moved, not copied: a copy would be wiped in its place.
        var bytes: [UInt8] = []
        swap(&bytes, &file.bytes)
        return bytes
    }

    /// Copies the variable's value. The helper of a running agent gets the environment anew at each start.
    private static func take(_ name: UTF8Text) throws(TokenError) -> [UInt8] {
        guard let value = name.withCCharacters({ posix_environment($0) }) else {
            throw TokenError(.pinNotSet, at: "the environment's \(name.string)")
        }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(fileByteLimit + 1)
        while bytes.count <= fileByteLimit, value[bytes.count] != 0 { bytes.append(UInt8(bitPattern: value[bytes.count])) }
        return bytes
    }

    private static func wipe(_ bytes: inout [UInt8]) {
        bytes.withUnsafeMutableBufferPointer { buffer in
            if let start = buffer.baseAddress { hs_token_wipe(start, buffer.count) }
        }
    }
}

extension UTF8Text {
    /// The text as C wants it; a zero byte inside ends it there.
    func withCCharacters<Result>(_ body: (UnsafePointer<CChar>?) -> Result) -> Result {
        var ended = bytes
        ended.append(0)
        return ended.withUnsafeBufferPointer { buffer in
            buffer.withMemoryRebound(to: CChar.self) { body($0.baseAddress) }
        }
    }
}
