import Foundation
import Testing

@testable import HarborsealCommands

/// RFC 4180 as spreadsheets write it, and what is not it.
@Suite struct CSVTests {
    private func read(_ bytes: [UInt8]) throws -> [Result<CSVReader.Record, CSVReader.Fault>] {
        var reader = try CSVReader(bytes)
        var results: [Result<CSVReader.Record, CSVReader.Fault>] = []
        while let result = reader.next() { results.append(result) }
        return results
    }

    @Test(
        "records are read with their quotes undone, from whatever line ends and with or without a byte-order mark",
        arguments: [
            ("a,b\r\n", [["a", "b"]]), ("a,b\nc,d", [["a", "b"], ["c", "d"]]), ("\u{FEFF}a\r\n", [["a"]]), ("\"a\"\"b\",\"c,d\"\r\n", [["a\"b", "c,d"]]),
            ("\"two\r\nlines\",x\n", [["two\r\nlines", "x"]]), ("a,,\n", [["a", "", ""]]), ("\n\r\na\n\n\nb\n", [["a"], ["b"]]), ("\"\"\n", [[""]]),
            (" a , b \n", [[" a ", " b "]]), ("ü,東京\n", [["ü", "東京"]]), ("", []), ("\u{FEFF}", []), ("\n\n", []),
        ] as [(String, [[String]])])
    func records(_ text: String, _ fields: [[String]]) throws {
        #expect(try read(Array(text.utf8)).map { try $0.get().fields } == fields)
    }

    @Test("lines are counted through quoted line breaks")
    func lines() throws {
        let results = try read(Array("a\n\"b\nb\"\n\nc\n".utf8))
        #expect(try results.map { try $0.get().line } == [1, 2, 5])
    }

    @Test(
        "what is wrong is said with its line, and the lines behind it are read",
        arguments: [
            ("ok\na\"b\nok\n", 2, "inside of a field", 2), ("ok\n\"a\"b,c\nok\n", 2, "behind the closing quote", 2), ("ok\n\"a\nok\n", 2, "does not end", 2),
            ("ok\na\rb\nok\n", 2, "carriage return", 2), ("ok\n\u{0}\nok\n", 2, "UTF-8", 2),
            ("ok\n" + String(repeating: "x", count: 1_025) + "\nok\n", 2, "longer than 1024", 2),
            ("ok\n\"" + String(repeating: "x\n", count: 700) + "ok\n", 2, "or does not end", 701),
            ("ok\n" + String(repeating: ",", count: 32) + "\nok\n", 2, "more than 32 fields", 2),
        ])
    func faults(_ text: String, _ line: Int, _ words: String, _ goodCount: Int) throws {
        let results = try read(Array(text.utf8))
        let faults = results.compactMap { result -> CSVReader.Fault? in if case .failure(let fault) = result { fault } else { nil } }
        #expect(faults.count == 1 && faults.first?.line == line && faults.first?.words.contains(words) == true, "\(faults)")
        #expect(results.count - faults.count == goodCount)
    }

    @Test("UTF-16 and bytes that are no UTF-8 are named as such")
    func otherEncodings() throws {
        for start: [UInt8] in [[0xFF, 0xFE], [0xFE, 0xFF]] {
            let fault = #expect(throws: CSVReader.Fault.self) { try read(start + [0x61, 0]) }
            #expect(fault?.words.contains("UTF-16") == true)
        }
        guard case .failure(let fault)? = try read([0x61, 0xFC, 0x0A]).first else { return #expect(Bool(false), "Latin-1 was read") }
        #expect(fault.words.contains("UTF-8"))
    }

    @Test("hostile bytes end: ten thousand mutations of a list are read, or refused, without a trap")
    func mutations() {
        var generator = SystemRandomNumberGenerator()
        let seed = Array("device,firm,note\r\ngw-1,acme,\"a \"\"b\"\"\"\r\n".utf8)
        for _ in 0..<10_000 {
            var bytes = seed
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                bytes[Int.random(in: 0..<bytes.count, using: &generator)] = [0x22, 0x2C, 0x0A, 0x0D, 0xFF, 0].randomElement(using: &generator) ?? 0
            }
            if Bool.random(using: &generator) { bytes = Array(bytes.prefix(Int.random(in: 0...bytes.count, using: &generator))) }
            _ = try? DeviceTable(bytes, path: "x.csv", alliance: "gba-test", firm: "acme")
        }
    }

