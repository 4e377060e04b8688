import Foundation
import HarborsealTesting
import Testing

@testable import HarborsealCommands

/// What is drawn is decoded again by zbar, which knows nothing of how it was made.
@Suite struct QRCodeTests {
    private static let enrolment =
        "harborseal-enrol:1?url=https://registry.example.org:8443&device=acme.gw-1&code=0A1B2-C3D4E-F5G6H-J7K8M-N9P0Q-R&ca="
        + String(repeating: "0123456789abcdef", count: 4) + "&trust=" + String(repeating: "fedcba9876543210", count: 4)

    private static func decoded(_ picture: String, isInverted: Bool = false) throws -> String {
        let process = Process()
        let pipe = Pipe()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/zbarimg")
        process.arguments = ["--quiet", "--raw", "-Sdisable", "-Sqrcode.enable"] + (isInverted ? ["-Stest-inverted"] : []) + [picture]
        process.standardOutput = pipe
        process.standardError = FileHandle.nullDevice
        try process.runHearingSignals()
        let text = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return text.hasSuffix("\n") ? String(text.dropLast()) : text
    }

    /// A picture of text that a terminal shows: each character two modules high, each module eight dots wide.
    private static func picture(ofTerminal text: String, inkIsDark: Bool) -> String {
        let lines = text.split(separator: "\n").map { Array($0) }
        let width = lines.map(\.count).max() ?? 0
        var rows: [[Bool]] = []
        for line in lines {
            rows.append(line.map { "█▀".contains($0) == inkIsDark })
            rows.append(line.map { "█▄".contains($0) == inkIsDark })
        }
        let scale = 8
        var image = "P1\n\(width * scale) \(rows.count * scale)\n"
        for row in rows {
            let line = row.flatMap { dark in Array(repeating: dark ? "1" : "0", count: scale) }.joined(separator: " ") + "\n"
            image += String(repeating: line, count: scale)
        }
        return image
    }

    @Test("the terminal's form is decoded: dark on light, and inverted as a dark screen without colours has it", arguments: [true, false])
    func terminal(_ inkIsDark: Bool) throws {
        let folder = try TemporaryDirectory()
        let code = try #require(QRCode(Self.enrolment, correction: .low))
        let text = code.terminalText(usesColour: false)
        #expect(text.split(separator: "\n").allSatisfy { $0.count == code.columnCount } && code.columnCount <= 80, "\(code.columnCount)")
        let picture = try folder.write(Self.picture(ofTerminal: text, inkIsDark: inkIsDark), to: "code.pbm")
        #expect(try Self.decoded(picture, isInverted: !inkIsDark) == Self.enrolment)
    }

    @Test("on a terminal with colours every line says black on white, whatever the terminal's own colours are, and ends with its own again")
    func colours() throws {
        let code = try #require(QRCode(Self.enrolment, correction: .low))
        let plain = code.terminalText(usesColour: false).split(separator: "\n")
        let coloured = code.terminalText(usesColour: true).split(separator: "\n")
        #expect(coloured == plain.map { "\u{1B}[38;5;16;48;5;231m\($0)\u{1B}[0m" })
        // The quiet zone: four modules on each side are light.
        #expect(plain.prefix(2).allSatisfy { $0.allSatisfy { $0 == " " } } && plain.allSatisfy { $0.hasPrefix("    ") && $0.hasSuffix("    ") })
    }

    @Test("the SVG is decoded, on white paper and on a dark page", arguments: ["white", "black"])
    func picture(_ background: String) throws {
        let folder = try TemporaryDirectory()
        let code = try #require(QRCode(Self.enrolment, correction: .medium))
        let svg = try folder.write(code.svg(title: "acme.gw-1 <&>"), to: "code.svg")
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/rsvg-convert")
        process.arguments = ["--width", "800", "--background-color", background, "-o", folder.file("code.png"), svg]
        try process.runHearingSignals()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        #expect(try Self.decoded(folder.file("code.png")) == Self.enrolment)
    }

    @Test("every length up to a whole symbol is encoded, and neither nothing nor more is", arguments: [(1, true), (500, true), (2_953, true), (0, false), (2_954, false)])
    func lengths(_ count: Int, _ fits: Bool) throws {
        let code = QRCode(String(repeating: "x", count: count), correction: .low)
        #expect((code != nil) == fits)
        if let code {
            #expect((21...177).contains(code.width))
            #expect(code.isDark(0, 0) && code.isDark(code.width - 1, 0) && code.isDark(0, code.width - 1), "the three corners")
            #expect(!code.isDark(-1, 0) && !code.isDark(0, code.width) && !code.isDark(.max, .min))
        }
    }
}
