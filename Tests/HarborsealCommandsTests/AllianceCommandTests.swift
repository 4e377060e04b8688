import AllianceTrust
import AttestationFormat
import Foundation
import HarborsealCommands
import Testing

@Suite("alliance and device commands") struct AllianceCommandTests {
    private func trustFile(_ workspace: TestWorkspace) throws -> TrustFile {
        try TrustFileVerifier.verify(DurableFile.read("\(workspace.alliance)/alliance.hstrust"))
    }

    @Test("init, add-firm, add-node and sign make a trust file that verifies, with a majority as its quorum", arguments: [1, 2, 3, 4, 5])
    func sign(_ nodeCount: Int) throws {
        let workspace = try TestWorkspace(nodes: (0..<nodeCount).map { "node-\($0)" })
        let content = try trustFile(workspace).content
        #expect(content.version == 1)
        #expect(content.firms.map(\.name.text) == ["acme"])
        #expect(content.nodes.count == nodeCount)
        #expect(content.quorum.receiptsNeeded == UInt64(nodeCount / 2 + 1))
    }

    @Test("keys are 0600 in folders of 0700, and nothing temporary is left")
    func permissions() throws {
        let workspace = try TestWorkspace()
        let names = try FileManager.default.subpathsOfDirectory(atPath: workspace.alliance)
        let keys = names.filter { $0.hasSuffix(".key") }
        #expect(keys.count == 2 + 1 + 3 * 2)
        for key in keys { #expect(DurableFile.permissions(of: "\(workspace.alliance)/\(key)") == 0o600, "\(key)") }
        #expect(DurableFile.permissions(of: workspace.alliance) == 0o700)
        #expect(names.allSatisfy { !$0.hasSuffix(".tmp") })
    }

    @Test("an alliance is never made over another one")
    func initTwice() throws {
        let workspace = try TestWorkspace()
        let before = try DurableFile.read("\(workspace.alliance)/root.key")
        let error = #expect(throws: CommandError.self) { try AllianceInit(alliance: "other", directory: workspace.alliance).run() }
        #expect(error?.nextStep == "choose another directory")
        #expect(try DurableFile.read("\(workspace.alliance)/root.key") == before)
    }

    @Test("versions rise, each update verifies under the one before, and the history keeps all")
    func updates() throws {
        let workspace = try TestWorkspace()
        let first = try trustFile(workspace)
        _ = try AllianceAddFirm(directory: workspace.alliance, firm: "beta").run()
        _ = try AllianceSign(directory: workspace.alliance).run()
        let bytes = try DurableFile.read("\(workspace.alliance)/alliance.hstrust")
        #expect(try TrustFileVerifier.verify(bytes, asUpdateOf: first).content.version == 2)
        let history = try FileManager.default.contentsOfDirectory(atPath: "\(workspace.alliance)/history").sorted()
        #expect(history == ["alliance-1.hstrust", "alliance-2.hstrust"])
        // The other way round, and the same again, are refused.
        let second = try TrustFileVerifier.verify(bytes)
        #expect(throws: TrustError.self) { try TrustFileVerifier.verify(first.bytes, asUpdateOf: second) }
        #expect(throws: TrustError.self) { try TrustFileVerifier.verify(bytes, asUpdateOf: second) }
    }

    @Test("a quorum that is no majority is refused, and the number to ask for is named", arguments: [(3, 1, 2), (4, 2, 3), (5, 2, 3)])
    func minority(_ nodeCount: Int, _ quorum: UInt64, _ needed: Int) throws {
        let workspace = try TestWorkspace(nodes: (0..<nodeCount).map { "node-\($0)" }, quorum: quorum, signs: false)
        let error = #expect(throws: TrustError.self) { try AllianceSign(directory: workspace.alliance).run() }
        #expect(error?.nextStep == "harborseal alliance sign --quorum \(needed), or more")
        #expect(!DurableFile.exists("\(workspace.alliance)/alliance.hstrust"))
        // What it names works, and stays.
        _ = try AllianceSign(directory: workspace.alliance, receiptsNeeded: UInt64(needed)).run()
        _ = try AllianceSign(directory: workspace.alliance).run()
        #expect(try trustFile(workspace).content.quorum.receiptsNeeded == UInt64(needed))
    }

    @Test("a quorum that no gateway could count is refused at once, and nothing is made", arguments: [0, 65, 99, .max] as [UInt64])
    func impossibleAtOnce(_ quorum: UInt64) throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("harborseal-\(UUID().uuidString)").path
        let error = #expect(throws: CommandError.self) { try AllianceInit(alliance: "gba-test", directory: folder, receiptsNeeded: quorum).run() }
        #expect(error?.code == .usage && error?.message.contains("--quorum \(quorum) ") == true && error?.nextStep?.contains("leave --quorum out") == true)
        #expect(!DurableFile.exists(folder))
    }

