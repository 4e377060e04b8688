import Foundation
import Testing

/// The blocks of WorkedExample.md by their names: hex digits, `<name>` for another block's bytes, `;` before a remark.
struct WorkedExample {
    private struct Block {
        let byteCount: Int
        let lines: [Substring]
    }

    /// The whole document.
    let text: String
    private var blocks: [String: Block] = [:]

    init() throws {
        let package = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let path = "Sources/AttestationFormat/AttestationFormat.docc/WorkedExample.md"
        text = try String(contentsOf: package.appendingPathComponent(path), encoding: .utf8)
        // Every second part lies between fences.
        for (number, part) in text.components(separatedBy: "```\n").enumerated() where !number.isMultiple(of: 2) {
            let lines = part.split(separator: "\n")
            let first = try #require(lines.first?.split(separator: " "))
            let byteCount = try #require(first.count == 3 && first[2] == "bytes" ? Int(first[1]) : nil, "\(lines)")
            blocks[String(first[0].dropLast())] = Block(byteCount: byteCount, lines: Array(lines.dropFirst()))
        }
    }

    static let names: [String] = ((try? WorkedExample())?.blocks.keys).map { $0.sorted() } ?? []

    /// The bytes of a block, which are as many as its first line says.
    func bytes(_ name: String) throws -> [UInt8] {
        let block = try #require(blocks[name], "no block \(name)")
        var bytes: [UInt8] = []
        for line in block.lines {
            for word in line.prefix(while: { $0 != ";" }).split(separator: " ") {
                if word.hasPrefix("<") { bytes += try self.bytes(String(word.dropFirst().dropLast())) } else { bytes += try Self.octets(word) }
            }
        }
        #expect(bytes.count == block.byteCount, "\(name)")
        return bytes
    }

    private static func octets(_ digits: Substring) throws -> [UInt8] {
        var octets: [UInt8] = []
        var rest = digits
        while !rest.isEmpty {
            octets.append(try #require(rest.count > 1 ? UInt8(rest.prefix(2), radix: 16) : nil, "\(digits)"))
            rest = rest.dropFirst(2)
        }
        return octets
    }
}
