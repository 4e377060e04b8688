import AttestationFormat

/// What `POST /link/revocations` answers with status 200: `taken`, and a line `unknown SERIAL` for each certificate that was not issued to the gateway.
struct LinkReportAnswer: Equatable {
    private static let start = "taken"
    private static let unknownWord = "unknown"

    /// Content bytes of serial numbers.
    let unknown: [[UInt8]]

    init(unknown: [[UInt8]]) {
        self.unknown = unknown
    }

    var text: String { ([Self.start] + unknown.map { "\(Self.unknownWord) \(Hexadecimal.text(of: $0))" }).map { "\($0)\n" }.joined() }

    /// nil: it is another answer.
    init?(_ body: [UInt8]) {
        let lines = String(decoding: body, as: UTF8.self).split(separator: "\n")
        guard lines.first == Self.start[...] else { return nil }
        var unknown: [[UInt8]] = []
        for line in lines.dropFirst() {
            let words = line.split(separator: " ", omittingEmptySubsequences: false)
            guard words.count == 2, words[0] == Self.unknownWord, let serial = Hexadecimal.bytes(of: UTF8Text(String(words[1]))), !serial.isEmpty else { return nil }
            unknown.append(serial)
        }
        self.unknown = unknown
    }
}
