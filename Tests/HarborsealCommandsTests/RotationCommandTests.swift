import AllianceTrust
import AttestationFormat
import Foundation
import HarborsealCommands
import HarborsealTesting
import MerkleTree
import Testing

@Suite("commands that rotate and retire") struct RotationCommandTests {
    private static let start: Int64 = 1_900_000_000

    private func signed(_ workspace: TestWorkspace) throws -> TrustFile {
        try TrustFileVerifier.verify(DurableFile.read("\(workspace.alliance)/alliance.hstrust"))
    }

    private func sign(_ workspace: TestWorkspace, at seconds: Int64) throws -> TrustFile {
        let held = try signed(workspace)
        _ = try AllianceSign(directory: workspace.alliance, nowSeconds: seconds).run()
        let bytes = try DurableFile.read("\(workspace.alliance)/alliance.hstrust")
        return try TrustFileVerifier.verify(bytes, asUpdateOf: held)
    }

    @Test("rotate-node-key makes a second key; both are in force until the overlap ends, and nodes and quorum stay")
    func rotate() throws {
        let workspace = try TestWorkspace()
        let before = try signed(workspace).content
        let result = try AllianceRotateNodeKey(directory: workspace.alliance, node: "hk-1", overlapDays: 2, nowSeconds: Self.start).run()
        let content = try sign(workspace, at: Self.start).content
        let keys = content.nodes[0].keys
        #expect(keys.count == 2 && keys[0].publicKey == before.nodes[0].keys[0].publicKey)
        #expect(keys[0].untilSeconds == UInt64(Self.start) + 2 * 86_400 && keys[1].untilSeconds == nil)
        #expect(keys[1].fromSeconds == UInt64(Self.start))
        #expect(content.nodes.count == 3 && content.quorum == before.quorum)
        let key = try AllianceSigningKey(file: "\(workspace.alliance)/nodes/hk-1/receipt-2.key")
        #expect(key.publicKey == keys[1].publicKey)
        #expect(result.output.contains(Hexadecimal.text(of: key.keyID.bytes).string) && result.output.contains("harborseal alliance sign"))
        // Once more: a third key, and no end of the first is put off by it.
        let refused = #expect(throws: CommandError.self) { try AllianceRotateNodeKey(directory: workspace.alliance, node: "hk-1", nowSeconds: Self.start + 60).run() }
        #expect(refused?.message.contains("receipt-2.key") == true && refused?.nextStep?.contains("--another") == true, "\(String(describing: refused))")
        #expect(!DurableFile.exists("\(workspace.alliance)/nodes/hk-1/receipt-3.key"))
        _ = try AllianceRotateNodeKey(directory: workspace.alliance, node: "hk-1", makesAnother: true, nowSeconds: Self.start + 60).run()
        let third = try sign(workspace, at: Self.start + 60).content.nodes[0].keys
        #expect(third.count == 3 && third[0].untilSeconds == keys[0].untilSeconds)
        // When the overlap is over the next one is made without a word, and one that others may have is ended at any time.
        _ = try AllianceRotateNodeKey(directory: workspace.alliance, node: "hk-1", nowSeconds: Self.start + 20 * 86_400).run()
        _ = try AllianceRotateNodeKey(directory: workspace.alliance, node: "hk-1", overlapDays: 0, nowSeconds: Self.start + 20 * 86_400 + 1).run()
        #expect(try sign(workspace, at: Self.start + 20 * 86_400 + 1).content.nodes[0].keys.count == 5)
    }

    @Test("a key that others may have ends at once")
    func rotateAtOnce() throws {
        let workspace = try TestWorkspace()
        _ = try AllianceRotateNodeKey(directory: workspace.alliance, node: "sz-1", overlapDays: 0, nowSeconds: Self.start).run()
        let content = try sign(workspace, at: Self.start).content
        let node = try #require(content.nodes.first { $0.name.text == "sz-1" })
        #expect(!node.keys[0].isInForce(atSeconds: UInt64(Self.start)) && node.keys[1].isInForce(atSeconds: UInt64(Self.start)))
        #expect(content.nodeCount(inForceAtSeconds: UInt64(Self.start)) == 3)
    }

