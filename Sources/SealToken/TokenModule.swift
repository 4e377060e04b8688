public import AttestationFormat
internal import CTokenShims
internal import SmallFiles

/// A loaded PKCS#11 module and what is in its slots. Each call may take as long as the token likes: not for the agent's loop.
public final class TokenModule {
    /// A slot and the token in it.
    public final class Slot: Sendable {
        /// The module's number for it, which may change with each start.
        public let id: UInt64
        public let description: UTF8Text
        public let label: UTF8Text
        public let manufacturer: UTF8Text
        public let model: UTF8Text
        public let serial: UTF8Text
        /// HS_TOKEN_IS_PRESENT and the like.
        private let flags: UInt32

        fileprivate init(_ handle: OpaquePointer, _ index: Int) {
            id = hs_token_slot_id(handle, index)
            description = Self.text(handle, index, HS_TOKEN_SLOT_DESCRIPTION)
            label = Self.text(handle, index, HS_TOKEN_LABEL)
            manufacturer = Self.text(handle, index, HS_TOKEN_MANUFACTURER)
            model = Self.text(handle, index, HS_TOKEN_MODEL)
            serial = Self.text(handle, index, HS_TOKEN_SERIAL)
            flags = hs_token_slot_flags(handle, index)
        }

        private static func text(_ handle: OpaquePointer, _ index: Int, _ which: hs_token_text) -> UTF8Text {
            .ofStranger(String(cString: hs_token_slot_text(handle, index, which)))
        }

        public var isPresent: Bool { has(HS_TOKEN_IS_PRESENT) }
        public var isInitialised: Bool { isPresent && has(HS_TOKEN_IS_INITIALISED) }
        public var wantsPIN: Bool { has(HS_TOKEN_WANTS_PIN) }
        public var isLocked: Bool { has(HS_TOKEN_IS_LOCKED) }
        /// The next wrong PIN locks it.
        public var isLastTry: Bool { has(HS_TOKEN_LAST_TRY) }
        /// A wrong PIN was given since the last right one.
        public var hadWrongPIN: Bool { has(HS_TOKEN_WRONG_PIN_BEFORE) }
        public var isReadOnly: Bool { has(HS_TOKEN_IS_READ_ONLY) }
        private func has(_ flag: Int) -> Bool { flags & UInt32(truncatingIfNeeded: flag) != 0 }

        /// As people name it.
        public var words: String {
            isPresent ? "token \"\(label.string)\" in slot \(id)" : "slot \(id)"
        }
    }

    let handle: OpaquePointer
    /// The file that was loaded.
    public let path: UTF8Text
    public private(set) var slots: [Slot] = []

    /// Loads and starts the module that a URI names, and reads its slots.
    public init(_ uri: TokenURI) throws(TokenError) {
        (handle, path) = try TokenModule.load(uri)
        try scan()
    }

    deinit { hs_token_unload(handle) }

    // MARK: - Loading

    private static func load(_ uri: TokenURI) throws(TokenError) -> (OpaquePointer, UTF8Text) {
        if let path = uri.modulePath { return (try load(path), path) }
        guard let name = uri.moduleName else { throw TokenError(.moduleNotFound, at: uri.text.string, "the URI names none") }
        guard let path = found(name) else { throw TokenError(.moduleNotFound, at: name.string) }
        return (try load(path), path)
    }

    /// Looks where Debian and others put modules.
    private static func found(_ name: UTF8Text) -> UTF8Text? {
        let machine = UTF8Text(String(cString: hs_token_machine()))
        let folders: [UTF8Text] = [
            "/usr/lib/" + machine + "/pkcs11/", "/usr/lib/pkcs11/", "/usr/lib64/pkcs11/", "/usr/lib/" + machine + "/", "/usr/lib/", "/usr/lib/softhsm/",
            "/usr/local/lib/",
        ]
        for folder in folders {
            for path in [folder + "lib" + name + ".so", folder + name + ".so"] where (try? SmallFile.facts(of: path)) != nil { return path }
        }
        return nil
    }