    @Test("a quorum that depends on the nodes is told with their numbers at init, at add-node and at sign")
    func quorumNumbers() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("harborseal-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let made = try AllianceInit(alliance: "gba-test", directory: folder, receiptsNeeded: 2).run()
        #expect(made.output.contains("2: sign asks for 2 to 3 nodes"))
        var notes: [String] = []
        for node in ["a-1", "b-1", "c-1", "d-1"] { notes.append(try AllianceAddNode(directory: folder, node: node).run().notes) }
        #expect(notes.dropLast().allSatisfy { $0.isEmpty })
        #expect(notes.last?.contains("2 of 4 nodes, and that is no majority") == true && notes.last?.contains("--quorum 3, or more") == true)
        let tooMany = #expect(throws: TrustError.self) { try AllianceSign(directory: folder, receiptsNeeded: 99).run() }
        #expect(tooMany?.message.contains("99 receipts are needed and only 4 nodes") == true && tooMany?.nextStep?.contains("--quorum 3") == true)
    }

    @Test("a server's names are never dropped in silence: the same again, more, none and --replace are what they say")
    func serverTwice() throws {
        let workspace = try TestWorkspace(nodes: [], signs: false)
        func add(_ dns: [String], _ addresses: [String] = [], isReplacing: Bool = false) throws -> String {
            try AllianceAddServer(
                directory: workspace.alliance, server: "broker", dnsNames: dns, addresses: addresses, isReplacing: isReplacing).run().output
        }
        #expect(throws: TrustError.self) { try add([]) }
        #expect(try add(["a.example"], ["192.0.2.1"]).contains("(a.example, 192.0.2.1): key and certificate"))
        for (dns, addresses) in [(["b.example"], []), (["a.example"], []), ([], ["192.0.2.1"])] as [([String], [String])] {
            let before = try workspace.text("alliance/servers/broker/server.crt")
            let error = #expect(throws: CommandError.self) { try add(dns, addresses) }
            #expect(error?.message.contains("would not be for") == true)
            #expect(error?.nextStep?.contains("--dns a.example") == true && error?.nextStep?.contains("--ip 192.0.2.1") == true)
            #expect(try workspace.text("alliance/servers/broker/server.crt") == before)
        }
        #expect(try add(["b.example", "a.example"], ["192.0.2.1"]).contains("(b.example, a.example, 192.0.2.1): certificate renewed"))
        #expect(try add([]).contains("(b.example, a.example, 192.0.2.1): certificate renewed"))
        #expect(try add(["c.example"], isReplacing: true).contains("(c.example): certificate renewed"))
        #expect(try add([]).contains("(c.example)"))
    }

