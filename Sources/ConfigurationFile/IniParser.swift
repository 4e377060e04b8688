internal import CIniShims
internal import AttestationFormat

/// Feeds one file to inih line by line and collects what comes back, each with its line.
///
/// inih itself reports no line; since it asks for a line only after it is done with the one before, the line read last is
/// the one that a value stands on.
final class IniParser {
    private(set) var sections: [ConfigurationDocument.Section] = []
    private(set) var entries: [ConfigurationDocument.Entry] = []
    private(set) var problems: [ConfigurationProblem] = []

    private let bytes: [UInt8]
    private let path: UTF8Text
    private var position: Int
    private var lineNumber = 0
    private var isInSection = false

    init(_ bytes: [UInt8], path: UTF8Text) {
        self.bytes = bytes
        self.path = path
        // A byte-order mark is what some editors put in front of UTF-8; it says nothing.
        position = bytes.count >= 3 && bytes[0] == 0xEF && bytes[1] == 0xBB && bytes[2] == 0xBF ? 3 : 0
    }

    /// Parses to the end. Lines that are refused are skipped, so that all problems are found in one run.
    func parse() {
        let context = Unmanaged.passUnretained(self).toOpaque()
        let refusedLine = hs_ini_parse(
            context,
            { context, line, capacity in
                guard let context, let line else { return false }
                return Unmanaged<IniParser>.fromOpaque(context).takeUnretainedValue().nextLine(line, capacity)
            },
            { context, section, key, value in
                guard let context, let section, let key, let value else { return }
                Unmanaged<IniParser>.fromOpaque(context).takeUnretainedValue().take(section, key, value)
            })
        guard refusedLine != 0 else { return }
        problems.append(ConfigurationProblem(
            .refusedByParser, at: .file(path, line: Int(refusedLine)), "the line cannot be read; write it as key = value"))
    }

    private var origin: ValueOrigin { .file(path, line: lineNumber) }

    private func nextLine(_ buffer: UnsafeMutablePointer<UInt8>, _ capacity: Int) -> Bool {
        guard position < bytes.count else { return false }
        let line = takeLine()
        lineNumber += 1
        buffer[0] = 0
        guard isWanted(line), line.count < capacity else { return true }
        var offset = 0
        for byte in line {
            buffer[offset] = byte
            offset += 1
        }
        buffer[offset] = 0
        return true
    }

    /// The next line without its end, which is LF or CR LF.
    private func takeLine() -> ArraySlice<UInt8> {
        let end = bytes[position...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
        var line = bytes[position..<end]
        position = min(end + 1, bytes.count)
        if line.last == UInt8(ascii: "\r") { line.removeLast() }
        return line
    }

    private func isWanted(_ line: ArraySlice<UInt8>) -> Bool {
        do throws(LineGate.Refusal) {
            switch try LineGate.judge(line) {
            case .nothing:
                return false
            case .section(let name):
                sections.append(ConfigurationDocument.Section(name: name, origin: origin))
                isInSection = true
                return true
            case .value:
                guard isInSection else {
                    throw LineGate.Refusal(.keyOutsideSection, "a value stands before the first [section]; move it below one")
                }
                return true
            }
        } catch {
            problems.append(ConfigurationProblem(error.code, at: origin, error.reason))
            return false
        }
    }

    private func take(
        _ section: UnsafePointer<CChar>, _ key: UnsafePointer<CChar>, _ value: UnsafePointer<CChar>
    ) {
        guard let section = text(section), let key = text(key), let value = text(value) else { return }
        for entry in entries where entry.key == key && entry.section == section {
            problems.append(ConfigurationProblem(
                .duplicateKey, at: origin,
                "\"" + key + "\" stands already at " + entry.origin.text + "; keep one of the two"))
            return
        }
        entries.append(ConfigurationDocument.Entry(section: section, key: key, value: value, origin: origin))
    }

    private func text(_ characters: UnsafePointer<CChar>) -> UTF8Text? {
        var bytes: [UInt8] = []
        var position = 0
        while characters[position] != 0 {
            bytes.append(UInt8(bitPattern: characters[position]))
            position += 1
        }
        return UTF8Text(validating: bytes)
    }
}
