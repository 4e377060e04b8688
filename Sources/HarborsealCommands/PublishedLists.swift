internal import Foundation

/// Where the firms' revocation lists are published, as the draft has it: one address a list, and a list is known by the end of its address, `FIRM.crl`, or
/// `FIRM.2.crl` and on for a firm's former issuing keys.
enum PublishedLists {
    /// `acme.crl`
    static func name(of url: String) -> String { String(URLComponents(string: url)?.path.split(separator: "/").last ?? "") }

    /// The firm that a list is of, by its address.
    static func firm(of url: String) -> String {
        let name = name(of: url)
        return name.hasSuffix(".crl") ? String(name.prefix { $0 != "." }) : ""
    }

    /// The addresses with these added; one of the same list goes.
    ///
    /// - Parameter firms: of the alliance.
    /// - Throws: ``CommandError`` with code `usage`: no address, or of no firm of the alliance.
    static func adding(_ urls: [String], to held: [String], firms: [String]) throws -> [String] {
        for url in urls {
            guard NodeClient.isURL(url) else {
                throw CommandError(
                    .usage, "\(TerminalStyle.safe(url)) is no address of a revocation list",
                    nextStep: "give --revocation-list https://HOST:PORT/crl/FIRM.crl, once a firm")
            }
            let firm = firm(of: url)
            guard firms.contains(firm) else { throw unknown("\(TerminalStyle.safe(url)) ends in no FIRM.crl of this alliance", firm, among: firms) }
        }
        let names = Set(urls.map(name(of:)))
        var all = held.filter { !names.contains(name(of: $0)) }
        for url in urls where !all.contains(url) { all.append(url) }
        return all
    }

    /// The addresses without those of a firm.
    ///
    /// - Parameter word: a firm's name; or a whole address, for one that names no firm.
    /// - Throws: ``CommandError`` with code `usage`: there is none.
    static func removing(_ word: String, from held: [String]) throws -> [String] {
        let rest = held.filter { firm(of: $0) != word && $0 != word }
        guard rest.count < held.count else {
            throw unknown("the draft names no revocation list of \(TerminalStyle.safe(word))", word, among: held.map(firm(of:)))
        }
        return rest
    }

    private static func unknown(_ words: String, _ name: String, among known: [String]) -> CommandError {
        let hint = MeantName.find(name, among: known).map { "did you mean \($0)? " } ?? ""
        let names = known.filter { !$0.isEmpty }
        return CommandError(.usage, words, nextStep: hint + (names.isEmpty ? "there is none: harborseal alliance show says what is published" : "there are: \(names.joined(separator: ", "))"))
    }
}