    @Test("a node's node.conf and a gateway's agent.conf work as they were written, each node with a port of its own")
    func configurations() throws {
        let workspace = try TestWorkspace(nodes: ["hk-1", "sz-1"])
        for (node, port) in [("hk-1", 8480), ("sz-1", 8481)] {
            let text = try workspace.text("alliance/nodes/\(node)/node.conf")
            #expect(text.contains("name = \(node)\n") && text.contains("port = \(port)\n") && text.contains("brokers = localhost:8883\n"))
            for line in text.split(separator: "\n") where ["key", "trust", "ca", "certificate"].contains(line.prefix { $0 != " " }) {
                #expect(DurableFile.exists(String(line.drop { $0 != "/" })), "\(line)")
            }
        }
        _ = try DeviceIssue(
            directory: workspace.alliance, firm: "acme", device: "gw-9", output: "\(workspace.path)/gw-9", brokers: "localhost:8883").run()
        let agent = try workspace.text("gw-9/agent.conf")
        #expect(agent.contains("brokers = localhost:8883\n") && agent.contains("type = intake\n"))
        #expect(FileManager.default.fileExists(atPath: "\(workspace.path)/gw-9/journal"))
        #expect(throws: CommandError.self) { try AllianceAddNode(directory: workspace.alliance, node: "gz-1", url: "not a url").run() }
        #expect(throws: CommandError.self) { try AllianceAddNode(directory: workspace.alliance, node: "gz-1", broker: "a\nb").run() }
    }

    @Test("a gateway that never connects gets an agent.conf that is whole too; only for another place it is the part beside the package's own")
    func issueWithoutBroker() throws {
        let workspace = try TestWorkspace(nodes: ["hk-1"])
        func issue(_ name: String, brokers: String? = nil, installedAt: String? = nil) throws -> (output: String, sections: [Substring]) {
            let output = try DeviceIssue(
                directory: workspace.alliance, firm: "acme", device: name, output: "\(workspace.path)/\(name)", brokers: brokers,
                installedAt: installedAt
            ).run().output
            return (output, try workspace.text("\(name)/agent.conf").split(separator: "\n").filter { $0.hasPrefix("[") })
        }
        let (whole, alone) = (try issue("gw-1", brokers: "localhost:8883"), try issue("gw-2"))
        #expect(alone.sections == whole.sections && alone.sections.contains("[journal]") && alone.sections.contains("[control]"))
        #expect(FileManager.default.fileExists(atPath: "\(workspace.path)/gw-2/journal"))
        let text = try workspace.text("gw-2/agent.conf")
        #expect(text.contains("\n# brokers = HOST:PORT\n") && !text.contains("\nbrokers") && text.contains("journal export"))
        #expect(alone.output.contains("next: harborseal-agent run --config ") && alone.output.contains("journal export carries its batches"))
        #expect(!whole.output.contains("journal export"))
        let elsewhere = try issue("gw-3", installedAt: "/etc/harborseal")
        #expect(!elsewhere.sections.contains("[journal]") && !FileManager.default.fileExists(atPath: "\(workspace.path)/gw-3/journal"))
    }

    @Test("more receipts than nodes, and no node at all, are refused")
    func impossibleQuorum() throws {
        let many = try TestWorkspace(nodes: ["hk-1"], quorum: 2, signs: false)
        #expect(throws: TrustError.self) { try AllianceSign(directory: many.alliance).run() }
        let none = try TestWorkspace(nodes: [], signs: false)
        let error = #expect(throws: CommandError.self) { try AllianceSign(directory: none.alliance).run() }
        #expect(error?.nextStep?.contains("add-node") == true)
    }

    /// Nodes added and retired after `hk-1 sz-1 gz-1` with two receipts; whether old and new quorums share a node.
    @Test(
        "a change of nodes after which an old and a new quorum need not share a node is refused",
        arguments: [
            (["a-1"], [], true), ([], ["hk-1"], true), (["a-1"], ["hk-1"], false), (["a-1", "b-1"], ["hk-1", "sz-1"], false),
            (["a-1", "b-1", "c-1"], [], false), (["a-1", "b-1", "c-1"], ["hk-1", "sz-1", "gz-1"], false),
            (["a-1", "b-1"], [], false),
        ] as [([String], [String], Bool)])
    func quorumsShareANode(_ added: [String], _ retired: [String], _ isAllowed: Bool) throws {
        let workspace = try TestWorkspace()
        for node in added { _ = try AllianceAddNode(directory: workspace.alliance, node: node).run() }
        for node in retired { _ = try AllianceRetireNode(directory: workspace.alliance, node: node).run() }
        if isAllowed {
            _ = try AllianceSign(directory: workspace.alliance).run()
            #expect(try trustFile(workspace).content.version == 2)
        } else {
            let error = #expect(throws: TrustError.self) { try AllianceSign(directory: workspace.alliance).run() }
            #expect(error?.message.contains("need not share a node") == true, "\(error?.message ?? "signed")")
            #expect(try trustFile(workspace).content.version == 1)
        }
    }

