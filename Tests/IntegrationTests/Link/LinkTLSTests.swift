import Foundation
import HarborsealTesting
import Testing

extension BrokersAndNodes {
    /// TLS that fails: the gateway goes on recording, `status` says what to mend within seconds, and mending is enough.
    @Suite struct BrokenTLS {
        @Test("a broker under another CA") func wrongAuthority() throws {
            let place = try Place()
            let other = try TestCertificates(commonName: "Another CA")
            try place.replace("ca.pem", with: other.authorityFile)
            try place.expectRecordingWithout("not issued by the CA", step: "check the broker's address, then the CA file", waitsForSignatures: true) {
                try place.replace("ca.pem", with: place.authority.authorityFile)
            }
        }

        @Test("a broker whose certificate has expired") func expiredBroker() throws {
            let place = try Place(server: .expired)
            try place.expectRecordingWithout("the broker's certificate has expired", step: "check the clock (timedatectl)") {
                let valid = try place.authority.server()
                try place.replace("server.pem", with: valid.certificateFile)
                try place.replace("server.key", with: valid.keyFile)
                try place.restartBroker()
            }
        }

        @Test("a gateway whose link certificate is revoked") func revokedClient() throws {
            let place = try Place(revokesClient: true)
            try place.expectRecordingWithout("this gateway's link certificate is revoked", step: "harborseal-agent doctor asks the registry why") {
                let fresh = try place.authority.client("acme.gw-1", firm: Alliance.firm)
                try place.replace("client.pem", with: fresh.certificateFile)
                try place.replace("client.key", with: fresh.keyFile)
            }
        }

        @Test("a gateway whose link certificate has expired") func expiredClient() throws {
            let place = try Place(client: .expired)
            try place.expectRecordingWithout("refused this gateway's certificate, which has expired", step: "harborseal-agent renew") {
                let fresh = try place.authority.client("acme.gw-1", firm: Alliance.firm)
                try place.replace("client.pem", with: fresh.certificateFile)
                try place.replace("client.key", with: fresh.keyFile)
            }
        }

        /// A broker and a gateway whose files can be exchanged while both run. No node: it is about the link alone.
        private final class Place {
            static let alliance = Result { try Alliance(name: "gba-tls", nodes: ["hk-1"], quorum: 1) }

            let authority: TestCertificates
            private let folder: ScratchFolder
            private let broker: TestBroker
            private let agent: RunningAgent

            init(
                server: TestCertificates.Validity = .valid, client: TestCertificates.Validity = .valid, revokesClient: Bool = false
            ) throws {
                authority = try TestCertificates()
                folder = try ScratchFolder(named: "hs-tls")
                let server = try authority.server(validity: server)
                let client = try authority.client("acme.gw-1", firm: Alliance.firm, validity: client)
                let files = [
                    "ca.pem": authority.authorityFile, "server.pem": server.certificateFile, "server.key": server.keyFile,
                    "client.pem": client.certificateFile, "client.key": client.keyFile,
                ]
                for (name, path) in files { try FileManager.default.copyItem(atPath: path, toPath: folder.file(name)) }
                let revocations = revokesClient ? ["crlfile \(try authority.revocationList(of: [client]))"] : []
                let port = try LoopbackPort.free()
                broker = try TestBroker(
                    extraLines: [
                        "listener \(port) 127.0.0.1", "cafile \(authority.authorityFile)", "certfile \(folder.file("server.pem"))",
                        "keyfile \(folder.file("server.key"))", "require_certificate true",
                    ] + revocations)
                try broker.start()
                agent = try RunningAgent(try Self.alliance.get(), brokerPorts: [port])
                try agent.reconfigure("\(agent.keys)/link-ca.crt", folder.file("ca.pem"))
                try agent.reconfigure("\(agent.keys)/link.crt", folder.file("client.pem"))
                try agent.reconfigure("\(agent.keys)/link.key", folder.file("client.key"))
            }

            func replace(_ name: String, with path: String) throws {
                try Data(contentsOf: URL(fileURLWithPath: path)).write(to: URL(fileURLWithPath: folder.file(name)))
            }

            func restartBroker() throws {
                broker.kill()
                try broker.start()
            }

            /// The cause is in status within seconds, events are stored and signed all the same, and after the mending the link is up.
            /// - Parameters:
            ///   - step: what doctor says to do.
            ///   - waitsForSignatures: without a node nothing is signed in the first 10 s, whatever keeps the link down.
            func expectRecordingWithout(_ cause: String, step: String, waitsForSignatures: Bool = false, mend: () throws -> Void) throws {
                try agent.start()
                let report = try agent.waitForReport("the cause '\(cause)'", seconds: 10) { $0.text("link", "cause").contains(cause) }
                #expect(report.concerns("link").first?.contains(cause) == true)
                let seen = try #require(try Diagnosis(agent).finding("broker"))
                #expect(seen.level == "problem" && seen.value.contains(cause) && seen.advice.contains(step) && !seen.value.contains(step), "\(seen)")
                try Journey(agent).feed(3)
                #expect(try agent.report().number("journal", "events") >= 3)
                if waitsForSignatures {
                    try agent.waitForReport("signatures", seconds: 20) { $0.number("journal", "signed") == $0.number("journal", "events") }
                }
                try mend()
                let mended = try agent.waitForReport("the link", seconds: 30) { $0.text("link", "state") == "connected" }
                #expect(mended.concerns("link").isEmpty && mended.number("journal", "quorum") == 0)
            }
        }
    }
}
