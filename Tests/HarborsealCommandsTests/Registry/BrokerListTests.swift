import Foundation
import HarborsealTesting
import Testing

/// `Firmware-Config/mosquitto/fetch-lists` without a broker: what it puts in the place of the list that is there, and what it says where it does not.
@Suite struct BrokerListTests {
    private static let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent(
        "../../../Firmware-Config/mosquitto/fetch-lists"
    ).standardizedFileURL.path

    private let folder: TemporaryDirectory

    /// A CA that signs lists of whatever number, the broker's folder `broker` and the registry's `lists`.
    init() throws {
        folder = try TemporaryDirectory(named: "harborseal-lists")
        _ = try folder.write(
            """
            [ca]
            default_ca = d
            [d]
            database = index.txt
            crlnumber = number
            default_md = sha256
            default_crl_days = 30
            crl_extensions = e
            [e]
            authorityKeyIdentifier = keyid
            """, to: "ca.cnf")
        _ = try shell("mkdir broker lists; touch index.txt; \(Self.authority("ca", "broker/link-ca.crt")); \(Self.authority("other", "other.crt"))")
    }

    private static func authority(_ key: String, _ certificate: String) -> String {
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout \(key).key -out \(certificate) -subj /CN=link -days 10 2>/dev/null"
    }

    @discardableResult
    private func shell(_ words: String) throws -> (code: Int32, text: String) {
        try RunningRegistry.run("env", ["-C", folder.path, "sh", "-c", "{ \(words)\n} 2>&1"])
    }

    /// Writes a list with this number, in hex.
    private func makeList(_ number: String, by key: String = "ca", _ certificate: String = "broker/link-ca.crt") throws {
        let made = try shell("echo \(number) > number; rm -f lists/link-ca.crl; openssl ca -config ca.cnf -gencrl -keyfile \(key).key -cert \(certificate) -out lists/link-ca.crl")
        #expect(made.code == 0, "\(made.text)")
    }

    private func fetch(_ source: String? = nil, into broker: String = "broker") throws -> (code: Int32, text: String) {
        try shell("RELOAD='echo reloaded' \(Self.script) \(source ?? "\(folder.path)/lists/link-ca.crl") \(broker)")
    }

    private func held() throws -> String { try shell("openssl crl -in broker/link-ca.crl -noout -crlnumber").text }

    @Test("a newer list is put there and read, the same one leaves all as it is, and an older one is refused")
    func order() throws {
        for (number, said) in [("01", "reloaded\n"), ("01", ""), ("6B04D5D9", "reloaded\n"), ("016B04D5D9", "reloaded\n")] {
            if !said.isEmpty { try makeList(number) }
            let result = try fetch()
            #expect(result.code == 0 && result.text == said, "\(number): \(result)")
        }
        for number in ["6B04D5DA", "01"] {
            try makeList(number)
            let result = try fetch()
            #expect(result.code == 1 && result.text.contains("is an older list") && result.text.contains("next: see which registry answers"), "\(result)")
            #expect(try held() == "crlNumber=0x016B04D5D9\n")
        }
        _ = try shell("rm broker/link-ca.crl")
        #expect(try fetch().code == 0, "the first of all, or of a registry that counts anew on purpose")
        #expect(try shell("ls -A broker").text == "link-ca.crl\nlink-ca.crt\n")
    }

    @Test("what the link CA did not sign is no list, and a link to another file gives nothing of it away", arguments: ["other", "link", "rights", "pipe", "garbage"])
    func hostile(_ what: String) throws {
        try makeList("05")
        #expect(try fetch().code == 0)
        _ = try shell("echo secret > hidden; chmod 600 hidden")
        switch what {
        case "other": try makeList("06", by: "other", "other.crt")
        case "pipe": _ = try shell("rm lists/link-ca.crl; mkfifo lists/link-ca.crl")
        case "garbage": _ = try shell("head -c 100000 /dev/urandom > lists/link-ca.crl")
        default: _ = try shell("ln -sf ../hidden lists/link-ca.crl")
        }
        // Whoever owns the folder, and not root, opens what lies in it.
        if what == "rights", getuid() == 0 { _ = try shell("chmod 755 .; chown -h nobody lists lists/link-ca.crl") }
        let result = try fetch()
        #expect(result.code == 1 && !result.text.contains("secret") && result.text.contains("; next: "), "\(result)")
        if what == "rights", getuid() == 0 { #expect(result.text.contains("Permission denied"), "\(result)") }
        #expect(try held() == "crlNumber=0x05\n")
        #expect(try shell("ls -A broker").text == "link-ca.crl\nlink-ca.crt\n", "nothing is left behind")
        #expect(try shell("grep -c secret broker/*").text.contains(":1") == false)
    }

    @Test(
        "a wrong address or folder is said in words of its own",
        arguments: [
            ("", "broker", "'' is no registry"), ("http://a", "broker", "'http://a' is no registry"), ("https://localhost:1", "broker", "cannot be fetched: Failed to connect"),
            ("https://localhost:1", "/nowhere", "/nowhere has no link-ca.crt"), ("/nowhere/link-ca.crl", "broker", "/nowhere is not there"), ("/etc/nothing.crl", "broker", "is not there, or is no file"),
        ])
    func slips(_ source: String, _ broker: String, _ words: String) throws {
        let result = try fetch(source.isEmpty ? "''" : source, into: broker)
        #expect(result.code == 1 && result.text.hasPrefix("fetch-lists: ") && result.text.contains(words) && result.text.contains("; next: "), "\(result)")
        #expect(result.text.split(separator: "\n").count == 1, "\(result)")
    }

    @Test("the unit beside a registry copies nothing itself")
    func unit() throws {
        let unit = try String(contentsOfFile: Self.script.replacing("mosquitto/fetch-lists", with: "systemd/examples/harborseal-lists.service"), encoding: .utf8)
        let commands = unit.split(separator: "\n").filter { $0.hasPrefix("ExecStart") }
        #expect(commands == ["ExecStart=/usr/local/sbin/fetch-lists /var/lib/harborseal-lists/link-ca.crl"])
    }
}