    @Test("a node is replaced in two steps: add and sign, retire and sign")
    func replaceNode() throws {
        let workspace = try TestWorkspace()
        _ = try AllianceAddNode(directory: workspace.alliance, node: "a-1").run()
        _ = try AllianceSign(directory: workspace.alliance).run()
        #expect(try trustFile(workspace).content.quorum.receiptsNeeded == 3)
        _ = try AllianceRetireNode(directory: workspace.alliance, node: "hk-1").run()
        _ = try AllianceSign(directory: workspace.alliance).run()
        let content = try trustFile(workspace).content
        #expect(content.version == 3)
        #expect(content.quorum.receiptsNeeded == 2)
        #expect(content.nodes.count == 4)
    }

    @Test("a node, a key or a firm taken out of the draft by hand, and an end in the past, are refused", arguments: ["node", "key", "firm", "backdated"])
    func deletions(_ what: String) throws {
        let workspace = try TestWorkspace(firms: ["acme", "beta"])
        try workspace.editDraft { draft in
            if what == "firm" { draft["firms"] = (draft["firms"] as? [Any])?.dropLast() ?? [] as [Any] }
            guard var nodes = draft["nodes"] as? [[String: Any]] else { return }
            if what == "node" { nodes.removeLast() }
            if what == "backdated", var keys = nodes[0]["keys"] as? [[String: Any]] {
                keys[0]["untilSeconds"] = 5
                nodes[0]["keys"] = keys
            }
            if what == "key" { nodes[0]["keys"] = nodes[1]["keys"] }
            draft["nodes"] = nodes
        }
        let error = #expect(throws: TrustError.self) { try AllianceSign(directory: workspace.alliance).run() }
        #expect(error?.code == .draft)
    }

    @Test("a draft restored from an older copy still signs a higher version")
    func restoredDraft() throws {
        let workspace = try TestWorkspace()
        let old = try DurableFile.read("\(workspace.alliance)/draft.json")
        _ = try AllianceSign(directory: workspace.alliance).run()
        try DurableFile.write(old, to: "\(workspace.alliance)/draft.json")
        _ = try AllianceSign(directory: workspace.alliance).run()
        #expect(try trustFile(workspace).content.version == 3)
    }

    @Test("a damaged trust file, a clock that went back, and another root key stop the signing", arguments: ["damage", "clock", "root"])
    func signRefusals(_ fault: String) throws {
        let workspace = try TestWorkspace()
        var sign = AllianceSign(directory: workspace.alliance)
        switch fault {
        case "damage":
            var bytes = try DurableFile.read("\(workspace.alliance)/alliance.hstrust")
            bytes[bytes.count - 1] ^= 1
            try DurableFile.write(bytes, to: "\(workspace.alliance)/alliance.hstrust")
        case "clock": sign.nowSeconds -= 86_400
        default: sign.rootKeyPath = try AllianceKeyFile.make(in: workspace)
        }
        #expect(throws: (any Error).self) { try sign.run() }
    }

    @Test("a root key that others may read is refused, with the chmod that mends it")
    func readableRootKey() async throws {
        let workspace = try TestWorkspace()
        let key = "\(workspace.alliance)/root.key"
        try FileManager.default.setAttributes([.posixPermissions: 0o640], ofItemAtPath: key)
        let result = await CommandRunner.result(of: { try AllianceSign(directory: workspace.alliance).run() })
        #expect(result.exitCode == 77)
        #expect(result.notes.contains("chmod 600 \(key)"))
    }