    @Test("neither a node that is not there, nor one that is retired, nor an impossible overlap gets a key", arguments: ["unknown", "retired", "overlap"])
    func noRotation(_ why: String) throws {
        let workspace = try TestWorkspace()
        if why == "retired" {
            _ = try AllianceRetireNode(directory: workspace.alliance, node: "gz-1", nowSeconds: Self.start).run()
        }
        let draft = try workspace.text("alliance/draft.json")
        let error = #expect(throws: CommandError.self) {
            try AllianceRotateNodeKey(
                directory: workspace.alliance, node: why == "unknown" ? "none" : "gz-1", overlapDays: why == "overlap" ? -1 : 1,
                nowSeconds: Self.start + 1
            ).run()
        }
        #expect(error?.nextStep != nil)
        #expect(try workspace.text("alliance/draft.json") == draft)
    }

    @Test("a firm gets a second issuing key beside the first; devices are issued by the newest, and both certificates verify")
    func secondIssuer() async throws {
        let workspace = try TestWorkspace()
        let firstKey = try AllianceSigningKey()
        let first = try issue(workspace, "gw-1", firstKey)
        _ = try AllianceAddFirm(directory: workspace.alliance, firm: "acme", makesNewKey: true).run()
        let file = try sign(workspace, at: WallClock.nowSeconds + 1)
        #expect(file.content.firms[0].issuingCertificates.count == 2)
        let second = try issue(workspace, "gw-2", try AllianceSigningKey())
        let verifier = try SealCertificateVerifier(trustFile: file)
        let (one, two) = (try await verifier.verify(first), try await verifier.verify(second))
        #expect(one.issuingKeyID != two.issuingKeyID)
        #expect(DurableFile.exists("\(workspace.alliance)/firms/acme/issuing-2.crl"))
        // Renewing goes on with the newest key.
        _ = try AllianceAddFirm(directory: workspace.alliance, firm: "acme").run()
        let renewed = try sign(workspace, at: WallClock.nowSeconds + 2).content.firms[0].issuingCertificates
        #expect(renewed.count == 3)
        #expect(CertificateFacts(der: renewed[2])?.keyID == two.issuingKeyID)
    }

    private func issue(_ workspace: TestWorkspace, _ device: String, _ key: AllianceSigningKey) throws -> [UInt8] {
        let certificate = "\(workspace.path)/\(device)"
        _ = try DeviceIssue(directory: workspace.alliance, firm: "acme", device: device, output: certificate).run()
        return try CertificateBytes(pemOrDER: DurableFile.read("\(certificate)/seal.crt")).der
    }

    @Test("a retired firm has an end in the next file, once")
    func retireFirm() throws {
        let workspace = try TestWorkspace(firms: ["acme", "beta"])
        _ = try AllianceRetireFirm(directory: workspace.alliance, firm: "beta", nowSeconds: Self.start).run()
        let content = try sign(workspace, at: Self.start).content
        #expect(content.firms.map(\.untilSeconds) == [nil, UInt64(Self.start)])
        #expect(throws: CommandError.self) { try AllianceRetireFirm(directory: workspace.alliance, firm: "beta", nowSeconds: Self.start).run() }
        #expect(throws: CommandError.self) { try AllianceRetireFirm(directory: workspace.alliance, firm: "gamma", nowSeconds: Self.start).run() }
    }

    @Test("sign puts in where lists are published and until when the file is in date, and keeps both")
    func publication() throws {
        let workspace = try TestWorkspace()
        let url = "https://registry.example:8443/crl/acme.crl"
        _ = try AllianceSign(directory: workspace.alliance, revocationLists: [url], validDays: 30, nowSeconds: Self.start).run()
        for _ in 0..<2 {
            let content = try signed(workspace).content
            #expect(content.revocationListURLs == [UTF8Text(url)] && content.notAfterSeconds == UInt64(Self.start) + 30 * 86_400)
            _ = try AllianceSign(directory: workspace.alliance, nowSeconds: Self.start + 60).run()
        }
        _ = try AllianceSign(directory: workspace.alliance, validDays: 0, nowSeconds: Self.start + 120).run()
        #expect(try signed(workspace).content.notAfterSeconds == nil)
        let version = try signed(workspace).content.version
        #expect(throws: CommandError.self) { try AllianceSign(directory: workspace.alliance, revocationLists: ["acme.crl"], nowSeconds: Self.start + 121).run() }
        #expect(throws: CommandError.self) { try AllianceSign(directory: workspace.alliance, validDays: -1, nowSeconds: Self.start + 121).run() }
        #expect(try signed(workspace).content.version == version)
    }

    // MARK: - The verifier's command

    @Test("alliance show says whether a file may take the place of the one held")
    func held() throws {
        let workspace = try TestWorkspace()
        let first = try workspace.write("first", DurableFile.read("\(workspace.alliance)/alliance.hstrust"))
        _ = try sign(workspace, at: WallClock.nowSeconds + 1)
        let path = "\(workspace.alliance)/alliance.hstrust"
        let result = try AllianceShow(path: path, held: first).run()
        #expect(result.notes.contains("may take its place"))
        let error = #expect(throws: TrustError.self) { try AllianceShow(path: first, held: path).run() }
        #expect(error?.message.contains("older") == true)
    }

    @Test("the verifier's command refuses each fault of an update in its own words", arguments: TrustFileFault.allCases)
    func faults(_ fault: TrustFileFault) async throws {
        let workspace = try TestWorkspace()
        let held = try sign(workspace, at: WallClock.nowSeconds + 1)
        var content = held.content
        content.version += 1
        fault.spoil(&content)
        var key = try AllianceSigningKey(file: "\(workspace.alliance)/root.key")
        if fault.isOfOtherRoot {
            key = try AllianceSigningKey()
            let root = try CertificateAuthority.root(
                alliance: "gba-test", key: key, lifetime: .starting(at: WallClock.nowSeconds, days: 1))
            content.rootCertificate = root.certificate.der
        }
        let seconds = UInt64(WallClock.nowSeconds)
        let signature = try key.sign(UnverifiedTrustFile.bytesToSign(content: content, keyID: key.keyID, issuedAtSeconds: seconds))
        let bytes = fault.spoil(
            UnverifiedTrustFile.encode(content: content, keyID: key.keyID, issuedAtSeconds: seconds, signature: signature))
        let (old, new) = (try workspace.write("held", held.bytes), try workspace.write("new", bytes))
        let show = AllianceShow(path: new, held: old)
        let result = await CommandRunner.result { try show.run() }
        #expect(result.exitCode == 1 && result.output.isEmpty)
        #expect(fault.isNamed(in: result.notes), "\(result.notes)")
    }
}