    private static func load(_ path: UTF8Text) throws(TokenError) -> OpaquePointer {
        var made: OpaquePointer?
        // The loader names the file and the library that it lacks.
        var reason = [CChar](repeating: 0, count: 256)
        let result = path.withCCharacters { path in
            reason.withUnsafeMutableBufferPointer { hs_token_load(path, &made, $0.baseAddress, $0.count) }
        }
        let words = reason.withUnsafeBufferPointer { $0.baseAddress.map { String(cString: $0) } ?? "" }
        guard result == HS_TOKEN_OK, let made else {
            throw TokenError(loadingCode(result), at: path.string, words)
        }
        return made
    }

    private static func loadingCode(_ result: hs_token_result) -> TokenError.Code {
        switch result {
        case HS_TOKEN_NO_LIBRARY: .libraryMissing
        case HS_TOKEN_NO_MODULE: .notModule
        case HS_TOKEN_MODULE_FAILED: .moduleFailed
        default: .noMemory
        }
    }

    // MARK: - Slots

    /// Reads the slots again.
    public func scan() throws(TokenError) {
        try check(hs_token_scan(handle), at: path.string)
        slots = (0..<hs_token_slot_count(handle)).map { Slot(handle, $0) }
    }

    /// The one slot whose token fits a URI.
    func slot(for uri: TokenURI) throws(TokenError) -> Int {
        let fitting = slots.indices.filter { slots[$0].isInitialised && uri.fits(slots[$0]) }
        guard fitting.count <= 1 else { throw TokenError(.severalTokens(count: fitting.count), at: path.string, names) }
        guard let index = fitting.first else { throw TokenError(.noToken, at: path.string, names) }
        return index
    }

    /// What there is, for messages: at most eight names.
    private var names: String {
        let present = slots.filter { $0.isInitialised }
        if present.isEmpty { return slots.isEmpty ? "it has no slot" : "\(slots.count) slots, none with a token that is set up" }
        var text = "there:"
        for slot in present.prefix(8) { text += " \(slot.words)," }
        return String(decoding: Array(text.utf8).dropLast(), as: UTF8.self)
    }

    // MARK: - Outcomes

    /// Throws unless the call came to a good end.
    func check(_ result: hs_token_result, at place: String) throws(TokenError) {
        guard result != HS_TOKEN_OK else { return }
        throw TokenError(TokenModule.code(of: result), at: place, "PKCS#11 code 0x\(String(hs_token_code(handle), radix: 16))")
    }

    private static func code(of result: hs_token_result) -> TokenError.Code {
        switch result {
        case HS_TOKEN_ABSENT: .absent
        case HS_TOKEN_PIN_WRONG: .pinWrong
        case HS_TOKEN_PIN_LOCKED: .pinLocked
        case HS_TOKEN_PIN_UNUSABLE: .pinUnusable
        case HS_TOKEN_SESSION_LOST: .sessionLost
        case HS_TOKEN_READ_ONLY: .readOnly
        case HS_TOKEN_FULL: .full
        case HS_TOKEN_UNABLE: .unable
        case HS_TOKEN_NO_MEMORY: .noMemory
        default: .failed
        }
    }
}

extension UTF8Text {
    /// What a token or its library says, as part of a line: question marks for control characters, U+FFFD for what is no UTF-8.
    static func ofStranger(_ text: String) -> UTF8Text {
        var bytes = Array(text.utf8)
        var last: UInt8 = 0
        for index in bytes.indices {
            let byte = bytes[index]
            // U+0080 to U+009F are C2 80 to C2 9F.
            let isSecond = last == 0xC2 && byte < 0xA0
            if isSecond { bytes[index - 1] = UInt8(ascii: "?") }
            if byte < 0x20 || byte == 0x7F || isSecond { bytes[index] = UInt8(ascii: "?") }
            last = byte
        }
        return UTF8Text(validating: bytes) ?? ""
    }
}

extension TokenURI {
    /// Whether the token in a slot is the one that is meant; what the URI does not name may be anything.
    func fits(_ slot: TokenModule.Slot) -> Bool {
        (token.map { $0 == slot.label } ?? true) && (manufacturer.map { $0 == slot.manufacturer } ?? true)
            && (model.map { $0 == slot.model } ?? true) && (serial.map { $0 == slot.serial } ?? true) && (slotID.map { $0 == slot.id } ?? true)
    }
}
