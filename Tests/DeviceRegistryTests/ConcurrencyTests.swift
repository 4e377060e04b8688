import AttestationFormat
import DeviceRegistry
import Foundation
import RegistryTesting
import Testing

@Suite("Several at once") struct ConcurrencyTests {
    let alliance: TestRegistry
    let now = Registry.now

    init() throws {
        alliance = try TestRegistry()
        try alliance.writeAuthorities()
    }

    private func request(_ key: TestDeviceKey, _ name: String) throws -> String {
        let path = "\(alliance.folder)/\(name).csr"
        try Data(key.request()).write(to: URL(fileURLWithPath: path))
        return path
    }

    @Test(
        "two processes with one code and two keys: one gets a certificate, the other is told that the code is used",
        .enabled(if: StepProcess.isPresent, "needs RegistryStep"))
    func twoKeys() throws {
        let registry = try alliance.open()
        for round in 0..<10 {
            let added = try registry.added("gw-\(round)")
            let running = try ["one", "two"].map {
                try StepProcess.start(
                    [alliance.folder, alliance.folder, "enrol", "link", "acme.gw-\(round)", added.code.text, request(TestDeviceKey(), $0)])
            }
            let outcomes = running.map { $0.ended() }
            #expect(outcomes.count { $0.certificate != nil } == 1)
            #expect(outcomes.count { $0.line == "refused codeUsed" } == 1, "\(outcomes.map(\.line))")
            #expect(try registry.device("acme.gw-\(round)").certificates.count == 1)
        }
    }

    @Test("two processes with one code and one key get the same certificate", .enabled(if: StepProcess.isPresent, "needs RegistryStep"))
    func oneKey() throws {
        let registry = try alliance.open()
        for round in 0..<5 {
            let added = try registry.added("gw-\(round)")
            let request = try request(TestDeviceKey(), "one")
            let running = try (0..<2).map { _ in
                try StepProcess.start([alliance.folder, alliance.folder, "enrol", "seal", "acme.gw-\(round)", added.code.text, request])
            }
            let certificates = running.map { $0.ended().certificate }
            #expect(certificates[0] != nil && certificates[0] == certificates[1])
        }
    }

    @Test("eight threads over two handles with one code: one certificate, and every wrong code is counted")
    func threads() async throws {
        let handles = [try alliance.open(), try alliance.open(FirmPolicy(tryLimit: 50))]
        let added = try handles[1].added()
        let codes = await withTaskGroup(of: RegistryError.Code?.self) { group in
            for index in 0..<16 {
                group.addTask {
                    let key = TestDeviceKey()
                    guard index % 2 == 0 else {
                        return refusal {
                            try handles[0].enrol(
                                .link, gatewayID: "acme.gw-1", code: "wrong", request: key.request(), by: Requester("x"), nowSeconds: now)
                        }
                    }
                    return refusal { try handles[1].enrolled(.link, added, key) }
                }
            }
            return await group.reduce(into: [RegistryError.Code?]()) { $0.append($1) }
        }
        #expect(codes.count { $0 == nil } == 1 && codes.count { $0 == .codeUsed } == 7 && codes.count { $0 == .wrongCode } == 8)
        #expect(try handles[0].device("acme.gw-1").device.triesLeft == 42)
        #expect(try handles[0].device("acme.gw-1").certificates.count == 1)
        #expect(try handles[0].checkAudit() == .intact(handles[0].auditHead()))
    }

    @Test("a name is added once, whoever is first")
    func names() async throws {
        let handles = [try alliance.open(), try alliance.open()]
        let codes = await withTaskGroup(of: RegistryError.Code?.self) { group in
            for index in 0..<8 { group.addTask { refusal { try handles[index % 2].added() } } }
            return await group.reduce(into: [RegistryError.Code?]()) { $0.append($1) }
        }
        #expect(codes.count { $0 == nil } == 1 && codes.count { $0 == .deviceExists } == 7)
    }
}
