import Foundation
import HarborsealTesting
import Testing

extension BrokersAndNodes {
    /// Who may say and hear what at the alliance's broker: cases, each judged by what is delivered and by what a node takes, never by an answer of the broker's.
    @Suite struct BrokerAccess {
        private static let whole = Result { try BrokerAccessCheck() }

        /// A group of the table with the least number of its cases that nobody may hear of, and of those that must get through.
        struct Group: CustomTestStringConvertible {
            let name: String
            let forbidden: Int
            let allowed: Int
            var testDescription: String { name }
        }

        @Test("no case of the table gets through that must not, and every one that may", arguments: [
            Group(name: "gateway publishes", forbidden: 180, allowed: 16),
            Group(name: "strange name", forbidden: 190, allowed: 0),
            Group(name: "node publishes", forbidden: 68, allowed: 8),
            Group(name: "gateway subscribes", forbidden: 170, allowed: 48),
            Group(name: "node subscribes", forbidden: 24, allowed: 20),
            Group(name: "last will", forbidden: 100, allowed: 16),
            Group(name: "topic alias", forbidden: 22, allowed: 4),
            Group(name: "foreign client id", forbidden: 130, allowed: 0),
            Group(name: "claim", forbidden: 90, allowed: 0),
            Group(name: "door", forbidden: 25, allowed: 3),
            Group(name: "certificate", forbidden: 120, allowed: 2),
            Group(name: "name in a certificate", forbidden: 65, allowed: 0),
            Group(name: "right lost", forbidden: 8, allowed: 2),
            Group(name: "revoked", forbidden: 4, allowed: 3),
            Group(name: "retained", forbidden: 1, allowed: 2),
            Group(name: "judged by the node", forbidden: 20, allowed: 3),
            Group(name: "seal certificate", forbidden: 33, allowed: 1),
        ])
        func table(group: Group) throws {
            let cases = try Self.whole.get().cases.filter { $0.group == group.name }
            for item in cases where !item.wrong.isEmpty {
                Issue.record("\(group.name): \(item.case), expected \(item.expected): \(item.wrong.joined(separator: "; "))")
            }
            #expect(cases.count { $0.expected == "nobody" } >= group.forbidden)
            #expect(cases.count { $0.expected != "nobody" } >= group.allowed)
        }

        /// One fault in the broker's files, and the groups of `check.py` that must find it.
        struct Fault: CustomTestStringConvertible {
            let testDescription: String
            let file: String
            let former: String
            let faulty: String
            let groups: [String]
        }

        @Test("the table finds a fault in the broker's files", arguments: [
            Fault(
                testDescription: "a gateway may write any gateway's batches", file: "acl", former: "pattern write hs/1/+/%u/batch",
                faulty: "pattern write hs/1/+/+/batch", groups: ["writes"]),
            Fault(
                testDescription: "a gateway may read anybody's replies", file: "acl", former: "pattern read hs/1/+/%u/reply/+",
                faulty: "pattern read hs/1/+/+/reply/+", groups: ["reads"]),
            Fault(
                testDescription: "a node may reply under any name", file: "acl", former: "topic write hs/1/+/+/reply/gz-1",
                faulty: "topic write hs/1/+/+/reply/+", groups: ["writes"]),
            Fault(
                testDescription: "everybody reads the broker's state", file: "acl", former: "pattern read hs/1/+/%u/reply/+",
                faulty: "pattern read hs/1/+/%u/reply/+\npattern read $SYS/#", groups: ["reads"]),
            Fault(
                testDescription: "a client chooses its id", file: "mosquitto.conf", former: "use_username_as_clientid true",
                faulty: "use_username_as_clientid false", groups: ["ids"]),
            Fault(
                testDescription: "retained messages outlive their sender's right", file: "mosquitto.conf", former: "check_retain_source true",
                faulty: "check_retain_source false", groups: ["rights"]),
            Fault(testDescription: "no revocation list", file: "mosquitto.conf", former: "crlfile ", faulty: "# crlfile ", groups: ["rights"]),
            Fault(
                testDescription: "a listener without TLS", file: "mosquitto.conf", former: "max_qos 1", faulty: "max_qos 1\nlistener {port} 127.0.0.1",
                groups: ["doors"]),
        ])
        func fault(_ fault: Fault) throws {
            let check = try BrokerAccessCheck(only: fault.groups) { folder in
                try BrokerAccessCheck.edit(folder + "/" + fault.file) { text in
                    try #require(text.contains(fault.former))
                    return text.replacing(fault.former, with: fault.faulty.replacing("{port}", with: "\(try LoopbackPort.free())"))
                }
            }
            #expect(check.cases.contains { !$0.wrong.isEmpty })
        }

        @Test("the table finds a broker that trusts the root, as which a firm's CA could name its own gateways and nodes")
        func trustedRoot() throws {
            let alliance = try BrokerAccessCheck.alliance.get()
            let check = try BrokerAccessCheck(only: ["chains"]) { folder in
                try BrokerAccessCheck.edit(folder + "/link-ca.crt") { try $0 + String(contentsOfFile: alliance.folder.file("alliance/root.crt"), encoding: .utf8) }
                // Once a list is named, mosquitto asks one of every CA.
                try BrokerAccessCheck.edit(folder + "/mosquitto.conf") { $0.replacing("crlfile ", with: "# crlfile ") }
            }
            #expect(check.cases.contains { !$0.wrong.isEmpty && $0.case.contains("the firm's CA") })
        }
    }
}