    @Test(
        "what a spreadsheet would run as a formula is written as text, and what has commas, quotes or breaks is quoted",
        arguments: [
            ("=1+1", "'=1+1"), ("+1", "'+1"), ("-1", "'-1"), ("@SUM(A1)", "'@SUM(A1)"), ("\tx", "'\tx"), ("\rx", "\"'\rx\""), ("＝1", "'＝1"),
            ("a,b", "\"a,b\""), ("a\"b", "\"a\"\"b\""), ("a\nb", "\"a\nb\""), ("=\"x\",1", "\"'=\"\"x\"\",1\""), ("plain", "plain"), ("", ""),
        ])
    func safeOutput(_ text: String, _ written: String) throws {
        #expect(CSVText.line([text, "z"]) == "\(written),z\r\n")
        let shown = text.isEmpty || written == "plain" ? text : try read(Array(CSVText.line([text]).utf8))[0].get().fields[0]
        #expect(shown == text || shown == "'" + text, "and is read back whole")
    }
}

@Suite struct DeviceTableTests {
    private func table(_ text: String, firm: String? = nil) throws -> DeviceTable {
        try DeviceTable(Array(text.utf8), path: "fleet.csv", alliance: "gba-test", firm: firm)
    }

    @Test("columns are found by name, in any order and case, and a row without a firm is of the firm that is given")
    func columns() throws {
        let table = try table("Note, DEVICE ,firm\n\"truck 7, left\", gw-1 ,\n,gw-2,acme\n", firm: "acme")
        #expect(table.refusals.isEmpty)
        #expect(table.rows == [
            DeviceTable.Row(line: 2, firm: "acme", device: "gw-1", note: "truck 7, left"), DeviceTable.Row(line: 3, firm: "acme", device: "gw-2", note: ""),
        ])
        #expect(try self.table("device\ngw-1\n", firm: "acme").rows.count == 1)
    }

    @Test(
        "each bad row is refused with its line, what it is about, and why",
        arguments: [
            ("GW-1,acme,", "GW-1", "cannot be the name of a device"), (",acme,", "", "cannot be the name"), ("gw-1,,", "gw-1", "names no firm"),
            ("gw-1,node,", "gw-1", "reserved"), ("gw-1,acme", "gw-1", "2 fields"), ("gw-1,acme,a,b", "gw-1", "4 fields"), ("gw-0,acme,", "gw-0", "line 2 already"),
            ("gw-1,Acme,", "gw-1", "cannot be the name of a firm"), ("=cmd|' /C calc'!A0,acme,", "=cmd|' /C calc'!A0", "cannot be the name"),
            ("gw-1,acme,\(String(repeating: "n", count: 201))", "gw-1", "201 bytes"), ("gw-1,acme,\"x", "", "does not end"),
            ("gw-1\u{1B}[2J,acme,", "gw-1\\u{1b}[2J", "cannot be the name"),
        ])
    func refusals(_ row: String, _ what: String, _ why: String) throws {
        let table = try table("device,firm,note\ngw-0,acme,\n\(row)\n")
        #expect(table.rows.map(\.device) == ["gw-0"])
        #expect(table.refusals.count == 1 && table.refusals.first?.line == 3 && table.refusals.first?.what == what, "\(table.refusals)")
        #expect(table.refusals.first?.why.contains(why) == true, "\(table.refusals)")
    }

    @Test("a row of another firm than the one that is given is refused")
    func otherFirm() throws {
        #expect(try table("device,firm\ngw-1,zeta\n", firm: "acme").refusals.first?.why.contains("--firm says acme") == true)
    }

    @Test(
        "a list that is wrong as a whole is refused with its line and what belongs there",
        arguments: [
            ("", "is empty"), ("device,firm\n", "no devices"), ("name,firm\ngw-1,acme\n", "no column is called name"), ("firm\nacme\n", "no column is called device"),
            ("device;firm\ngw-1;acme\n", "not by semicolons"), ("device,device\n", "twice"), ("\"device\n", "does not end"),
        ])
    func whole(_ text: String, _ words: String) throws {
        let error = #expect(throws: CommandError.self) { try table(text) }
        #expect(error?.code == .malformed && error?.message.contains(words) == true, "\(error?.message ?? "")")
    }
}
