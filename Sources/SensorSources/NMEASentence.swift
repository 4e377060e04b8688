import AttestationFormat
import LogisticsEvents

/// One sentence of NMEA 0183 whose checksum is right: `$` talker, formatter, fields, `*`, checksum.
struct NMEASentence {
    /// The formatters that tell of a place.
    enum Formatter: UInt8 {
        /// Time, status, position, date.
        case rmc
        /// Time, position, quality, height.
        case gga
        /// Position, time, status.
        case gll
        /// 1: no fix, 2: two dimensions, 3: three.
        case gsa
    }

    /// What a line turned out to be.
    enum Line {
        case sentence(NMEASentence)
        /// A whole sentence that tells of no place, or of another talker: depth, wind, satellites.
        case other
        /// No sentence: half a line, a wrong checksum, or no NMEA at all.
        case damaged
    }

    /// More than any formatter here has.
    static let fieldCapacity = 24

    let formatter: Formatter
    /// Where the fields stand in the line, the address first.
    private var fields = InlineArray<24, FieldRange>(repeating: FieldRange())
    private let fieldCount: Int

    private struct FieldRange {
        var start: UInt16 = 0
        var end: UInt16 = 0
    }

    /// Reads a line that begins with `$`, without its line end.
    static func read(_ line: Span<UInt8>) -> Line {
        guard line.count >= 9, line[0] == UInt8(ascii: "$"), let end = checkedEnd(line) else { return .damaged }
        guard isReceiver(line), let formatter = formatter(line) else { return .other }
        guard let sentence = NMEASentence(formatter, line, end: end) else { return .damaged }
        return .sentence(sentence)
    }

    /// The place of the `*`, if the two digits behind it are the exclusive or of all bytes between `$` and it.
    private static func checkedEnd(_ line: Span<UInt8>) -> Int? {
        let star = line.count - 3
        guard line[star] == UInt8(ascii: "*"), let high = JSONGrammar.hexValue(line[star + 1]),
            let low = JSONGrammar.hexValue(line[star + 2])
        else { return nil }
        var sum: UInt8 = 0
        for index in 1..<star {
            // Letters, digits and signs alone stand in a sentence; noise whose checksum fits by chance does not get far.
            guard (0x20...0x7E).contains(line[index]), line[index] != UInt8(ascii: "$") else { return nil }
            sum ^= line[index]
        }
        return sum == high << 4 | low ? star : nil
    }

    /// GPS, GLONASS, Galileo, BeiDou (which is both GB and BD), and several together.
    private static func isReceiver(_ line: Span<UInt8>) -> Bool {
        switch (line[1], line[2]) {
        case (UInt8(ascii: "G"), UInt8(ascii: "P")), (UInt8(ascii: "G"), UInt8(ascii: "L")),
            (UInt8(ascii: "G"), UInt8(ascii: "A")), (UInt8(ascii: "G"), UInt8(ascii: "B")),
            (UInt8(ascii: "G"), UInt8(ascii: "N")), (UInt8(ascii: "B"), UInt8(ascii: "D")):
            true
        default: false
        }
    }

    private static func formatter(_ line: Span<UInt8>) -> Formatter? {
        guard line[6] == UInt8(ascii: ",") else { return nil }
        let name = line.extracting(3..<6)
        if name.isExactly("RMC") { return .rmc }
        if name.isExactly("GGA") { return .gga }
        if name.isExactly("GLL") { return .gll }
        return name.isExactly("GSA") ? .gsa : nil
    }

    private init?(_ formatter: Formatter, _ line: Span<UInt8>, end: Int) {
        self.formatter = formatter
        var start = 1
        var count = 0
        for index in 1...end where index == end || line[index] == UInt8(ascii: ",") {
            guard count < NMEASentence.fieldCapacity else { return nil }
            fields[count] = FieldRange(start: UInt16(truncatingIfNeeded: start), end: UInt16(truncatingIfNeeded: index))
            count += 1
            start = index + 1
        }
        fieldCount = count
    }

    /// A field's place; empty for those that the sentence does not have (older versions of the standard have fewer).
    func field(_ number: Int) -> Range<Int> {
        guard number < fieldCount else { return 0..<0 }
        return Int(fields[number].start)..<Int(fields[number].end)
    }

    /// The only byte of a field; 0 when it is empty or longer.
    func letter(_ number: Int, _ line: Span<UInt8>) -> UInt8 {
        let range = field(number)
        return range.count == 1 ? line[range.lowerBound] : 0
    }
}