    @Test("the root key may lie elsewhere; where it is missing, the error says how to name it")
    func offlineRootKey() throws {
        let workspace = try TestWorkspace(signs: false)
        let key = "\(workspace.path)/safe.key"
        try FileManager.default.moveItem(atPath: "\(workspace.alliance)/root.key", toPath: key)
        let error = #expect(throws: CommandError.self) { try AllianceSign(directory: workspace.alliance).run() }
        #expect(error?.nextStep?.contains("--root-key") == true)
        _ = try AllianceSign(directory: workspace.alliance, rootKeyPath: key).run()
        #expect(try trustFile(workspace).content.version == 1)
    }

    @Test("names that the wire format does not allow are refused as usage", arguments: ["node", "alliance", "link", "link-ca", "Acme", "a_b", "-a", "", "a.b", String(repeating: "x", count: 33)])
    func badFirmNames(_ name: String) async throws {
        let workspace = try TestWorkspace(nodes: [], signs: false)
        let result = await CommandRunner.result(of: { try AllianceAddFirm(directory: workspace.alliance, firm: name).run() })
        #expect(result.exitCode == 64)
        #expect(result.notes.contains("next:"))
    }

    @Test("a node that is there gets another URL and keeps its keys; nothing else of it is changed that way")
    func nodeURL() throws {
        let workspace = try TestWorkspace()
        let keys = try trustFile(workspace).content.nodes.map { $0.keys.map(\.publicKey) }
        func move(_ url: String?, workers: Int = 0) throws -> String {
            try AllianceAddNode(directory: workspace.alliance, node: "sz-1", url: url, workerCount: workers).run().output
        }
        #expect(try move("https://sz-1.example.org").contains("reached at https://sz-1.example.org from the next trust file on\n"))
        _ = try AllianceSign(directory: workspace.alliance).run()
        #expect(try move("https://sz.example.org:8443").contains("on, before at https://sz-1.example.org\n"))
        _ = try AllianceSign(directory: workspace.alliance).run()
        let content = try trustFile(workspace).content
        #expect(content.version == 3 && content.nodes.map(\.url) == [nil, "https://sz.example.org:8443", nil])
        #expect(content.nodes.map { $0.keys.map(\.publicKey) } == keys)
        let bare = #expect(throws: CommandError.self) { _ = try move(nil) }
        #expect(bare?.message.contains("is in the draft already") == true && bare?.nextStep?.hasPrefix("give --url, ") == true)
        let more = #expect(throws: CommandError.self) {
            _ = try AllianceAddNode(directory: workspace.alliance, node: "sz-1", url: "https://a.example", workerCount: 2, broker: "b:1").run()
        }
        #expect(more?.message.contains("--broker and --workers would change nothing") == true && more?.nextStep?.contains("nodes/sz-1/node.conf") == true)
        #expect(throws: CommandError.self) { try move("sz.example.org") }
    }

    @Test("a node and its workers get new link keys and certificates, which the link CA signed, and keep their receipt keys")
    func renewLinks() throws {
        let workspace = try TestWorkspace(nodes: ["hk-1"])
        _ = try AllianceAddNode(directory: workspace.alliance, node: "sz-1", workerCount: 1).run()
        let folder = "alliance/nodes/sz-1", names = ["link.key", "link.crt", "link-w1.key", "link-w1.crt"]
        let former = try names.map { try workspace.text("\(folder)/\($0)") }, kept = try ["receipt.key", "node.conf"].map { try workspace.text("\(folder)/\($0)") }
        // The keys are at the node, and nowhere else.
        for name in names where name.hasSuffix(".key") { try FileManager.default.removeItem(atPath: "\(workspace.path)/\(folder)/\(name)") }
        func renew(_ node: String = "sz-1", url: String? = nil) throws -> String {
            try AllianceAddNode(directory: workspace.alliance, node: node, url: url, renewsLinks: true).run().output
        }
        #expect(try renew().contains("new link key and certificate, and its workers', in \(workspace.alliance)/nodes/sz-1, until 2"))
        for (name, text) in zip(names, former) { #expect(try workspace.text("\(folder)/\(name)") != text, "\(name)") }
        #expect(try ["receipt.key", "node.conf"].map { try workspace.text("\(folder)/\($0)") } == kept)
        for name in ["link", "link-w1"] {
            let path = "\(workspace.path)/\(folder)/\(name)"
            #expect(try RunningRegistry.run("openssl", ["verify", "-CAfile", "\(workspace.alliance)/link-ca.crt", "\(path).crt"]).text.contains(": OK"))
            #expect(try RunningRegistry.run("openssl", ["x509", "-in", "\(path).crt", "-noout", "-subject"]).text.hasSuffix(name == "link" ? "node.sz-1\n" : "node.sz-1.w1\n"))
        }
        for (node, url) in [("mo-1", nil), ("sz-1", "https://a.example")] {
            #expect((#expect(throws: CommandError.self) { _ = try renew(node, url: url) })?.nextStep != nil)
        }
    }

    @Test("sign and registry init say which firm has no revocation list and which node no URL in the trust file, and nothing where none is missing")
    func publicationNotes() throws {
        let workspace = try TestWorkspace(nodes: ["hk-1", "sz-1"], firms: ["acme", "zeta"])
        func sign(_ lists: [String] = []) throws -> String { try AllianceSign(directory: workspace.alliance, revocationLists: lists).run().notes }
        func prepare(_ name: String) throws -> String {
            try RegistryInit(directory: workspace.alliance, url: "https://localhost:8443", output: "\(workspace.path)/\(name)").run().notes
        }
        let bare = try sign()
        #expect(bare.contains("no revocation list of acme, zeta") && bare.contains("/crl/acme.crl, once a firm") && bare.contains("no URL of hk-1, sz-1:"), "\(bare)")
        #expect(try prepare("one") == bare)
        _ = try AllianceAddNode(directory: workspace.alliance, node: "hk-1", url: "https://hk-1.example.org").run()
        let half = try sign(["https://registry.example.org/crl/acme.crl"])
        #expect(half.contains("no revocation list of zeta:") && half.contains("no URL of sz-1:") && half.contains("add-node sz-1 "), "\(half)")
        _ = try AllianceAddNode(directory: workspace.alliance, node: "sz-1", url: "https://sz-1.example.org").run()
        #expect(try sign(["https://other.example.org/zeta.crl"]).isEmpty, "acme's is still there")
        let elsewhere = try prepare("two")
        #expect(elsewhere.contains("list of acme, zeta elsewhere: https://registry.example.org/crl/acme.crl\n") && elsewhere.contains("--revocation-list https://localhost:8443/crl/acme.crl, once"), "\(elsewhere)")
        _ = try sign(["https://localhost:8443/crl/acme.crl", "https://localhost:8443/crl/zeta.crl"])
        #expect(try prepare("three").isEmpty)
        try workspace.editDraft { $0["revocationLists"] = ["https://registry.example.org/crl/acme.crl", "https://other.example.org/list"] }
        #expect(try sign().isEmpty, "an earlier version took lists of any name")
    }

    @Test("a new node listens on its URL's port where that names one, and beside the others where it does not")
    func nodePort() throws {
        let workspace = try TestWorkspace(nodes: [], signs: false)
        for (node, url, port) in [("hk-1", "http://localhost:21480", 21_480), ("sz-1", "https://sz-1.example.org", 8_481), ("gz-1", nil, 8_482)] as [(String, String?, Int)] {
            _ = try AllianceAddNode(directory: workspace.alliance, node: node, url: url).run()
            #expect(try workspace.text("alliance/nodes/\(node)/node.conf").contains("\nport = \(port)\n"))
        }
    }

    @Test(
        "what is no host's name is no DNS name of a server",
        arguments: [("https://localhost", "--dns localhost"), ("broker.example.org:8883", "--dns "), ("a..b", "--dns "), ("-a.b", "--dns "), ("192.0.2.7", "--ip 192.0.2.7"), ("a_b", "--dns "), ("", "--dns "), ("*.", "--dns ")])
    func dnsNames(_ name: String, _ step: String) throws {
        let workspace = try TestWorkspace(nodes: [], signs: false)
        let error = #expect(throws: CommandError.self) { try AllianceAddServer(directory: workspace.alliance, server: "broker", dnsNames: [name], addresses: []).run() }
        #expect(error?.code == .usage && error?.nextStep?.hasPrefix("give \(step)") == true, "\(String(describing: error))")
        _ = try AllianceAddServer(directory: workspace.alliance, server: "broker", dnsNames: ["localhost", "*.example.org", "B-1.example"], addresses: []).run()
    }

    @Test("sign puts each firm's list beside the others', one in place of another of its name, and takes a firm's away")
    func publishedLists() throws {
        let workspace = try TestWorkspace(nodes: ["hk-1"], firms: ["acme", "borea"])
        func lists(_ added: [String], without dropped: [String] = []) throws -> [String] {
            _ = try AllianceSign(directory: workspace.alliance, revocationLists: added, droppedLists: dropped).run()
            return try trustFile(workspace).content.revocationListURLs.map(\.string)
        }
        let (acme, borea) = ("https://one.example:8443/crl/acme.crl", "https://one.example:8443/crl/borea.crl")
        #expect(try lists([acme]) == [acme])
        #expect(try lists([borea]) == [acme, borea])
        #expect(try lists([]) == [acme, borea])
        let former = "https://one.example:8443/crl/acme.2.crl"
        #expect(try lists([former]) == [acme, borea, former], "another issuing key's")
        let moved = "https://two.example/crl/acme.crl?x=1"
        #expect(try lists([moved, "https://three.example/acme.crl"]) == [borea, former, moved, "https://three.example/acme.crl"])
        #expect(try lists([acme], without: ["acme"]) == [borea, acme])
        #expect(try lists([], without: ["borea"]) == [acme])
        #expect(try lists([], without: [acme]).isEmpty, "one that names no firm goes by its address")
        let version = try trustFile(workspace).content.version
        for (url, words) in [
            ("https://one.example/crl/acne.crl", "did you mean acme? there are: acme, borea"), ("https://one.example/crl/link.crl", "there are: acme, borea"),
            ("https://one.example/acme", "there are: acme, borea"), ("https://one.example", "there are: acme, borea"),
        ] {
            let error = #expect(throws: CommandError.self) { _ = try lists([acme, url]) }
            #expect(error?.code == .usage && error?.message.contains(url) == true && error?.nextStep == words, "\(String(describing: error))")
        }
        #expect(throws: CommandError.self) { _ = try lists([], without: ["borea"]) }
        #expect(try trustFile(workspace).content.version == version)
    }

    @Test("a firm or node that is not in the draft is answered with the one that may have been meant, and with all")
    func meantNames() throws {
        let workspace = try TestWorkspace(firms: ["acme", "beta"])
        let (directory, output) = (workspace.alliance, "\(workspace.path)/gw")
        let firms: [() throws -> CommandResult] = [
            { try AllianceRetireFirm(directory: directory, firm: "acne").run() },
            { try DeviceIssue(directory: directory, firm: "acne", device: "gw-1", output: output).run() },
        ]
        for command in firms {
            let error = #expect(throws: CommandError.self) { _ = try command() }
            #expect(error?.nextStep == "did you mean acme? its firms are: acme, beta", "\(String(describing: error))")
        }
        #expect(!DurableFile.exists(output))
        let node = #expect(throws: CommandError.self) { try AllianceRetireNode(directory: directory, node: "hk1").run() }
        #expect(node?.nextStep == "did you mean hk-1? its nodes are: hk-1, sz-1, gz-1")
        let far = #expect(throws: CommandError.self) { try AllianceRotateNodeKey(directory: directory, node: "tokyo").run() }
        #expect(far?.nextStep == "its nodes are: hk-1, sz-1, gz-1")
    }

    @Test("a node is added once; a firm that is added again is renewed for the same key, both certificates kept")
    func addTwice() throws {
        let workspace = try TestWorkspace()
        #expect(throws: CommandError.self) { try AllianceAddNode(directory: workspace.alliance, node: "hk-1").run() }
        _ = try AllianceAddFirm(directory: workspace.alliance, firm: "acme").run()
        _ = try AllianceSign(directory: workspace.alliance).run()
        #expect(try trustFile(workspace).content.firms[0].issuingCertificates.count == 2)
    }

    @Test("device issue writes certificates that hold under the trust file, and an agent.conf that names them")
    func deviceIssue() async throws {
        let workspace = try TestWorkspace()
        let folder = "\(workspace.path)/gw-1"
        _ = try DeviceIssue(directory: workspace.alliance, firm: "acme", device: "gw-1", output: folder).run()
        let verifier = try SealCertificateVerifier(trustFile: trustFile(workspace))
        let seal = try await verifier.verify(DurableFile.read("\(folder)/seal.der"))
        #expect(seal.issuer == "hs:gba-test/acme.gw-1")
        #expect(try seal.keyID == AllianceSigningKey(file: "\(folder)/seal.key").keyID)
        #expect(try CertificateBytes(pemOrDER: DurableFile.read("\(folder)/seal.crt")).der == seal.der)
        let link = try CertificateBytes(pemOrDER: DurableFile.read("\(folder)/link.crt"))
        await #expect(throws: TrustError.self) { try await verifier.verify(link.der) }
        let configuration = try workspace.text("gw-1/agent.conf")
        for name in ["seal.key", "seal.crt", "link.key", "link.crt", "link-ca.crt", "alliance.hstrust"] {
            #expect(configuration.contains("\(folder)/\(name)"))
            #expect(DurableFile.exists("\(folder)/\(name)"))
        }
        #expect(throws: TrustError.self) {
            try DeviceIssue(directory: workspace.alliance, firm: "acme", device: "gw-1", output: folder).run()
        }
    }

    @Test("device issue for a folder on the gateway writes what Hardware/install.md shows, and nothing that only this machine would use")
    func deviceIssueForAnotherPlace() throws {
        let workspace = try TestWorkspace()
        func issue(_ output: String, installedAt: String) throws -> String {
            try DeviceIssue(
                directory: workspace.alliance, firm: "acme", device: "gw-1", output: "\(workspace.path)/\(output)",
                brokers: "mqtt.example.org", installedAt: installedAt
            ).run().output
        }
        #expect(try issue("gw-1", installedAt: "/etc/harborseal/").contains("to /etc/harborseal on the gateway"))
        let written = try workspace.text("gw-1/agent.conf").replacingOccurrences(of: "gba-test", with: "gba-demo")
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let page = try String(contentsOf: root.appendingPathComponent("Hardware/install.md"), encoding: .utf8)
        #expect(page.contains("```ini\n\(written)```"), "\(written)")
        #expect(!written.contains(workspace.path) && !FileManager.default.fileExists(atPath: "\(workspace.path)/gw-1/journal"))
        for wrong in ["etc/harborseal", "", "/etc/harborseal\n[seal]"] {
            #expect(throws: CommandError.self) { try issue("gw-2", installedAt: wrong) }
        }
        #expect(!FileManager.default.fileExists(atPath: "\(workspace.path)/gw-2"))
    }

    @Test("show verifies, says what is in the file, and says when the draft has changes", arguments: [false, true])
    func show(_ asJSON: Bool) throws {
        let workspace = try TestWorkspace()
        let result = try AllianceShow(path: workspace.alliance, asJSON: asJSON).run()
        #expect(result.output.contains("gba-test/hk-1"))
        #expect(result.notes.isEmpty)
        if asJSON { #expect(try JSONSerialization.jsonObject(with: Data(result.output.utf8)) is [String: Any]) }
        _ = try AllianceAddNode(directory: workspace.alliance, node: "new-1").run()
        #expect(try AllianceShow(path: workspace.alliance).run().notes.contains("not signed"))
    }
}

enum AllianceKeyFile {
    static func make(in workspace: TestWorkspace) throws -> String {
        let path = "\(workspace.path)/other.key"
        try AllianceSigningKey().write(to: path)
        return path
    }
}
