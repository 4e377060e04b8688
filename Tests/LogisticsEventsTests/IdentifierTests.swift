import AttestationFormat
import LogisticsEvents
import Testing

@Suite("Identifiers") struct IdentifierTests {
    @Test(
        "a link, container or urn in canonical form is kept as it is",
        arguments: [
            ("https://id.gs1.org/00/395212340000000175", Identifier.Scheme.sscc),
            ("https://id.gs1.org/01/09521234000013", .gtin),
            ("https://id.gs1.org/01/09521234000013/21/S-77", .gtin),
            ("https://id.gs1.org/01/09521234000013/10/LOT%2F1", .gtin),
            ("https://id.gs1.org/01/09521234000013/10/A/21/B", .gtin),
            ("https://id.gs1.org/414/9521234000013", .gln),
            ("https://id.gs1.org/414/9521234000013/254/dock-4", .gln),
            ("https://id.gs1.org/417/9521234000013", .party),
            ("https://id.gs1.org/8003/09521234000013", .grai),
            ("https://id.gs1.org/8003/09521234000013SER16CHARACTERS", .grai),
            ("https://id.gs1.org/8004/9521234ABC", .giai),
            ("https://id.gs1.org/253/9521234000013DOC", .gdti),
            ("https://id.gs1.org/402/95212340000000013", .gsin),
            ("https://id.gs1.org/401/9521234CONSIGNMENT", .ginc),
            ("bic:CSQU3054383", .container), ("urn:uuid:6ba7b810-9dad-11d1-80b4-00c04fd430c8", .urn),
            ("urn:imo:9395044", .urn),
        ])
    func takes(_ text: String, _ scheme: Identifier.Scheme) throws {
        let identifier = try Identifier(UTF8Text(text))
        #expect(identifier.scheme == scheme)
        #expect(identifier.uri.string == text)
    }

    @Test(
        "EPC URNs become links, with the check digit that they lack",
        arguments: [
            ("urn:epc:id:sgtin:0614141.112345.400", "https://id.gs1.org/01/10614141123459/21/400"),
            ("urn:epc:id:sgtin:9521234.000001.S%2F1", "https://id.gs1.org/01/09521234000013/21/S%2F1"),
            ("urn:epc:id:sscc:952123400.30000017", "https://id.gs1.org/00/395212340000000175"),
            ("urn:epc:id:sscc:9521234.3000000017", "https://id.gs1.org/00/395212340000000175"),
            ("urn:epc:id:sgln:9521234.00001.0", "https://id.gs1.org/414/9521234000013"),
            ("urn:epc:id:sgln:9521234.00001.dock-4", "https://id.gs1.org/414/9521234000013/254/dock-4"),
            ("urn:epc:id:pgln:9521234.00001", "https://id.gs1.org/417/9521234000013"),
            ("urn:epc:id:grai:9521234.00001.77", "https://id.gs1.org/8003/0952123400001377"),
            ("urn:epc:id:giai:9521234.A.B", "https://id.gs1.org/8004/9521234A.B"),
            ("urn:epc:id:gdti:9521234.00001.D1", "https://id.gs1.org/253/9521234000013D1"),
            ("urn:epc:id:gsin:9521234.000000001", "https://id.gs1.org/402/95212340000000013"),
            ("urn:epc:id:ginc:9521234.HOUSE-BILL", "https://id.gs1.org/401/9521234HOUSE-BILL"),
            ("urn:epc:class:lgtin:9521234.000001.LOT7", "https://id.gs1.org/01/09521234000013/10/LOT7"),
        ])
    func turnsURNs(_ urn: String, _ link: String) throws {
        #expect(try Identifier(UTF8Text(urn)).uri.string == link)
    }

    @Test(
        "what is no identifier is refused, not repaired",
        arguments: [
            "", "395212340000000175", "http://id.gs1.org/00/395212340000000175", "https://id.gs1.org/",
            "https://id.gs1.org/00", "https://id.gs1.org/00/", "https://id.gs1.org/00/39521234000000017",
            "https://id.gs1.org/00/3952123400000001755", "https://id.gs1.org/00/395212340000000175/",
            "https://id.gs1.org/00/395212340000000175/21/X", "https://id.gs1.org/02/09521234000013",
            "https://id.gs1.org/01/9521234000013", "https://id.gs1.org/01/09521234000013/21/",
            "https://id.gs1.org/01/09521234000013/21/A/10/B", "https://id.gs1.org/01/09521234000013/21/A/21/B",
            "https://id.gs1.org/01/09521234000013/21/123456789012345678901",
            "https://id.gs1.org/01/09521234000013/21/A B", "https://id.gs1.org/01/09521234000013/21/A%2f",
            "https://id.gs1.org/01/09521234000013/21/%00", "https://id.gs1.org/01/09521234000013?17=261231",
            "https://id.gs1.org/01/09521234000013/21/é", "https://id.gs1.org/8003/19521234000013",
            "https://id.gs1.org/8004/", "https://example.com/00/395212340000000175", "bic:CSQU305438",
            "bic:CSQX3054383", "bic:csqu3054383", "bic:CSQU3054383 ", "urn:", "urn:x:1", "urn:uuid:", "urn:imo:9 1",
            "urn:epc:id:sgtin:0614141.112345", "urn:epc:id:sgtin:06141.11234567.1", "urn:epc:id:sscc:0614141.123",
            "urn:epc:id:sscc:0614141.1234567890.1", "urn:epc:id:sgln:0614141.12345", "urn:epc:id:pgln:0614141.12345.1",
            "urn:epc:id:unknown:0614141.12345", "urn:epc:idpat:sgtin:0614141.112345.*",
            "urn:epc:class:sgtin:0614141.112345.1", "urn:epc:id:sgtin:0614141.11a345.400", "urn:epc:id:giai:9521234.",
        ])
    func refuses(_ text: String) {
        let error = #expect(throws: EventError.self) { try Identifier(UTF8Text(text)) }
        #expect(error?.code == .badIdentifier || error?.code == .wrongCheckDigit)
        #expect(error?.message.bytes.isEmpty == false)
    }

    @Test("an identifier of 513 bytes is refused whatever it says")
    func tooLong() {
        let text = UTF8Text("urn:x-y:" + String(repeating: "a", count: 505))
        #expect(throws: EventError.self) { try Identifier(text) }
        #expect(throws: Never.self) { try Identifier(UTF8Text("urn:x-y:" + String(repeating: "a", count: 504))) }
    }
}
