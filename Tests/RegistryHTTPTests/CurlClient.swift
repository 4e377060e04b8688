import AllianceTrust
import Foundation
import HarborsealTesting

/// What `curl` got.
struct CurlAnswer {
    let status: Int
    /// Names in lower case.
    let headers: [String: String]
    let body: [UInt8]
    /// curl's own exit code; 0 unless there was no answer.
    let exitCode: Int32
    /// What it wrote to standard error.
    let errors: String

    var text: String { String(decoding: body, as: UTF8.self) }
}

/// The client of an EST server that every machine has.
struct CurlClient {
    let registry: TestRegistry

    /// - Parameters:
    ///   - path: from `/` on.
    ///   - identity: PEM files of a client certificate and its key.
    func ask(
        _ path: String, body: [UInt8]? = nil, user: String? = nil, code: String = "", identity: (certificate: String, key: String)? = nil,
        contentType: String = "application/pkcs10", scheme: String = "https", extra: [String] = []
    ) throws -> CurlAnswer {
        let folder = registry.folder
        let (headers, output) = (folder.file("\(UUID().uuidString).headers"), folder.file("\(UUID().uuidString).body"))
        var arguments = ["-sS", "--max-time", "60", "--cacert", registry.anchorFile, "-D", headers, "-o", output, "-w", "%{http_code}"]
        if let user { arguments += ["-u", "\(user):\(code)"] }
        if let identity { arguments += ["--cert", identity.certificate, "--key", identity.key] }
        if let body {
            let file = folder.file("\(UUID().uuidString).request")
            try Data(body).write(to: URL(fileURLWithPath: file))
            arguments += ["-X", "POST", "-H", "Content-Type: \(contentType)", "--data-binary", "@\(file)"]
        }
        let ending = try Tool.run("curl", arguments + extra + ["\(scheme)://localhost:\(registry.port)\(path)"])
        let lines = (try? String(contentsOfFile: headers, encoding: .utf8))?.split(whereSeparator: \.isNewline) ?? []
        let pairs = lines.compactMap { line -> (String, String)? in
            guard let colon = line.firstIndex(of: ":") else { return nil }
            return (line[..<colon].lowercased(), line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces))
        }
        let body = (try? Data(contentsOf: URL(fileURLWithPath: output))) ?? Data()
        return CurlAnswer(
            status: Int(ending.text) ?? 0, headers: Dictionary(pairs) { $1 }, body: Array(body), exitCode: ending.code,
            errors: ending.errors)
    }

    func enrol(_ label: String, _ user: String, _ code: String, _ request: OpenSSLRequest) throws -> CurlAnswer {
        try ask("/.well-known/est/\(label)/simpleenroll", body: request.line, user: user, code: code)
    }

    func renew(_ label: String, _ request: OpenSSLRequest, with identity: (certificate: String, key: String)?) throws -> CurlAnswer {
        try ask("/.well-known/est/\(label)/simplereenroll", body: request.lines, identity: identity)
    }

    /// The certificates of an answer, as openssl reads them, in PEM.
    func certificates(_ answer: CurlAnswer) throws -> [String] {
        let der = try Tool.openssl(["base64", "-d"], input: answer.body).output
        let text = try Tool.openssl(["pkcs7", "-inform", "DER", "-print_certs"], input: der).text
        let begin = "-----BEGIN CERTIFICATE-----"
        return text.components(separatedBy: begin).dropFirst().map { part in
            begin + (part.components(separatedBy: "-----END CERTIFICATE-----").first ?? "") + "-----END CERTIFICATE-----\n"
        }
    }

    /// Enrols a device for a link certificate: PEM files of it and its key.
    func linkIdentity(_ gatewayID: String, _ code: String) throws -> (certificate: String, key: String) {
        let request = try OpenSSLRequest(registry.folder)
        let answer = try enrol("link", gatewayID, code, request)
        guard answer.status == 200, let certificate = try certificates(answer).first else {
            throw Tool.Failure(description: "no link certificate: \(answer.status) \(answer.text)")
        }
        return (try registry.folder.write(certificate, to: "\(UUID().uuidString).crt"), request.keyFile)
    }
}
